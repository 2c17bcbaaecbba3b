package handlers

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"

	"go.lsp.dev/protocol"
	"go.uber.org/zap"

	"github.com/buildls/buildls/build/registry"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// clientFeatures are what the client can do.
type clientFeatures struct {
	progress           bool // window.workDoneProgress
	configuration      bool // workspace.configuration
	watchSettings      bool // workspace.didChangeConfiguration.dynamicRegistration
	watchFiles         bool // workspace.didChangeWatchedFiles.dynamicRegistration
	widerSync          bool // textDocument.synchronization.dynamicRegistration
	marks              bool // textDocument.codeLens or inlayHint
	refreshLenses      bool // workspace.codeLens.refreshSupport
	refreshHints       bool // workspace.inlayHint.refreshSupport
	markdown           bool // textDocument.hover.contentFormat
	snippets           bool // textDocument.completion.completionItem.snippetSupport
	completionMarkdown bool // textDocument.completion.completionItem.documentationFormat
	symbolTree         bool // textDocument.documentSymbol.hierarchicalDocumentSymbolSupport
	pull               bool // textDocument.diagnostic, without publishDiagnostics
	refreshPulled      bool // workspace.diagnostics.refreshSupport
	log, finished      bool // experimental.buildls
	shell, run, debug  bool // likewise
	following          bool // likewise
}

func featuresOf(c *protocol.ClientCapabilities) clientFeatures {
	var f clientFeatures
	if w := c.Window; w != nil {
		f.progress = isTrue(w.WorkDoneProgress)
	}
	if w := c.Workspace; w != nil {
		f.configuration = isTrue(w.Configuration)
		f.watchFiles = w.DidChangeWatchedFiles != nil && isTrue(w.DidChangeWatchedFiles.DynamicRegistration)
		f.refreshPulled = w.Diagnostics != nil && isTrue(w.Diagnostics.RefreshSupport)
		f.refreshLenses = w.CodeLens != nil && isTrue(w.CodeLens.RefreshSupport)
		f.refreshHints = w.InlayHint != nil && isTrue(w.InlayHint.RefreshSupport)
		f.watchSettings = w.DidChangeConfiguration != nil && isTrue(w.DidChangeConfiguration.DynamicRegistration)
	}
	if t := c.TextDocument; t != nil {
		f.widerSync = t.Synchronization != nil && isTrue(t.Synchronization.DynamicRegistration)
		f.pull = t.Diagnostic != nil && t.PublishDiagnostics == nil
		f.marks = t.CodeLens != nil || t.InlayHint != nil
		if c := t.Completion; c != nil && c.CompletionItem != nil {
			f.snippets = isTrue(c.CompletionItem.SnippetSupport)
			f.completionMarkdown = slices.Contains(c.CompletionItem.DocumentationFormat, protocol.MarkupKindMarkdown)
		}
		f.symbolTree = t.DocumentSymbol != nil && isTrue(t.DocumentSymbol.HierarchicalDocumentSymbolSupport)
		f.markdown = t.Hover != nil && slices.Contains(t.Hover.ContentFormat, protocol.MarkupKindMarkdown)
	}
	var experimental struct {
		Buildls struct{ Log, Finished, Shell, Run, Debug, Following bool } `json:"buildls"`
	}
	if len(c.Experimental) > 0 && json.Unmarshal(c.Experimental, &experimental) == nil {
		f.log, f.finished = experimental.Buildls.Log, experimental.Buildls.Finished
		f.shell, f.run, f.debug = experimental.Buildls.Shell, experimental.Buildls.Run, experimental.Buildls.Debug
		f.following = experimental.Buildls.Following
	}
	return f
}

// initializeParams keep the URIs of folders as the client spells them. The protocol library
// makes the root of the file system of an empty one, and refuses some that clients send.
type initializeParams struct {
	other   protocol.InitializeParams // all but the folders
	folders struct {
		WorkspaceFolders []folderParams `json:"workspaceFolders"`
		RootURI          workspace.URI  `json:"rootUri"`
		RootPath         string         `json:"rootPath"`
	}
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *initializeParams) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &p.folders); err != nil {
		return err
	}
	var others map[string]json.RawMessage
	if err := json.Unmarshal(raw, &others); err != nil {
		return err
	}
	for _, name := range jsonFields(&p.folders) {
		delete(others, name)
	}
	raw, err := json.Marshal(others)
	if err != nil {
		return err
	}
	return protocol.Unmarshal(raw, &p.other)
}

