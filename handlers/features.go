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
			`{"globPattern":"**/*compose*.{yaml,yml}"},{"globPattern":"**/docker-bake*.{hcl,json}"},{"globPattern":"**/.env"},{"globPattern":"**/*.rego"}]}`,
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
		method: "textDocument/codeAction", handle: onDocument(dockerfiles, (*Server).codeAction),
		announce: func(c *protocol.ServerCapabilities) {
			c.CodeActionProvider = &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix, fixAllKind}}
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
		method: "textDocument/foldingRange", handle: onDocument(dockerfiles, (*Server).foldingRange),
		announce: func(c *protocol.ServerCapabilities) { c.FoldingRangeProvider = protocol.Boolean(true) },
	},
}

// dockerfiles is the kind that most features are about.
var dockerfiles = []workspace.Kind{workspace.Dockerfile}

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
