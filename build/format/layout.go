package format

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// A layout is a text that is being laid out.
type layout struct {
	file     *dockerfile.File
	style    Style
	within   dockerfile.Lines
	keepCase bool
	rows     []row
	before   []row  // as they were
	off      []bool // lines that the author has excepted
	all      []Left
	refused  []*dockerfile.Instruction // that BuildKit cannot read
	last     *dockerfile.File          // of now

	experimental bool // rules count that look at comments
}

func newLayout(f *dockerfile.File, style Style, within dockerfile.Lines) *layout {
	rows := rowsOf(f)
	l := &layout{file: f, style: style, within: within, rows: rows, before: slices.Clone(rows)}
	l.off = l.excepted()
	check, _, _ := f.Directive("check")
	l.experimental = strings.Contains(check, "experimental")
	if l.style.Indent == "" {
		l.style.Indent = l.usualIndent()
	}
	return l
}

func (l *layout) left(at dockerfile.Lines, why string) { l.all = append(l.all, Left{at, why}) }

// now is the text as it is laid out.
func (l *layout) now() *dockerfile.File {
	text := textOf(l.rows)
	if text == l.file.String() {
		return l.file
	}
	if l.last == nil || l.last.String() != text {
		l.last = dockerfile.Parse([]byte(text))
	}
	return l.last
}

var switchComment = lazyregexp.New(`^#\s*buildls format (off|on)\s*$`)

// excepted are the lines from a comment `# buildls format off` to one that says on, these two too.
// In a heredoc there are no comments.
func (l *layout) excepted() []bool {
	off := make([]bool, len(l.rows))
	if !strings.Contains(l.file.String(), "buildls format off") {
		return off
	}
	state, all := false, l.file.Instructions()
	for i := range l.rows {
		for len(all) > 0 && all[0].End() < i {
			all = all[1:]
		}
		if comment, _ := l.file.Trimmed(i); len(all) == 0 || i <= lastOf(all[0]) {
			if m := switchComment.FindStringSubmatch(comment); m != nil {
				off[i] = true
				state = m[1] == "off"
			}
		}
		off[i] = off[i] || state
	}
	return off
}

// free says whether a line is to be laid out: it is wanted, not excepted, and an editor sees it as
// one line, as BuildKit does.
func (l *layout) free(line int) bool {
	return line >= l.within.First && line <= l.within.Last && !l.off[line] && !strings.Contains(l.before[line].text, "\r")
}

// layOut lays out all that is free.
func (l *layout) layOut() {
	line := 0
	for _, st := range l.file.Instructions() {
		l.between(line, st.First)
		l.instruction(st)
		line = st.End() + 1
	}
	l.between(line, len(l.rows))
	l.directives()
	l.stages()
	l.edges()
	if l.style.KeepTrailing {
		l.keepTrailing()
	}
	l.lineBreaks()
}

func (l *layout) instruction(st *dockerfile.Instruction) {
	lines := st.Lines()
	if lines.Last < l.within.First || lines.First > l.within.Last || !st.Known() || st.Open() {
		return
	}
	for i := lines.First; i <= lastOf(st); i++ {
		switch {
		case l.off[i]:
			return
		case strings.Contains(l.before[i].text, "\r"):
			l.left(lines, "it has a carriage return that ends no line for BuildKit")
			return
		}
	}
	copy(l.rows[st.First:], l.bom(st.First, l.layInstruction(st)))
}

// bom keeps the byte order mark of the first line.
func (l *layout) bom(first int, rows []row) []row {
	if _, n := l.file.Content(0); first == 0 && len(rows) > 0 {
		rows[0].text = l.before[0].text[:n] + rows[0].text
	}
	return rows
}

// between lays out the lines before an instruction, or behind the last: comments, and empty lines,
// of which one alone follows another line.
func (l *layout) between(first, end int) {
	for i := first; i < end; i++ {
		switch {
		case !l.free(i):
		case l.file.IsComment(i):
			if l.mayMove(i) {
				text, column := l.file.Trimmed(i)
				_, mark := l.file.Content(i)
				l.rows[i].text = l.before[i].text[:min(mark, column)] + strings.TrimSpace(text)
			}
		case l.file.IsBlank(i):
			_, mark := l.file.Content(i)
			l.rows[i].text = l.before[i].text[:mark]
			l.rows[i].dropped = i > first && l.file.IsBlank(i-1) && mark == 0
		}
	}
}

// directiveLike is a comment that would be a directive if it stood elsewhere.
var directiveLike = lazyregexp.New(`(?i)^#\s*(syntax|escape|check)\s*=`)