type folderParams struct {
	URI  workspace.URI `json:"uri"`
	Name string        `json:"name"`
}

func (s *Server) initialize(p *initializeParams) (lsp.Work, error) {
	client := &p.other
	s.features = featuresOf(&client.Capabilities)
	s.marks.refresh.knows(s.features)
	if s.features.pull && s.features.refreshPulled {
		s.diagnostics.refresh.methods = []string{protocol.MethodWorkspaceDiagnosticRefresh}
	}
	encoding := negotiate(client.Capabilities.General)
	s.ws.Apply(workspace.SetEncoding{Encoding: encoding})
	s.ws.Apply(workspace.SetFolders{Added: p.open()})
	s.settings.setInitial(client.InitializationOptions)
	s.registry = registry.New(s.rpc.Context())
	s.log.Info("initialize", zap.String("client", client.ClientInfo.Name), zap.String("encoding", string(encoding)),
		zap.Int("folders", len(s.ws.Snapshot().Folders())))

	result := &protocol.InitializeResult{
		ServerInfo:   protocol.ServerInfo{Name: "buildls", Version: protocol.NewOptional(s.version)},
		Capabilities: protocol.ServerCapabilities{PositionEncoding: protocol.PositionEncodingKind(encoding)},
	}
	for _, f := range features {
		if f.announce != nil && (f.wanted == nil || f.wanted(&s.features)) {
			f.announce(&result.Capabilities)
		}
	}
	return func(context.Context) (any, error) { return result, nil }, nil
}

// negotiate takes the client's first choice of utf-8 and utf-16; utf-16 if it has none.
func negotiate(g *protocol.GeneralClientCapabilities) workspace.Encoding {
	if g != nil {
		for _, e := range g.PositionEncodings {
			switch e {
			case protocol.PositionEncodingKindUTF8:
				return workspace.UTF8
			case protocol.PositionEncodingKindUTF16:
				return workspace.UTF16
			}
		}
	}
	return workspace.UTF16
}

// open are the folders, as clients of all ages send them.
func (p *initializeParams) open() []workspace.Folder {
	given := p.folders
	if folders := toFolders(given.WorkspaceFolders); len(folders) > 0 {
		return folders
	}
	if given.RootURI == "" && filepath.IsAbs(given.RootPath) {
		given.RootURI = workspace.FileURI(given.RootPath)
	}
	return toFolders([]folderParams{{URI: given.RootURI}})
}

// toFolders takes what names a folder. An editor without one may send an empty URI, or
// "file://".
func toFolders(list []folderParams) (folders []workspace.Folder) {
	for _, f := range list {
		if f.URI != "" && f.URI != "file://" {
			folders = append(folders, workspace.Folder{URI: f.URI, Name: f.Name})
		}
	}
	return folders
}

// initialized asks for what initialize cannot say: the settings, and every buffer of
// the workspace, because each may stand in for a file of the context.
func (s *Server) initialized(*protocol.InitializedParams) error {
	generation := s.settings.nextGeneration()
	s.rpc.Go(func() { s.pullSettings(generation, nil) })
	if !s.features.watchFiles {
		s.rpc.Go(func() { s.watch(s.rpc.Context()) })
	}
	var regs []protocol.Registration
	for _, f := range features {
		if f.asked != nil && f.asked(&s.features) {
			regs = append(regs, protocol.Registration{ID: f.method, Method: f.method, RegisterOptions: []byte(f.options)})
		}
	}
	if len(regs) > 0 {
		s.rpc.Go(func() {
			err := s.client.Call(s.rpc.Context(), "client/registerCapability", &protocol.RegistrationParams{Registrations: regs}, nil)
			if err != nil && s.rpc.Context().Err() == nil {
				s.log.Warn("registering", zap.Error(err))
			}
		})
	}
	return nil
}

func ptr[T any](v T) *T   { return &v }
func isTrue(v *bool) bool { return v != nil && *v }
