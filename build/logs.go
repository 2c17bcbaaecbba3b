package build

import (
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/logs"
)

// outputs are what the vertices of a build printed.
type outputs struct {
	book  *logs.Book
	steps []*logs.Output // nil: nothing
	rest  []namedOutput  // of vertices that stand for no instruction
}

type namedOutput struct {
	name string
	*logs.Output
}

func (b *buildState) outputs() outputs {
	all := outputs{book: b.book, steps: make([]*logs.Output, len(b.lines))}
	for _, v := range b.order {
		if i := b.step(v.Digest); i >= 0 {
			all.steps[i] = &v.Output
		} else if len(v.End) > 0 {
			all.rest = append(all.rest, namedOutput{b.displayName(v), &v.Output})
		}
	}
	return all
}

// each calls text for all that stands for no instruction, together, and then for each step.
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

// Log is the output of a step (0-based), or of the whole build if step is negative. It may be large.
// It is empty for a step that printed nothing, and for one that is not there.
func (o *Outcome) Log(step int) string {
	switch {
	case step < 0:
		return LogOf(o.names(), o.outputs.each((*logs.Output).ReadAll), step)
	case step >= len(o.outputs.steps) || o.outputs.steps[step] == nil:
		return ""
	}
	return o.outputs.steps[step].ReadAll()
}

// LastLogs are the last n bytes of each output. The first element is of all vertices that stand for
// no instruction; element i+1 is of step i.
func (o *Outcome) LastLogs(n int) []string {
	return o.outputs.each(func(out *logs.Output) string { return string(out.Tail(n)) })
}

// LastLog is the last n bytes of the output of a step (0-based).
func (o *Outcome) LastLog(step, n int) string {
	if step < 0 || step >= len(o.outputs.steps) || o.outputs.steps[step] == nil {
		return ""
	}
	return string(o.outputs.steps[step].Tail(n))
}

// Tail is the last n lines of a step (0-based) that are not empty, without colours.
func (o *Outcome) Tail(step, n int) string {
	if step < 0 || step >= len(o.outputs.steps) || o.outputs.steps[step] == nil {
		return ""
	}
	return tailOf(string(o.outputs.steps[step].Tail(logs.BlockBytes)), n)
}

// LogSize is how many bytes of output are in memory, and how many in a file.
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

// Drop removes the file that holds long output. Afterwards Log has only the end of it.
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

// LogOf is the output of a step (0-based), or of the whole build if step is negative. logs are as
// LastLogs returns them, and names are those of the steps.
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
