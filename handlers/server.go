// Package handlers is where the editor's protocol, the author's workspace and the
// builds meet: each handler takes the snapshot, delegates to workspace or build, and
// has the one converter turn the answer into the protocol's types.
//
// What the wire is, how a file becomes a context and how a build runs, it does not
// know: that is below.
package handlers

import (
	"context"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A Server answers one editor.
type Server struct {
	rpc     *lsp.Server
	client  *lsp.Client
	log     *zap.Logger
	level   zap.AtomicLevel
	version string

	ws          *workspace.Workspace
	features    clientFeatures // of the client; set by initialize, before anything reads them
	settings    settingsStore
	builds      builds
	past        past
	diagnostics diagnostics
	marks       marks
	lint        linting
	surveys     surveys
	ignores     ignoreFaults
	images      images
	memory      memory
	kept        keptContexts
	shells      shells
	layers      layers
	projects    plan.Projects
	views       views
	engines     engine.Pool
	followers   []follower                         // in the order in which they are told; the end of a document in the other
	pause       atomic.Pointer[context.CancelFunc] // before all is read again
	sequence    atomic.Int64                       // of build commands, in the order of their messages
}

// New makes the server of one connection and registers its methods on rpc. level is
// that of log, and follows the setting logLevel.
func New(rpc *lsp.Server, log *zap.Logger, level zap.AtomicLevel, version string) *Server {
	s := &Server{rpc: rpc, client: rpc.Client(), log: log, level: level, version: version, ws: workspace.New()}
	s.settings.init()
	s.past.init(log)
	s.diagnostics.init(s)
	s.marks.init(s)
	s.lint.init(s)
	s.surveys.init(s)
	s.followers = []follower{&s.views, &s.diagnostics, &s.lint, &s.marks, &s.surveys}

	lsp.OnRequest(rpc, "initialize", s.initialize)
	lsp.OnNotification(rpc, "initialized", s.initialized)
	lsp.OnRequest(rpc, "shutdown", s.shutdown)

	for _, f := range features {
		f.handle(s, f.method)
	}
	return s
}

// shutdown cancels the builds and answers when they have ended.
func (s *Server) shutdown(*struct{}) (lsp.Work, error) {
	return func(ctx context.Context) (any, error) {
		s.marks.refresh.stop(ctx)
		s.builds.cancelAll(errShutdown)
		s.builds.wait()
		s.shells.close()
		return nil, nil
	}, nil
}

// Close gives back what outlives the connection. Call it after Run.
func (s *Server) Close() {
	s.shells.close()
	s.builds.drop()
	s.engines.Close()
}
