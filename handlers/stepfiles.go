package handlers

import (
	"context"
	"errors"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/lsp"
)

// stepArgument names a step of a build; without id, of the newest.
type stepArgument struct {
	ID   string  `json:"id"`
	Step *int    `json:"step"`
	Path *string `json:"path"`
}

// A changeResult is an element of the answer to buildls.files.
type changeResult struct {
	Path   string             `json:"path"`
	Change inspect.ChangeKind `json:"change"`
	Bytes  int64              `json:"bytes"`
}

func (s *Server) commandFiles(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg stepArgument
	if err := decodeArgument("buildls.files", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		var changes []inspect.Change
		err := s.withFinishedBuild(ctx, "buildls.files", arg, func(p *inspect.Build) (err error) {
			changes, err = p.Changes(ctx, *arg.Step)
			return err
		})
		if arg.Path != nil {
			changes = inspect.Below(changes, *arg.Path)
		}
		return toChangeResults(changes), err
	}, nil
}

func toChangeResults(changes []inspect.Change) []changeResult {
	answer := make([]changeResult, len(changes))
	for i, c := range changes {
		answer[i] = changeResult{c.Path, c.Kind, c.Bytes}
	}
	return answer
}

// A fileResult is the answer to buildls.file.
type fileResult struct {
	Text      string `json:"text"`
	Bytes     int64  `json:"bytes"`
	Binary    bool   `json:"binary"`
	Truncated bool   `json:"truncated"`
}

func (s *Server) commandFile(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg stepArgument
	if err := decodeArgument("buildls.file", raw, &arg); err != nil {
		return nil, err
	}
	if arg.Path == nil {
		return nil, lsp.InvalidParams("buildls.file: it lacks path, as buildls.files names it")
	}
	return func(ctx context.Context) (any, error) {
		var f *inspect.File
		err := s.withFinishedBuild(ctx, "buildls.file", arg, func(p *inspect.Build) (err error) {
			f, err = p.File(ctx, *arg.Step, *arg.Path)
			return err
		})
		if none := (*inspect.NoFileError)(nil); errors.As(err, &none) {
			return nil, lsp.InvalidParams("buildls.file: %v", none)
		}
		if err != nil {
			return nil, err
		}
		return toFileResult(f), nil
	}, nil
}

func toFileResult(f *inspect.File) fileResult {
	return fileResult{f.Text, f.Bytes, f.Binary, f.Truncated}
}

// withFinishedBuild calls look with the engine that ran a step.
func (s *Server) withFinishedBuild(ctx context.Context, command string, arg stepArgument, look func(*inspect.Build) error) error {
	b := s.builds.find(arg.ID)
	if b == nil {
		return lsp.InvalidParams("%s: no build %q of this session is remembered", command, arg.ID)
	}
	out, err := b.step(command, arg.Step)
	if err != nil {
		return err
	}
	return s.withEngineOf(ctx, command, b, out, look)
}

// withEngineOf calls look with the engine that ran a build, which has ended.
func (s *Server) withEngineOf(ctx context.Context, command string, b *sessionBuild, out *build.Outcome, look func(*inspect.Build) error) error {
	choice, err := s.engines.Resolve(ctx, func(string) {}, b.plan.Platforms, b.plan.Preferences...)
	if err != nil {
		return err
	}
	defer choice.Release()
	if at := choice.Conn.Info.Setting(); at != b.result().Engine {
		return lsp.InvalidParams("%s: the build ran on %s, and now builds run on %s; build again", command, b.result().Engine, at)
	}
	err = look(&inspect.Build{Outcome: out, Conn: choice.Conn, Request: inspection(b.plan.Spec)})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// step is the outcome, if a step of it can be looked at.
func (r *sessionBuild) step(command string, step *int) (*build.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.outcome == nil:
		return nil, lsp.InvalidParams("%s: build %q has not ended", command, r.id)
	case step == nil:
		return nil, lsp.InvalidParams("%s: it lacks step, an index into the steps of the result", command)
	case *step < 0 || *step >= len(r.outcome.Steps):
		return nil, lsp.InvalidParams("%s: build %q has %d steps, counted from 0", command, r.id, len(r.outcome.Steps))
	}
	if err := inspect.CheckStep(r.outcome, *step); err != nil {
		return nil, lsp.InvalidParams("%s: there is nothing to show of step %d, %s: %v", command, *step, r.outcome.Steps[*step].Name, err)
	}
	return r.outcome, nil
}

// inspection asks for what is said of a build that has ended, without keys that cannot be read
// again.
func inspection(spec build.Spec) *build.Request {
	spec.SSH = slices.DeleteFunc(slices.Clone(spec.SSH), build.SSH.Once)
	return &build.Request{Spec: spec}
}
