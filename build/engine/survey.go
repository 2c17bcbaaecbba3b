package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
)

// A Finding is what one of the engines that may be chosen unasked has to say.
type Finding struct {
	Info    Info
	Running bool   // it answered
	Lacks   string // why it cannot build; empty if it can
	Mend    string // what changes that, or empty
	Without string // what it does without, and what brings it; empty if it has all
}

// surveyWithin bounds a Survey: it is for a person who waits.
const surveyWithin = 3 * time.Second

// Survey asks all engines that may be chosen unasked, in their order, at the same time.
// It starts none.
func (p *Pool) Survey(ctx context.Context) ([]Finding, error) {
	list, err := candidates()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, surveyWithin)
	defer cancel()
	found := make([]Finding, len(list))
	var asked sync.WaitGroup
	for i, c := range list {
		asked.Go(func() { found[i] = p.survey(ctx, c.engine) })
	}
	asked.Wait()
	return found, nil
}

func (p *Pool) survey(ctx context.Context, e Engine) Finding {
	f := p.ask(ctx, e)
	if _, ok := e.(embeddedEngine); ok && f.Lacks == "" {
		if mend := embedded.LacksGit(); mend != "" {
			f.Without = "git, and so without contexts that are git repositories: " + mend
		}
	}
	return f
}

func (p *Pool) ask(ctx context.Context, e Engine) Finding {
	e = p.looking(e)
	if own, ok := e.(embeddedEngine); ok {
		if idle, err := own.idle(ctx); err != nil {
			return Finding{Info: e.Info(), Lacks: err.Error()}
		} else if idle {
			return Finding{Info: e.Info()}
		}
	}
	c, err := p.connect(ctx, e, nil)
	var u *UnavailableError
	switch {
	case err == nil:
		c.Release()
		return Finding{Info: c.Info, Running: true}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Finding{Info: e.Info(), Lacks: "it did not answer within " + surveyWithin.String()}
	case errors.As(err, &u):
		return Finding{Info: u.Info, Lacks: u.reason().Error(), Mend: u.Mend}
	}
	return Finding{Info: e.Info(), Lacks: err.Error()}
}

// Is says whether two descriptions are of the same engine.
func (i Info) Is(other Info) bool {
	return i.Name == other.Name && i.Address == other.Address && i.Context == other.Context && i.Builder == other.Builder
}
