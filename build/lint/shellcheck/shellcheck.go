// Package shellcheck asks ShellCheck, a program of its own, what is wrong with the shell text in a
// Dockerfile, and says where that stands in the file. What it was told of a text it remembers.
//
// It does not know which rules are asked for, nor who asks.
package shellcheck

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// The values of a setting that are no path.
const (
	Auto = "auto" // what is on the PATH
	Off  = "off"
)

// Accepts says what is wrong with the value of a setting.
func Accepts(value string) error {
	if value != Auto && value != Off && !filepath.IsAbs(value) {
		return fmt.Errorf("%q is neither auto nor off nor an absolute path", value)
	}
	return nil
}

// A Program is ShellCheck as it is installed. It may be used by several at a time, and runs no more
// often at once than there are processors.
type Program struct {
	path  string
	slots chan struct{}

	mu    sync.Mutex
	known map[string][]finding // by all that is given of a script
	err   error                // for which it is not run again
}

// Find finds the program that a setting names. It is nil if there is none to be run; the error says
// why there is none at a path.
func Find(value string) (*Program, error) {
	name := value
	switch value {
	case Off:
		return nil, nil
	case Auto:
		name = "shellcheck"
	}
	path, err := exec.LookPath(name)
	switch {
	case err != nil && value == Auto:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("ShellCheck: %w", err)
	}
	return &Program{path: path, slots: make(chan struct{}, runtime.NumCPU()), known: map[string][]finding{}}, nil
}

// Known are the problems of a file as far as they are known without running anything. all says
// whether these are all.
func (p *Program) Known(f *dockerfile.File) (problems []dockerfile.Problem, all bool) {
	scripts := scriptsOf(f)
	p.mu.Lock()
	defer p.mu.Unlock()
	all = true
	for i := range scripts {
		found, ok := p.known[scripts[i].given]
		all = all && ok
		problems = append(problems, scripts[i].problems(found)...)
	}
	return problems, all || p.err != nil
}

// Check are the problems of a file, in its order. One process at a time is run for it, which ends
// when ctx is canceled. A program that fails is not run again: the error is told once, with those
// problems that are known.
func (p *Program) Check(ctx context.Context, f *dockerfile.File) ([]dockerfile.Problem, error) {
	scripts := scriptsOf(f)
	unknown := p.unknown(scripts)
	for len(unknown) > 0 {
		some := unknown[:min(len(unknown), maxFiles)]
		unknown = unknown[len(some):]
		if err := p.ask(ctx, some); err != nil {
			problems, _ := p.Known(f)
			return problems, err
		}
	}
	problems, _ := p.Known(f)
	return problems, nil
}

// maxKnown is how many scripts are remembered.
const maxKnown = 4000

// unknown are the scripts that the program has to be asked about, each once. What no shell can read
// is not asked about: that is told already.
func (p *Program) unknown(scripts []script) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil
	}
	if len(p.known)+len(scripts) > maxKnown {
		clear(p.known)
	}
	wanted := map[string]bool{}
	for i := range scripts {
		s := &scripts[i]
		if _, ok := p.known[s.given]; ok || wanted[s.given] {
			continue
		}
		if len(shell.Faults(s.in, s.Dialect)) > 0 {
			p.known[s.given] = nil
			continue
		}
		wanted[s.given] = true
		list = append(list, s.given)
	}
	return list
}

// ask has the program look at some scripts, and remembers what it says.
func (p *Program) ask(ctx context.Context, scripts []string) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	found, err := p.run(ctx, scripts)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && p.err != nil:
		return nil // told already
	case err != nil:
		p.err = fmt.Errorf("%s is not asked any more: %w", p.path, err)
		return p.err
	}
	for i, s := range scripts {
		p.known[s] = found[i]
	}
	return nil
}
