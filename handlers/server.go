package handlers

import (
	"context"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/registry"
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

	ws             *workspace.Workspace
	features       clientFeatures // of the client; set by initialize, before anything reads them
	settings       settingsStore
	registry       *registry.Client // set by initialize, likewise
	builds         builds
	history        historyStore
	following      following
	diagnostics    diagnostics
	marks          marks
	lint           linting
	shellChecks    shellChecks
	contextUsage   contextUsage
	ignores        ignoreFaults
	images         images
	explainRecords explainRecords
	sentContexts   sentContexts
	shells         shells
	layers         layers
	stageFiles     stageFiles
	engineImages   engineImages
	projects       plan.Projects
	dockerfiles    dockerfileIndex
	views          views
	engines        engine.Pool
	tokens         tokenMemory
	followers      []follower // in the order in which they are told; the end of a document in the other
	rereads        rereads
}

// New makes the server of one connection and registers its methods on rpc. level is
// that of log, and follows the setting logLevel.
func New(rpc *lsp.Server, log *zap.Logger, level zap.AtomicLevel, version string) *Server {
	s := &Server{rpc: rpc, client: rpc.Client(), log: log, level: level, version: version, ws: workspace.New()}
	s.settings.init()
	s.history.init(log)
	s.diagnostics.init(s)
	s.marks.init(s)
	s.lint.init(s)
	s.contextUsage.init(s)
	s.following.init(s)
	s.followers = []follower{&s.views, &s.diagnostics, &s.lint, &s.marks, &s.contextUsage, &s.tokens, &s.following}

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
		s.diagnostics.refresh.stop(ctx)
		s.following.stop(ctx)
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
