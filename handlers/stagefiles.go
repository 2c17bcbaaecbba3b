package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/workspace"
)

// stageFiles are what stages of this session's builds hold, as far as completion asked for it. An
// engine is asked in the background, for no longer than layerWithin. The zero value is ready.
type stageFiles struct {
	mu    sync.Mutex
	known map[stageQuestion]*stageAnswer
}

// A stageQuestion is about the end of a step: a directory of it, or the lines of a file.
type stageQuestion struct {
	id        string // the build's
	step      int
	dir, file string // of which one counts
}

type stageAnswer struct {
	done  chan struct{} // closed when the rest is there
	files []language.File
	lines []string
}

// maxStageAnswers bounds how many are remembered.
const maxStageAnswers = 200

// ask waits for an answer until ctx is done; nil if there is none then.
func (f *stageFiles) ask(ctx context.Context, s *Server, q stageQuestion) *stageAnswer {
	f.mu.Lock()
	a := f.known[q]
	if a == nil {
		a = &stageAnswer{done: make(chan struct{})}
		if f.known == nil || len(f.known) >= maxStageAnswers {
			f.known = map[stageQuestion]*stageAnswer{}
		}
		f.known[q] = a
		s.rpc.Go(func() { f.answer(s, q, a) })
	}
	f.mu.Unlock()
	select {
	case <-a.done:
		return a
	case <-ctx.Done():
		return nil
	}
}

// answer has the engine that built asked. What it could not say is asked again.
func (f *stageFiles) answer(s *Server, q stageQuestion, a *stageAnswer) {
	defer close(a.done)
	if err := a.fill(s, q); err != nil {
		s.log.Debug("files of a stage", zap.String("id", q.id), zap.Error(err))
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.known, q)
	}
}

func (a *stageAnswer) fill(s *Server, q stageQuestion) (err error) {
	ctx, cancel := context.WithTimeout(s.rpc.Context(), layerWithin)
	defer cancel()
	at, release := s.inspectable(q.id)
	if at == nil {
		return errors.New("the build is not looked at: its engine is gone, or it has only just ended")
	}
	defer release()
	defer s.builds.releaseMemory()
	if q.file == "" {
		a.files, err = filesOf(ctx, at, q.step, q.dir)
	} else {
		a.lines, err = linesOf(ctx, at, q.step, q.file)
	}
	return err
}

func filesOf(ctx context.Context, at *inspect.Build, step int, dir string) (list []language.File, err error) {
	found, err := at.Directory(ctx, step, dir)
	for _, e := range found {
		list = append(list, language.File(e))
	}
	slices.SortFunc(list, func(a, b language.File) int {
		if a.Directory != b.Directory {
			return btoi(b.Directory) - btoi(a.Directory)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list, err
}

// linesOf are the lines of a file; none if it is not there.
func linesOf(ctx context.Context, at *inspect.Build, step int, name string) ([]string, error) {
	file, err := at.File(ctx, step, name)
	if none := (*inspect.NoFileError)(nil); errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return strings.Split(file.Text, "\n"), nil
}

// inspectable is a build that has ended, with its engine, if that is still connected to; nil if not.
// It starts no engine.
func (s *Server) inspectable(id string) (at *inspect.Build, release func()) {
	b := s.builds.find(id)
	if b == nil {
		return nil, nil // forgotten
	}
	b.mu.Lock()
	out, again := b.outcome, b.again
	b.mu.Unlock()
	if out == nil || again == nil {
		return nil, nil
	}
	choice := again()
	if choice == nil {
		return nil, nil
	}
	return &inspect.Build{Outcome: out, Conn: choice.Conn, Request: inspection(b.plan.Spec)}, choice.Release
}

// lastStep is the last step of a stage in the newest build of a Dockerfile that can be looked at; of
// a stage without one that of the stage that it is built on. ok is false if there is none.
func (s *Server) lastStep(uri workspace.URI, stage language.StageRef) (id string, step int, ok bool) {
	built := s.marks.newest(uri)
	if built == nil || built.outcome == nil {
		return "", 0, false
	}
	stages, err := built.baseline.File.Stages()
	if err != nil {
		return "", 0, false
	}
	number := stage.Number
	if stage.Name != "" {
		number = dockerfile.Target(stages, stage.Name)
	}
	for number >= 0 && number < len(stages) {
		end := built.baseline.File.Rows()
		if number+1 < len(stages) {
			end = stages[number+1].Lines.First
		}
		for i, st := range slices.Backward(built.outcome.Steps) {
			if st.Lines.First > stages[number].Lines.First && st.Lines.First < end && inspect.CheckStep(built.outcome, i) == nil {
				return built.id, i, true
			}
		}
		number = dockerfile.Target(stages[:number], stages[number].Base)
	}
	return "", 0, false
}
