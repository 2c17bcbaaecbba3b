package dockerfile

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
)

// What is read here, in the author's session, is bounded: BuildKit's parser and converter
// take memory and time without end for some texts, and cannot be canceled. What is beyond
// is left to the engine.
const (
	MaxBytes    = 2 << 20 // of a Dockerfile
	maxLines    = 50_000
	maxStages   = 1000      // that are looked at together
	maxNesting  = 100       // of ${ in ${
	maxJoining  = 1 << 30   // bytes that the parser copies to join continued lines
	maxExpanded = 32 << 20  // bytes of all instructions with their variables expanded
	maxAssigned = 10_000    // variables: each is looked for among all
	maxLookups  = 4_000_000 // by instructions: each looks at all that it stands on
)

// parsing and converting are held by who does: more at a time than there are processors
// would be no faster, and take more memory.
var parsing, converting = make(chan struct{}, runtime.NumCPU()), make(chan struct{}, runtime.NumCPU())

// A PanicError is what BuildKit's parser or converter panicked with: a defect of its own on
// some text, which must not end the author's session.
type PanicError struct{ Value any }

func (e *PanicError) Error() string {
	return fmt.Sprintf("BuildKit's parser failed on this Dockerfile: %v", e.Value)
}

// survive makes an error of a panic.
func survive(err *error) {
	if r := recover(); r != nil {
		*err = &PanicError{r}
	}
}

// Readable is an error, a sentence, if a Dockerfile is not to be read here.
func Readable(dockerfile []byte) error {
	if len(dockerfile) > MaxBytes {
		return fmt.Errorf("it is longer than %d MiB", MaxBytes>>20)
	}
	number, joined, cost, depth := 0, 0, 0, 0
	for line := range bytes.Lines(dockerfile) {
		number++
		if isContent(line) {
			joined += len(line)
			cost += joined
		}
		if depth = nesting(line, depth); depth > maxNesting {
			return fmt.Errorf("its line %d nests more than %d variables in each other", number, maxNesting)
		}
		if !continued(line) {
			joined, depth = 0, 0
		}
	}
	switch {
	case number > maxLines:
		return fmt.Errorf("it has more than %d lines", maxLines)
	case cost > maxJoining:
		return fmt.Errorf("it has an instruction of too many lines")
	}
	return nil
}

// continued says whether the next line may belong to the same instruction, whatever the
// escape: so does one that follows a comment or nothing.
func continued(line []byte) bool {
	line = bytes.TrimSpace(line)
	return !isContent(line) || bytes.HasSuffix(line, []byte(`\`)) || bytes.HasSuffix(line, []byte("`"))
}

// isContent says whether a line is neither empty nor a comment.
func isContent(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && line[0] != '#'
}

// nesting is how deep braces are nested at most in a line, or at its end if that is deeper
// than allowed.
func nesting(line []byte, depth int) int {
	for i, c := range line {
		switch {
		case c == '$' && i+1 < len(line) && line[i+1] == '{':
			if depth++; depth > maxNesting {
				return depth
			}
		case c == '}':
			depth = max(0, depth-1)
		}
	}
	return depth
}

// depths count on how many instructions each stands.
type depths struct {
	named               map[string]int // of stages, at their ends
	stage               string
	here, most, lookups int
}

func (d *depths) add(st *Instruction) {
	if st.Name() != "FROM" {
		d.here++
		d.lookups += d.here
		d.most = max(d.most, d.here)
		d.named[d.stage] = d.here
		return
	}
	d.here, d.stage = 0, ""
	if len(st.Args) > 0 {
		base := strings.ToLower(st.Slice(st.Args[0]))
		if d.here = d.named[base]; strings.Contains(base, "$") {
			d.here = d.most // it may be any
		}
	}
	if len(st.Args) == 3 {
		d.stage = strings.ToLower(st.Slice(st.Args[2]))
	}
	d.named[d.stage] = d.here
}

// expandable is an error if the variables of a Dockerfile become beyond measure when they
// are expanded. It is an estimate from above: a variable is as long as it is in the longest
// of the stages.
func (f *File) expandable() error {
	length := Growth{}
	all, count := 0, 0
	depth := depths{named: map[string]int{}}
	for _, st := range f.Instructions() {
		if depth.add(st); depth.lookups > maxLookups {
			return fmt.Errorf("too many of its instructions stand on each other")
		}
		text := string(f.Slice(st.First, st.End()))
		added := length.Added(text)
		if st.Name() == "EXPOSE" {
			all += CostOfPorts(st.Text)
		}
		if all += len(text) + added; added > MaxExpansion || all > maxExpanded {
			return fmt.Errorf("with its variables expanded it is too long")
		}
		names := st.Assignments()
		if count += len(names); count > maxAssigned {
			return fmt.Errorf("it sets too many variables")
		}
		for _, a := range names {
			name := st.Unquoted(a.Name)
			length[name] = max(length[name], len(text)+added)
		}
	}
	return nil
}
