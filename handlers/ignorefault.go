package handlers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/handlers/plan"
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
func (i *ignoreFaults) sentences(f plan.IgnoreFile) []string {
	var list []string
	for _, fault := range i.of(f.Text) {
		list = append(list, fault.In(f.Name()))
	}
	return list
}

// problems are what is wrong with an ignore file where it is. A file in another encoding is
// sent as it is on the disk, not as its buffer.
func (i *ignoreFaults) problems(doc *workspace.Document) []dockerfile.Problem {
	if disk, err := workspace.ReadPlain(doc.Path); err == nil {
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

// notUTF8 says of a file that it is not what the editor shows, and what was built.
func notUTF8(path string, doc *workspace.Document) string {
	if path != doc.Path {
		return path + " is not UTF-8, so the file was built and not its buffer"
	}
	text, _ := workspace.ReadPlain(path)
	if encoding := workspace.WideEncoding(text); encoding != "" {
		return fmt.Sprintf("%s is in %s: its buffer was built, but a build in a terminal fails on the file; save it as UTF-8", path, encoding)
	}
	return path + " is not UTF-8: its buffer was built, but a build in a terminal takes the file as it is; save it as UTF-8"
}

// refusals are what a build says of an ignore file that cannot be used, without its name. Docker 20.10 says now
// and then only that it canceled what it waited for.
var refusals = []string{"syntax error in pattern", "illegal exclusion pattern", `"exclude-patterns" contains value`, "token too long", "context canceled"}

// blameIgnore says of a failure that an ignore file is to blame for it, and which line.
func (w *attempt) blameIgnore(p *plan.Plan, out *build.Outcome) {
	f := out.Failure
	if f == nil || p.Doc == nil {
		return
	}
	if other := w.Linked[f.Build]; other != nil {
		p = other
	}
	if !slices.ContainsFunc(refusals, func(refusal string) bool { return strings.Contains(f.Message, refusal) }) {
		return
	}
	for _, file := range p.IgnoreFiles() {
		for _, fault := range survey.Faults(file.Text) {
			f.Message, f.Lines = fault.In(file.Name()), nil
			w.ignore = &faultyIgnore{file, problemOf(fault, f.Message)}
			return
		}
	}
}

// A faultyIgnore is an ignore file that a build failed by, and where.
type faultyIgnore struct {
	plan.IgnoreFile
	dockerfile.Problem
}
