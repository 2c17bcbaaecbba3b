package handlers

import (
	"slices"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/workspace"
)

// The params of text synchronisation keep a document's URI as the client spells it: it
// is answered in the same spelling. (The protocol library normalises; to Neovim,
// "file://" is a buffer and "file:///" is not.)
type (
	didOpenParams struct {
		TextDocument struct {
			URI        workspace.URI `json:"uri"`
			LanguageID string        `json:"languageId"`
			Version    int32         `json:"version"`
			Text       string        `json:"text"`
		} `json:"textDocument"`
	}
	didChangeParams struct {
		TextDocument struct {
			URI     workspace.URI `json:"uri"`
			Version int32         `json:"version"`
		} `json:"textDocument"`
		ContentChanges []struct {
			Range *protocol.Range `json:"range"`
			Text  string          `json:"text"`
		} `json:"contentChanges"`
	}
	didChangeFoldersParams struct {
		Event struct {
			Added   []folderParams `json:"added"`
			Removed []folderParams `json:"removed"`
		} `json:"event"`
	}
)

func (s *Server) didOpen(p *didOpenParams) error {
	d := p.TextDocument
	before := s.ws.Snapshot().Document(d.URI)
	snapshot, _, err := s.ws.Apply(workspace.Open{URI: d.URI, Language: d.LanguageID, Version: d.Version, Text: d.Text})
	s.shown(before, snapshot.Document(d.URI))
	return err
}

// shown takes the text that is now a document's. before is the document as it was, nil if it
// was not open: what is known of a name in other case is known of the file.
func (s *Server) shown(before, doc *workspace.Document) {
	if before != nil && before.URI.Key() != doc.URI.Key() {
		s.forget(before.URI)
	}
	for _, f := range s.followers {
		f.opened(doc)
	}
	s.touched(doc.URI, typingPause)
}

// didChange applies every change, in order. A build's problems follow the text.
func (s *Server) didChange(p *didChangeParams) error {
	uri := p.TextDocument.URI
	before := s.ws.Snapshot().Document(uri)
	snapshot, edits, err := s.ws.Apply(workspace.Edit{URI: uri, Version: p.TextDocument.Version, Changes: toChanges(p)})
	if err != nil {
		return err
	}
	doc := snapshot.Document(uri)
	if before.URI.Key() != doc.URI.Key() {
		s.shown(before, doc)
		return nil
	}
	for _, f := range s.followers {
		f.edited(doc, edits)
	}
	s.typedIn(doc)
	return nil
}

func (s *Server) didClose(p *DocumentParams) error {
	uri := p.TextDocument.URI
	before := s.ws.Snapshot().Document(uri)
	snapshot, _, err := s.ws.Apply(workspace.Close{URI: uri})
	if doc := snapshot.Document(uri); doc != nil { // open under another spelling
		s.shown(before, doc)
		return err
	}
	if before != nil {
		uri = before.URI
	}
	s.forget(uri)
	return err
}

// forget drops what is known of a document.
func (s *Server) forget(uri workspace.URI) {
	for _, f := range slices.Backward(s.followers) {
		f.closed(uri)
	}
	s.touched(uri, 0) // the file on the disk counts again
}

// didSave tells that the disk has changed, and builds if the author wants that. The
// buffer, not the file, is what is built.
func (s *Server) didSave(p *DocumentParams) error {
	snapshot := s.ws.Snapshot()
	doc := snapshot.Document(p.TextDocument.URI)
	s.contextUsage.changed(doc)
	s.touched(p.TextDocument.URI, 0)
	if doc == nil || doc.Kind() != workspace.Dockerfile {
		s.following.look()
		return nil
	}
	sequence := s.newBuild()
	s.rpc.Go(func() { s.buildSaved(snapshot, doc, sequence) })
	return nil
}

func (s *Server) didChangeWorkspaceFolders(p *didChangeFoldersParams) error {
	_, _, err := s.ws.Apply(workspace.SetFolders{Added: toFolders(p.Event.Added), Removed: toFolders(p.Event.Removed)})
	s.readAgain(0, "")
	return err
}
