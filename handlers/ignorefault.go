package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// ignoreFaults remembers what was wrong with the ignore file that was last looked at: it
// is asked for at each keystroke in a Dockerfile.
type ignoreFaults struct {
	mu    sync.Mutex
	text  []byte
	found []survey.Fault
}

func (i *ignoreFaults) of(text []byte) []survey.Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !bytes.Equal(i.text, text) {
		i.text, i.found = bytes.Clone(text), survey.Faults(text)
	}
	return i.found
}

// sentences say what is wrong with an ignore file to who sees a Dockerfile.
func (i *ignoreFaults) sentences(f ignoreFile) []string {
	var list []string
	for _, fault := range i.of(f.text) {
		list = append(list, fault.In(f.name()))
	}
	return list
}

// problems are what is wrong with an ignore file where it is. A file in another encoding is
// sent as it is on the disk, not as its buffer.
func (i *ignoreFaults) problems(doc *workspace.Document) []dockerfile.Problem {
	if disk, err := readPlain(doc.Path); err == nil {
		if fault, wide := survey.Wide(disk); wide {
			return []dockerfile.Problem{problemOf(fault, fault.Reason)}
		}
	}
	var list []dockerfile.Problem
	for _, fault := range i.of(doc.Text.Bytes()) {
		list = append(list, problemOf(fault, fault.Reason))
	}
	return list
}

func problemOf(fault survey.Fault, message string) dockerfile.Problem {
	return dockerfile.Problem{Message: message, Code: "syntax", Lines: dockerfile.Lines{First: fault.Line, Last: fault.Line},
		Columns: dockerfile.Columns{Start: fault.Start, End: fault.End}}
}

// name is that of the file, as a sentence has it.
func (f ignoreFile) name() string {
	path, ok := f.uri.Path()
	if !ok {
		return ".dockerignore"
	}
	return filepath.Base(path)
}

// said is an error of a survey, which may be the ignore file's fault.
func (f ignoreFile) said(err error) error {
	if fault := (survey.Fault{}); errors.As(err, &fault) {
		return errors.New(fault.In(f.name()))
	}
	return err
}

// An EncodingError says that a file of a build is in an encoding that no builder reads.
type EncodingError string

func (e EncodingError) Error() string { return string(e) }

// checkEncoding refuses a Dockerfile and an ignore file in UTF-16: a builder would take
// the first for nonsense, and the second for patterns that match nothing.
func (p *plan) checkEncoding() error {
	if err := checkUTF8(p.doc.Text.Bytes(), p.doc.URI); err != nil {
		return err
	}
	for _, file := range p.ignoreFiles() {
		if path, ok := file.uri.Path(); ok && filepath.Base(path) == dockerui.DefaultDockerignoreName {
			if disk, err := readPlain(path); err == nil {
				file.text = disk // also if it is open: see workspace.NewContextFS
			}
		}
		if err := checkUTF8(file.text, file.uri); err != nil {
			return err
		}
	}
	return nil
}

// ignoreFiles are those of all contexts of a build. Of one that cannot be read the engine
// says what becomes of it.
func (p *plan) ignoreFiles() (list []ignoreFile) {
	if file, err := p.ignoreFile(); err == nil {
		list = append(list, file)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Contexts)) {
		if c := p.Contexts[name]; c.Kind == build.LocalContext {
			if file, err := p.ignoreIn(c.Dir); err == nil {
				list = append(list, file)
			}
		}
	}
	return list
}

func checkUTF8(text []byte, uri workspace.URI) error {
	fault, wide := survey.Wide(text)
	if !wide {
		return nil
	}
	name, ok := uri.Path()
	if !ok {
		name = string(uri)
	}
	return EncodingError(name + ": " + fault.Reason)
}

// notUTF8 says of a file that it is not what the editor shows, and what was built.
func notUTF8(path string, doc *workspace.Document) string {
	if path != doc.Path {
		return path + " is not UTF-8, so the file was built and not its buffer"
	}
	text, _ := readPlain(path)
	if encoding := workspace.WideEncoding(text); encoding != "" {
		return fmt.Sprintf("%s is in %s: its buffer was built, but a build in a terminal fails on the file; save it as UTF-8", path, encoding)
	}
	return path + " is not UTF-8: its buffer was built, but a build in a terminal takes the file as it is; save it as UTF-8"
}

// refusals are what a build says of an ignore file that cannot be used, without its name.
var refusals = []string{"syntax error in pattern", "illegal exclusion pattern", `"exclude-patterns" contains value`}

// blameIgnore says of a failure that an ignore file is to blame for it, and which line.
func (w *site) blameIgnore(p *plan, out *build.Outcome) {
	f := out.Failure
	if f == nil || p.doc == nil {
		return
	}
	if other := w.linked[f.Build]; other != nil {
		p = other
	}
	if !slices.ContainsFunc(refusals, func(refusal string) bool { return strings.Contains(f.Message, refusal) }) {
		return
	}
	for _, file := range p.ignoreFiles() {
		for _, fault := range survey.Faults(file.text) {
			f.Message, f.Lines = fault.In(file.name()), nil
			w.ignore = &faultyIgnore{file, problemOf(fault, f.Message)}
			return
		}
	}
}

// A faultyIgnore is an ignore file that a build failed by, and where.
type faultyIgnore struct {
	ignoreFile
	dockerfile.Problem
}
