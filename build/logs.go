package build

import (
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/logs"
)

// outputs are what a build's vertices printed.
type outputs struct {
	book  *logs.Book
	steps []*logs.Output // nil: nothing
	rest  []namedOutput  // of vertices that stand for no instruction
}

type namedOutput struct {
	name string
	*logs.Output
}

func (f *fold) outputs() outputs {
	all := outputs{book: f.book, steps: make([]*logs.Output, len(f.lines))}
	for _, v := range f.order {
		if i := f.step(v.Digest); i >= 0 {
			all.steps[i] = &v.Output
		} else if len(v.End) > 0 {
			all.rest = append(all.rest, namedOutput{f.shown(v), &v.Output})
		}
	}
	return all
}

// each are the logs of all that stands for no instruction, and then of each step.
func (o outputs) each(text func(*logs.Output) string) []string {
	var rest strings.Builder
	for _, v := range o.rest {
		fmt.Fprintf(&rest, "%s\n%s", v.name, text(v.Output))
	}
	list := []string{rest.String()}
	for _, out := range o.steps {
		if out == nil {
			out = &logs.Output{}
		}
		list = append(list, text(out))
	}
	return list
}

// Log is the output of a step (a 0-based index into Steps), or of the whole build
// if step is negative. It may be large.
func (o *Outcome) Log(step int) string {
	switch {
	case step < 0:
		return LogOf(o.names(), o.outputs.each((*logs.Output).ReadAll), step)
	case step >= len(o.outputs.steps) || o.outputs.steps[step] == nil:
		return ""
	}
	return o.outputs.steps[step].ReadAll()
}

// LastLogs are the last n bytes of each output: of all that stands for no instruction, and then
// of each step.
func (o *Outcome) LastLogs(n int) []string {
	return o.outputs.each(func(out *logs.Output) string { return string(out.Tail(n)) })
}

// Tail is the last n lines of a step (0-based) that say anything, without colours.
func (o *Outcome) Tail(step, n int) string {
	if step < 0 || step >= len(o.outputs.steps) || o.outputs.steps[step] == nil {
		return ""
	}
	return tailOf(string(o.outputs.steps[step].Tail(logs.BlockBytes)), n)
}

// LogSize is how many bytes of output are kept in memory, and how many in a file.
func (o *Outcome) LogSize() (memory, file int64) {
	for _, out := range o.outputs.steps {
		if out != nil {
			memory += int64(len(out.End))
		}
	}
	for _, v := range o.outputs.rest {
		memory += int64(len(v.End))
	}
	if o.outputs.book != nil {
		file = o.outputs.book.Size()
	}
	return memory, file
}

// Drop lets go of the file that holds long output. Of that the end stays.
func (o *Outcome) Drop() {
	if o.outputs.book != nil {
		o.outputs.book.Close()
	}
}

func (o *Outcome) names() []string {
	names := make([]string, len(o.Steps))
	for i, s := range o.Steps {
		names[i] = s.Name
	}
	return names
}

// LogOf is the output of a step, or of all if step is negative, of the logs of all that stands
// for no instruction, and then of each step. names are those of the steps.
func LogOf(names, logs []string, step int) string {
	if step >= 0 {
		if step+1 >= len(logs) {
			return ""
		}
		return logs[step+1]
	}
	var b strings.Builder
	for i, text := range logs {
		if i > 0 && text != "" {
			fmt.Fprintln(&b, names[i-1])
		}
		b.WriteString(text)
	}
	return b.String()
}
