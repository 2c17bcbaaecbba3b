package handlers

import (
	"maps"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A feature is a message that the server takes, and what the client is told of it.
type feature struct {
	method   string
	announce func(*protocol.ServerCapabilities) // in the answer to initialize; may be nil
	wanted   func(*clientFeatures) bool         // which clients are told so; nil: all
	// asked says whether the client is asked afterwards to send the message, with these
	// options; nil: never.
	asked   func(*clientFeatures) bool
	options string
	handle  func(s *Server, method string) // registers the handler
}

// features are all but the beginning and the end of a connection. To add one is to add a row.
var features = []feature{
	{
		method: "textDocument/didOpen", handle: onNotification((*Server).didOpen),
		asked: widerSync, options: `{` + selector + `}`,
		announce: func(c *protocol.ServerCapabilities) {
			c.TextDocumentSync = &protocol.TextDocumentSyncOptions{
				OpenClose: ptr(true),
				Change:    ptr(protocol.TextDocumentSyncKindIncremental),
				Save:      protocol.Boolean(true),
			}
		},
	},
	{
		method: "textDocument/didChange", handle: onNotification((*Server).didChange),
		asked: widerSync, options: `{` + selector + `,"syncKind":2}`,
	},
	{
		method: "textDocument/didClose", handle: onNotification((*Server).didClose),
		asked: widerSync, options: `{` + selector + `}`,
	},
	{
		method: "textDocument/didSave", handle: onNotification((*Server).didSave),
	},
	{
		method: "workspace/didChangeWorkspaceFolders", handle: onNotification((*Server).didChangeWorkspaceFolders),
		announce: func(c *protocol.ServerCapabilities) {
			c.Workspace = &protocol.WorkspaceOptions{
				WorkspaceFolders: &protocol.WorkspaceFoldersServerCapabilities{
					Supported:           ptr(true),
					ChangeNotifications: protocol.Boolean(true),
				},
			}
		},
	},
	{
		method: "workspace/didChangeConfiguration", handle: onNotification((*Server).didChangeConfiguration),
		asked: func(c *clientFeatures) bool { return c.watchSettings }, options: `{"section":"buildls"}`,
	},
	{
		method: "workspace/didChangeWatchedFiles", handle: onNotification((*Server).didChangeWatchedFiles),
		asked: func(c *clientFeatures) bool { return c.watchFiles },
		options: `{"watchers":[{"globPattern":"**/.dockerignore"},{"globPattern":"**/*.dockerignore"},` +
			`{"globPattern":"**/*compose*.{yaml,yml}"},{"globPattern":"**/docker-bake*.{hcl,json}"},{"globPattern":"**/.env"},{"globPattern":"**/*.rego"},{"globPattern":"**/.hadolint.{yaml,yml}"}]}`,
	},
	{
		method: "buildls/power", handle: onNotification((*Server).power),
	},
	{
		method: "workspace/executeCommand", handle: onRequest((*Server).executeCommand),
		announce: func(c *protocol.ServerCapabilities) {
			c.ExecuteCommandProvider = protocol.ExecuteCommandOptions{
				WorkDoneProgressOptions: protocol.WorkDoneProgressOptions{WorkDoneProgress: ptr(true)},
				Commands:                commandNames(),
			}
		},
	},
	{
		method: "textDocument/hover", handle: onDocument(slices.Collect(maps.Keys(hoverParts)), (*Server).hover),
		announce: func(c *protocol.ServerCapabilities) { c.HoverProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/diagnostic", handle: onRequest((*Server).pullDiagnostics),
		wanted: func(c *clientFeatures) bool { return c.pull },
		announce: func(c *protocol.ServerCapabilities) {
			c.DiagnosticProvider = &protocol.DiagnosticOptions{Identifier: ptr("buildls"), InterFileDependencies: true}
		},
	},
	{
		method: "textDocument/codeAction", handle: onDocument(dockerfiles, (*Server).codeAction),
		announce: func(c *protocol.ServerCapabilities) {
			c.CodeActionProvider = &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix, protocol.CodeActionKindRefactorRewrite, fixAllKind}}
		},
	},
	{
		method: "textDocument/codeLens", handle: onDocument(slices.Collect(maps.Keys(lensesOf)), (*Server).codeLens),
		announce: func(c *protocol.ServerCapabilities) { c.CodeLensProvider = &protocol.CodeLensOptions{} },
	},
	{
		method: "textDocument/inlayHint", handle: onDocument(dockerfiles, (*Server).inlayHint),
		announce: func(c *protocol.ServerCapabilities) { c.InlayHintProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/foldingRange", handle: onText(withIgnoreFiles, (*Server).foldingRange),
		announce: func(c *protocol.ServerCapabilities) { c.FoldingRangeProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/completion", handle: onText(withIgnoreFiles, (*Server).completion),
		announce: func(c *protocol.ServerCapabilities) {
			c.CompletionProvider = &protocol.CompletionOptions{TriggerCharacters: completionTriggers, ResolveProvider: ptr(true)}
		},
	},
	{
		method: "completionItem/resolve", handle: onRequest((*Server).completionResolve),
	},
	{
		method: "textDocument/signatureHelp", handle: onText(dockerfiles, (*Server).signatureHelp),
		announce: func(c *protocol.ServerCapabilities) {
			c.SignatureHelpProvider = &protocol.SignatureHelpOptions{TriggerCharacters: signatureTriggers}
		},
	},
	{
		method: "textDocument/semanticTokens/full", handle: onText(dockerfiles, (*Server).semanticTokens),
		announce: func(c *protocol.ServerCapabilities) {
			legend := protocol.SemanticTokensLegend{TokenModifiers: []string{string(protocol.SemanticTokenModifiersDeclaration)}}
			for _, t := range tokenTypes {
				legend.TokenTypes = append(legend.TokenTypes, string(t))
			}
			c.SemanticTokensProvider = &protocol.SemanticTokensOptions{Legend: legend, Range: protocol.Boolean(true), Full: &protocol.SemanticTokensFullDelta{Delta: ptr(true)}}
		},
	},
	{
		method: "textDocument/semanticTokens/full/delta", handle: onText(dockerfiles, (*Server).semanticTokensDelta),
	},
	{
		method: "textDocument/semanticTokens/range", handle: onText(dockerfiles, (*Server).semanticTokensRange),
	},
	{
		method: "textDocument/definition", handle: onText(withDockerfiles, (*Server).definition),
		announce: func(c *protocol.ServerCapabilities) { c.DefinitionProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/references", handle: onText(withDockerfiles, (*Server).references),
		announce: func(c *protocol.ServerCapabilities) { c.ReferencesProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/documentHighlight", handle: onText(dockerfiles, (*Server).documentHighlight),
		announce: func(c *protocol.ServerCapabilities) { c.DocumentHighlightProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/linkedEditingRange", handle: onText(dockerfiles, (*Server).linkedEditing),
		announce: func(c *protocol.ServerCapabilities) { c.LinkedEditingRangeProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/prepareRename", handle: onText(withDockerfiles, (*Server).prepareRename),
	},
	{
		method: "textDocument/rename", handle: onText(withDockerfiles, (*Server).rename),
		announce: func(c *protocol.ServerCapabilities) {
			c.RenameProvider = &protocol.RenameOptions{PrepareProvider: ptr(true)}
		},
	},
	{
		method: "textDocument/documentSymbol", handle: onText(dockerfiles, (*Server).documentSymbol),
		announce: func(c *protocol.ServerCapabilities) { c.DocumentSymbolProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/formatting", handle: onText(dockerfiles, (*Server).formatting),
		announce: func(c *protocol.ServerCapabilities) { c.DocumentFormattingProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/rangeFormatting", handle: onText(dockerfiles, (*Server).formatting),
		announce: func(c *protocol.ServerCapabilities) { c.DocumentRangeFormattingProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/onTypeFormatting", handle: onText(dockerfiles, (*Server).onTypeFormatting),
		announce: func(c *protocol.ServerCapabilities) {
			c.DocumentOnTypeFormattingProvider = protocol.DocumentOnTypeFormattingOptions{FirstTriggerCharacter: onTypeTriggers[0], MoreTriggerCharacter: onTypeTriggers[1:]}
		},
	},
	{
		method: "workspace/symbol", handle: onRequest((*Server).workspaceSymbol),
		announce: func(c *protocol.ServerCapabilities) { c.WorkspaceSymbolProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/selectionRange", handle: onText(dockerfiles, (*Server).selectionRange),
		announce: func(c *protocol.ServerCapabilities) { c.SelectionRangeProvider = protocol.Boolean(true) },
	},
	{
		method: "textDocument/documentLink", handle: onText(withIgnoreFiles, (*Server).documentLink),
		announce: func(c *protocol.ServerCapabilities) { c.DocumentLinkProvider = &protocol.DocumentLinkOptions{} },
	},
}

// dockerfiles is the kind that most features are about.
var dockerfiles = []workspace.Kind{workspace.Dockerfile}

// withIgnoreFiles are those, and the ignore files that belong to them.
var withIgnoreFiles = []workspace.Kind{workspace.Dockerfile, workspace.Ignore}

// withDockerfiles are those, and the kinds whose documents name some.
var withDockerfiles = []workspace.Kind{workspace.Dockerfile, workspace.Compose, workspace.Bake}

// selector is of all documents: each buffer may stand in for a file of a context.
const selector = `"documentSelector":[{"scheme":"file"},{"scheme":"untitled"}]`

func widerSync(c *clientFeatures) bool { return c.widerSync }

func onRequest[P any](handle func(*Server, *P) (lsp.Work, error)) func(*Server, string) {
	return func(s *Server, method string) {
		lsp.OnRequest(s.rpc, method, func(p *P) (lsp.Work, error) { return handle(s, p) })
	}
}

func onNotification[P any](handle func(*Server, *P) error) func(*Server, string) {
	return func(s *Server, method string) {
		lsp.OnNotification(s.rpc, method, func(p *P) error { return handle(s, p) })
	}
}
