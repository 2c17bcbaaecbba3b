package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/hadolint"
	"github.com/buildls/buildls/build/lint/practice"
	ws "github.com/buildls/buildls/workspace"
)

// projectRules are the rules of projects: what the command line asks for, and what hadolint's
// configurations say that stand beside Dockerfiles, above them, or with the user, and the
// environment. Each folder is looked into once.
type projectRules struct {
	set   practice.Set         // empty: the configuration decides, else recommended
	fails *dockerfile.Severity // nil: the configuration decides, else errors

	mu    sync.Mutex
	known map[string]func() (rules, error)
}

// rules are those of one Dockerfile.
type rules struct {
	practice.Config
	fails dockerfile.Severity // what is as severe fails
	note  string              // of the configuration, that its author should know
}

// of are the rules of a file. The error is that of a configuration that cannot be read, and is told
// once; then the rules are those without it.
func (p *projectRules) of(name string) (rules, error) {
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil || p.set == practice.BuildKit {
		return p.with(hadolint.File{}, false), nil
	}
	p.mu.Lock()
	read := p.known[dir]
	first := read == nil
	if first {
		read = sync.OnceValues(func() (rules, error) { return p.read(dir) })
		if p.known == nil {
			p.known = map[string]func() (rules, error){}
		}
		p.known[dir] = read
	}
	p.mu.Unlock()
	r, err := read()
	if !first {
		r.note, err = "", nil
	}
	return r, err
}

func (p *projectRules) read(dir string) (rules, error) {
	file, path, err := hadolint.Find(dir, "", os.Getenv, ws.ReadPlain)
	found := err == nil
	if err != nil && !errors.Is(err, hadolint.ErrNone) {
		return p.with(hadolint.File{}, false), err
	}
	unknown := file.Unknown
	file, err = file.With(os.Getenv)
	r := p.with(file, found)
	if len(unknown) > 0 {
		r.note = fmt.Sprintf("there is no key %s in %s; the rest counts", strings.Join(unknown, ", "), path)
	}
	return r, err
}

// with are the rules where a configuration counts, or where none was found.
func (p *projectRules) with(file hadolint.File, found bool) rules {
	r := rules{Config: practice.Config{Set: p.set}}
	file.Apply(&r.Config)
	r.Hadolint = found && p.set == ""
	switch {
	case p.set != "":
	case found:
		r.Set = practice.All
	default:
		r.Set = practice.Recommended
	}
	if r.fails, _ = file.Threshold(dockerfile.Error); p.fails != nil {
		r.fails = *p.fails
	}
	return r
}
