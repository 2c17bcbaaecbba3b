// Package project reads what a project says of its own builds: the services of
// compose files and the targets of bake files. Each becomes a Profile: a name, where it
// is written, and what `docker compose build` or `docker buildx bake` would build.
//
// Reading runs nothing and asks nobody. The package knows no editor: it is given a way
// to read files, so that whoever calls it decides whether a buffer stands in for one.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// A Source is what reading a project needs of the world.
type Source struct {
	// Read returns a file's content; an error that is fs.ErrNotExist if there is none.
	Read func(path string) ([]byte, error)
	// Env is the environment that variables come from.
	Env func(name string) (string, bool)
}

// A Profile is a build that a project describes.
type Profile struct {
	Name        string
	Kind        Kind
	Description string

	// File is the file that describes it, and Start and End where in it the name
	// stands, in bytes.
	File       string
	Start, End int

	// Dockerfile is the path of the Dockerfile. It is empty if that is Inline, or lies
	// in a remote context.
	Dockerfile string
	Inline     *Inline

	// Build is what to build. Its paths are absolute.
	Build Build
	// Entitlements are those that the build asks for. A file cannot grant them.
	Entitlements []string
	// Hidden are values of a .env file that Build may hold. They are not to be shown.
	Hidden []string

	// Fault is why it cannot be built, though others of its file can; nil if it can.
	// What the file does not say then, such as the Dockerfile, is empty.
	Fault *Problem
	// Policy says that a policy is to be asked whether it may be built; nil if none is.
	Policy *Problem

	where   func(attr, element string) (Span, bool)
	outputs []string // of Build, as they are written
}

// Where is the place of an element of an attribute: of a list the one of that text, of a
// map the one of that key, "" for the value as a whole. The attribute is spelled as in a
// bake file, "cache-from". An element that is not found is where the attribute is; ok is
// false for an attribute that is not written, and the place is the profile's name.
func (p *Profile) Where(attr, element string) (at Span, ok bool) {
	if p.where != nil && guarded(func() error { at, ok = p.where(attr, element); return nil }) == nil && ok {
		return at, true
	}
	return Span{p.File, p.Start, p.End}, false
}

// WhereOutput is the place of an output of Build, as Where has it.
func (p *Profile) WhereOutput(i int) (at Span, ok bool) {
	text := ""
	if i < len(p.outputs) {
		text = p.outputs[i]
	}
	return p.Where("output", text)
}

// Kind says what a profile is called where it is written.
type Kind string

// The kinds of profiles.
const (
	Service Kind = "service" // of a compose file
	Target  Kind = "target"  // of a bake file
)

// A Group is several targets of a bake file under one name.
type Group struct {
	Name    string
	File    string
	Targets []string
}

// A Problem is what is wrong with a file, or with a profile of it.
type Problem struct {
	File string
	Kind Kind // Service for a compose file, Target for a bake file
	Line int  // 0-based, "\n" alone ends one; -1 if it is not known
	// Start and End are the bytes of File that are at fault, 0-based, End exclusive; both
	// are 0 if only the line is known.
	Start, End int
	Severity   Severity
	Message    string
}

// Severity is how bad a problem is.
type Severity int

// The severities. Of what is Wrong something cannot be built; what is Ignored does not
// count; a Note says what buildls does not do.
const (
	Wrong Severity = iota
	Ignored
	Note
)

// Error implements error.
func (p *Problem) Error() string {
	if p.Line < 0 {
		return fmt.Sprintf("%s: %s", filepath.Base(p.File), p.Message)
	}
	return fmt.Sprintf("%s:%d: %s", filepath.Base(p.File), p.Line+1, p.Message)
}

// A Project is what the files of one directory say.
type Project struct {
	Profiles []*Profile // that other readings may have too: not to be written to
	Groups   []Group
	Images   []string // that services run which build nothing
	Problems []*Problem
}

// maxFile bounds what is read of one file, in bytes. A longer one is no description
// that a person wrote.
const maxFile = 1 << 20

// Read reads the compose and bake files of a directory, by the names that `docker
// compose` and `docker buildx bake` look for. A file that is wrong makes a Problem, and
// no profile.
func Read(dir string, src Source) *Project { return NewReader(dir).Read(src) }

// take reads files of one kind. The libraries that read them were not made for hostile
// input: a panic is one more way to say that a file is wrong.
func (p *Project) take(kind Kind, read func() error) {
	known := len(p.Problems)
	err := guarded(read)
	var list problems
	var problem *Problem
	switch {
	case err == nil:
	case errors.As(err, &list):
		p.Problems = append(p.Problems, list...)
	case errors.As(err, &problem):
		p.Problems = append(p.Problems, problem)
	default:
		p.Problems = append(p.Problems, &Problem{Line: -1, Message: err.Error()})
	}
	for _, problem := range p.Problems[known:] {
		problem.Kind = kind
	}
}

// problems are several, of one reading.
type problems []*Problem

// Error implements error.
func (ps problems) Error() string { return ps[0].Error() }

func guarded(read func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it cannot be read: %v", r)
		}
	}()
	return read()
}

// load reads a file that may not be there; nil then.
func (s Source) load(path string) ([]byte, error) {
	data, err := s.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, &Problem{File: path, Line: -1, Message: err.Error()}
	case len(data) > maxFile:
		return nil, &Problem{File: path, Line: -1, Message: fmt.Sprintf("it is longer than %d bytes", maxFile)}
	case data == nil:
		data = []byte{}
	}
	return data, nil
}

// first is the first of some files that is there.
func (s Source) first(dir string, names ...string) (path string, data []byte, err error) {
	for _, name := range names {
		path = filepath.Join(dir, name)
		if data, err = s.load(path); data != nil || err != nil {
			return path, data, err
		}
	}
	return "", nil, nil
}
