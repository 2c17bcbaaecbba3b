package handlers

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/practice"
	"github.com/buildls/buildls/build/lint/shellcheck"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// shellChecks have ShellCheck look at Dockerfiles, if the settings let it and there is one. What it
// said of a script is shown as long as the script stays; a new one is looked at when its author
// pauses.
type shellChecks struct {
	mu      sync.Mutex
	setting string
	program *shellcheck.Program // of the setting; nil if there is none
}

// auto is what the setting auto is taken for: tests do not hang on what a machine has.
var auto = shellcheck.Auto

// shellCheck is the program that settings name; nil if none is to be run.
func (s *Server) shellCheck(settings Settings) *shellcheck.Program {
	if settings.LintRules == string(practice.BuildKit) {
		return nil
	}
	setting := settings.LintShellCheck
	if setting == shellcheck.Auto {
		setting = auto
	}
	c := &s.shellChecks
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.setting != setting {
		var err error
		c.setting = setting
		if c.program, err = shellcheck.Find(setting); err != nil {
			s.log.Warn("buildls.lint.shellcheck", zap.Error(err))
		}
	}
	return c.program
}

// shellProblems are those that ShellCheck has told of a Dockerfile.
func (s *Server) shellProblems(f lint.File, settings Settings) []dockerfile.Problem {
	p := s.shellCheck(settings)
	if p == nil {
		return nil
	}
	problems, _ := p.Known(f.Dockerfile)
	return lint.Counting(problems, f)
}

// askShellCheck has ShellCheck look at what it has not seen of a document, and says whether it did.
// After a pause it does so only if ctx has not ended in it. A program that fails is told of once, in
// the log.
func (s *Server) askShellCheck(ctx context.Context, doc *workspace.Document, settings Settings, pause time.Duration) bool {
	p := s.shellCheck(settings)
	if p == nil || doc.Kind() != workspace.Dockerfile {
		return false
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return false
	}
	f := plan.FileOf(doc)
	if _, all := p.Known(f); all {
		return false
	}
	_, err := p.Check(ctx, f)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("ShellCheck", zap.Error(err))
	}
	return err == nil
}