// mayMove says whether a comment may begin in the first column. BuildKit does not take what is
// indented for a directive, nor for one of an instruction's comments.
func (l *layout) mayMove(i int) bool {
	text, _ := l.file.Trimmed(i)
	return !l.experimental && !directiveLike.MatchString(text)
}

// directives lays out the directives at the beginning.
func (l *layout) directives() {
	indented := l.file.Directives(true)
	for _, d := range l.file.Directives(false) {
		found := slices.ContainsFunc(indented, func(o dockerfile.Directive) bool { return o.Line == d.Line })
		if found && l.free(d.Line) {
			_, mark := l.file.Content(d.Line)
			l.rows[d.Line].text = l.before[d.Line].text[:mark] + "# " + d.Name + "=" + d.Value
		}
	}
}

// stages parts each stage but the first from what is before it, and its comments with it. Stages
// that follow each other without a step stay together.
func (l *layout) stages() {
	var before *dockerfile.Instruction
	seen := false
	for _, st := range l.file.Instructions() {
		if isFrom(st) {
			if seen && !isFrom(before) {
				l.part(st.First, before.End())
			}
			seen = true
		}
		before = st
	}
}

func isFrom(st *dockerfile.Instruction) bool { return st.Name() == "FROM" && st.Onbuild.Empty() }

// part puts an empty line above the comments over a line.
func (l *layout) part(line, after int) {
	for line-1 > after && l.file.IsComment(line-1) {
		line--
	}
	if line-1 != after || !l.free(line) || l.off[after] {
		return
	}
	l.rows[line].parted, l.rows[line].partedBy = true, l.breakOf(line)
}

// edges drops empty lines at both ends, and ends the last line. What stands behind an empty first
// line is no directive, and is to become none.
func (l *layout) edges() {
	first := 0
	for first < len(l.rows) && l.file.IsBlank(first) {
		first++
	}
	if text, _ := l.file.Trimmed(first); first < len(l.rows) && !directiveLike.MatchString(text) && !strings.HasPrefix(text, "#!") {
		l.drop(0, first)
	}
	last := len(l.rows)
	end := l.file.Instructions()[len(l.file.Instructions())-1].End()
	for last-1 > end && l.file.IsBlank(last-1) {
		last--
	}
	l.drop(last, len(l.rows))
	if r := &l.rows[last-1]; r.end == "" && !l.style.KeepEnd && l.free(last-1) && l.ended() {
		r.end = l.breakOf(last - 1)
	}
}

// ended says whether the last instruction is one that ends: a line break behind it is not its own.
func (l *layout) ended() bool {
	all := l.file.Instructions()
	st := all[len(all)-1]
	for _, d := range st.Heredocs {
		if !d.Terminated {
			return false
		}
	}
	return !st.Open()
}

func (l *layout) drop(first, end int) {
	for i := first; i < end; i++ {
		if _, mark := l.file.Content(i); l.free(i) && mark == 0 {
			l.rows[i].dropped = true
		}
	}
}

// breakOf is the line break of a line that gets one.
func (l *layout) breakOf(line int) string {
	switch {
	case l.style.LineBreak != "":
		return l.style.LineBreak
	case l.before[line].end != "":
		return l.before[line].end
	}
	return l.file.LineBreak()
}

// lineBreaks gives lines the line break of the style: not those of a heredoc, whose content it is.
func (l *layout) lineBreaks() {
	if l.style.LineBreak == "" {
		return
	}
	body := make([]bool, len(l.rows))
	for _, st := range l.file.Instructions() {
		for _, d := range st.Heredocs {
			for i := d.First; i <= d.Last; i++ {
				body[i] = true
			}
			if d.First <= d.Last && l.before[d.First].end != l.style.LineBreak && l.free(d.First) {
				l.left(dockerfile.Lines{First: d.First, Last: d.Last}, "the line breaks of a heredoc are part of its content")
			}
		}
	}
	for i := range l.rows {
		if r := &l.rows[i]; r.end != "" && !body[i] && l.free(i) {
			r.end = l.style.LineBreak
		}
	}
}

// keepTrailing puts the blanks back that were at the ends of lines.
func (l *layout) keepTrailing() {
	for i := range l.rows {
		was := l.before[i].text
		blanks := was[len(strings.TrimRight(was, " \t")):]
		if r := &l.rows[i]; r.text != was && blanks != "" {
			r.text = strings.TrimRight(r.text, " \t") + blanks
		}
	}
}
