package format

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Left is what was not laid out, though it would have been.
type Left struct {
	Lines dockerfile.Lines
	Why   string // a sentence without its end
}

// A Result is a text and what becomes of its lines.
type Result struct {
	Left     []Left
	file     *dockerfile.File
	rows     []row
	original *dockerfile.File // before its shell was laid out, which made file; nil if it was not
}

// everything are the lines of any file.
var everything = dockerfile.Lines{Last: int(^uint(0) >> 1)}

// Format lays out a Dockerfile. The error is that of a text that is not read here (see
// [dockerfile.Readable]), or of ctx.
func Format(ctx context.Context, f *dockerfile.File, style Style) (*Result, error) {
	return Range(ctx, f, style, everything)
}

// Range lays out the instructions that stand on some lines, and what is between them.
func Range(ctx context.Context, f *dockerfile.File, style Style, within dockerfile.Lines) (*Result, error) {
	if err := dockerfile.Readable(f.Text()); err != nil {
		return nil, fmt.Errorf("it cannot be formatted: %w", err)
	}
	l := newLayout(f, style, within)
	if image, at, foreign := f.ForeignFrontend(); foreign {
		l.left(at, fmt.Sprintf("the front end %s reads the file, and what counts for it is not known", image))
		return l.result(), nil
	}
	if len(f.Instructions()) == 0 {
		return l.result(), nil
	}
	if style.Shell != nil {
		return rangeWithShell(ctx, f, style, within)
	}
	l.layOut()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.prove(ctx)
	if !l.keepCase && l.mixesCase() {
		again := newLayout(f, style, within)
		again.keepCase = true
		again.layOut()
		again.prove(ctx)
		again.left(again.firstInCase(l), "keywords keep their case, because not all of them can be put in upper case")
		l = again
	}
	return l.result(), ctx.Err()
}

// rangeWithShell lays out the shell between two layouts of the rest: the first drops empty lines
// that are in its way.
func rangeWithShell(ctx context.Context, f *dockerfile.File, style Style, within dockerfile.Lines) (*Result, error) {
	plain := style
	plain.Shell = nil
	first, err := Range(ctx, f, plain, within)
	if err != nil {
		return nil, err
	}
	one := dockerfile.Parse([]byte(first.Text()))
	within = movedLines(within, f, one)
	two, left := layOutShell(one, style, within)
	if len(two.Instructions()) != len(one.Instructions()) {
		return nil, errors.New("it cannot be formatted: with another layout of its shell it would have other instructions")
	}
	last, err := Range(ctx, two, plain, movedLines(within, one, two))
	if err != nil {
		return nil, err
	}
	last.original, last.Left = f, append(first.Left, left...)
	return last, nil
}

// movedLines are where some lines of a text stand in another that has the same instructions.
func movedLines(lines dockerfile.Lines, before, after *dockerfile.File) dockerfile.Lines {
	if lines == everything {
		return lines
	}
	a, b := before.Instructions(), after.Instructions()
	return dockerfile.Lines{First: moved(lines.First, a, b, false), Last: moved(lines.Last, a, b, true)}
}

// moved is where a line of one text stands in another with the same instructions: behind those that
// end before it, and, if it is the last of some lines, behind the one that it stands in.
func moved(line int, before, after []*dockerfile.Instruction, last bool) int {
	more := 0
	for i, st := range before {
		if st.End() < line || last && st.First <= line {
			more = after[i].End() - st.End()
		}
	}
	return line + more
}

func (l *layout) result() *Result { return &Result{Left: l.all, file: l.file, rows: l.rows} }

// Text is the text as it was laid out.
func (r *Result) Text() string { return textOf(r.rows) }

func textOf(rows []row) string {
	var b strings.Builder
	for _, row := range rows {
		if row.dropped {
			continue
		}
		if row.parted {
			b.WriteString(row.partedBy)
		}
		b.WriteString(row.text)
		b.WriteString(row.end)
	}
	return b.String()
}

// before is the text as it was.
func (r *Result) before() *dockerfile.File {
	if r.original != nil {
		return r.original
	}
	return r.file
}

// Changed says whether something changes.
func (r *Result) Changed() bool { return r.Text() != r.before().String() }
