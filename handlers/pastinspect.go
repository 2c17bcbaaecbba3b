package handlers

import (
	"context"
	"fmt"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/handlers/history"
)

// Inspect calls look with a build that was kept and the engine that ran it, which may be started for
// that. step, a 0-based index, is what look looks at.
func (r *buildResult) Inspect(ctx context.Context, step int, look func(*inspect.Build) error) error {
	if step < 0 || step >= len(r.Steps) {
		return fmt.Errorf("build %s has %d steps, counted from 1", r.ID, len(r.Steps))
	}
	kept, err := keptOf(r.ID)
	if err != nil {
		return err
	}
	out := &build.Outcome{}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, build.Step{Name: s.Name, Status: build.Status(s.Status)})
	}
	if out.States, err = kept.States(len(out.Steps)); err != nil {
		return err
	}
	if err := inspect.CheckStep(out, step); err != nil {
		return fmt.Errorf("there is nothing to show of step %d, %s: %w", step+1, r.Steps[step].Name, err)
	}
	req, err := kept.Request()
	if err != nil {
		return err
	}
	var engines engine.Pool
	defer engines.Close()
	choice, err := engines.Resolve(ctx, func(string) {}, nil, engine.Preference{Source: "the build", Address: r.Engine})
	if err != nil {
		return fmt.Errorf("the build ran on %s: %w", r.Engine, err)
	}
	defer choice.Release()
	return look(&inspect.Build{Outcome: out, Conn: choice.Conn, Request: req})
}

// Changes are what a step, a 0-based index, did to the files below a path, as buildls.files answers.
func (r *buildResult) Changes(ctx context.Context, step int, below string) ([]changeResult, error) {
	var changes []inspect.Change
	err := r.Inspect(ctx, step, func(p *inspect.Build) (err error) {
		changes, err = p.Changes(ctx, step)
		return err
	})
	return toChangeResults(inspect.Below(changes, below)), err
}

// File is a file as a step left it, as buildls.file answers. If there is none, the error is a
// *[inspect.NoFileError].
func (r *buildResult) File(ctx context.Context, step int, path string) (f fileResult, err error) {
	err = r.Inspect(ctx, step, func(p *inspect.Build) error {
		found, err := p.File(ctx, step, path)
		if err == nil {
			f = toFileResult(found)
		}
		return err
	})
	return f, err
}

// keptOf is what was kept of a build to look at it.
func keptOf(id string) (*inspect.Kept, error) {
	var past historyStore
	details, err := ask(&past, 5*patience, func(s history.Store) ([]byte, error) {
		list, err := s.List()
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(list, func(b history.Build) bool { return b.ID() == id })
		if i < 0 {
			return nil, fmt.Errorf("build %s is no longer remembered", id)
		}
		return list[i].Details()
	})
	if err != nil {
		return nil, err
	}
	if len(details) == 0 {
		return nil, fmt.Errorf("how the steps of build %s are made was not kept: it is too much, has a login in a URL, or an older buildls built", id)
	}
	kept, err := inspect.DecodeKept(details)
	if err != nil {
		return nil, fmt.Errorf("how the steps of build %s are made cannot be read: %w", id, err)
	}
	return kept, nil
}
