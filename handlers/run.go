package handlers

import (
	"context"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A runResult is the answer to buildls.run.
type runResult struct {
	Command []string     `json:"command"`
	Ports   []portResult `json:"ports"`
}

// A portResult is a port that the image exposes.
type portResult struct {
	Port     int     `json:"port"`
	Protocol string  `json:"protocol"`
	Address  *string `json:"address"` // on this machine; null if it is not reached there
}

func (s *Server) commandRun(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg struct {
		ID      string   `json:"id"`
		Command []string `json:"command"`
	}
	if err := decodeArgument("buildls.run", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		b, err := s.builds.succeeded(arg.ID)
		if err != nil {
			return nil, err
		}
		answer := runResult{Ports: []portResult{}}
		var program *inspect.Program
		err = s.withEngineOf(ctx, "buildls.run", b, b.over(), func(p *inspect.Build) (err error) {
			if program, err = p.Prepare(ctx, arg.Command); err != nil {
				return lsp.InvalidParams("buildls.run: the build %q cannot be run: %v", b.id, err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, port := range program.Ports {
			answer.Ports = append(answer.Ports, portResult{port.Number, port.Protocol, nonEmpty(port.Address)})
		}
		run := func(ctx context.Context, t attach.Terminal) (code int, err error) {
			wrong := s.withEngineOf(ctx, "buildls.run", b, b.over(), func(p *inspect.Build) error {
				code, err = p.Run(ctx, program, t)
				return err
			})
			return code, wrong
		}
		answer.Command, err = s.offerTerminal(func([]string) shellFunc { return run })
		return answer, err
	}, nil
}

// succeeded is the build id, or the newest that succeeded if id is empty.
func (b *builds) succeeded(id string) (*sessionBuild, error) {
	b.mu.Lock()
	list := slices.Clone(b.list)
	b.mu.Unlock()
	for _, r := range slices.Backward(list) {
		out := r.over()
		switch {
		case id == "" && out != nil && out.Status == build.Done:
			return r, nil
		case r.id != id:
		case out == nil:
			return nil, lsp.InvalidParams("buildls.run: build %q has not ended", id)
		case out.Status != build.Done:
			return nil, lsp.InvalidParams("buildls.run: build %q did not succeed: there is no image", id)
		default:
			return r, nil
		}
	}
	if id == "" {
		return nil, lsp.InvalidParams("buildls.run: no build of this session has succeeded; build first")
	}
	return nil, lsp.InvalidParams("buildls.run: no build %q of this session is remembered", id)
}

// runLenses offer to run the image over the last stage, when that was built.
func (s *Server) runLenses(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []lens {
	if !s.features.run {
		return nil
	}
	stages, err := s.stagesNow(ctx, snapshot, doc)
	if err != nil {
		return nil
	}
	last := len(stages) - 1
	newest, _ := s.marks.newestOf(doc.URI, stages)
	if last < 0 || newest[last] == nil || newest[last].outcome == nil {
		return nil
	}
	b, err := s.builds.succeeded(newest[last].id)
	if err != nil || !b.makesImage() {
		return nil
	}
	return []lens{{stages[last].Lines, "▷ Run", "buildls.run", map[string]any{"id": b.id}}}
}

// makesImage says whether a build that succeeded has made what can be run.
func (r *sessionBuild) makesImage() bool {
	req := build.Request{Spec: r.plan.Spec}
	return len(r.over().Results) > 0 && req.MakesImage()
}
