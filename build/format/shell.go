package format

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// A Shell is how the shell text of RUN is laid out, as shfmt does it. It changes what the cache
// goes by, so that steps run again, but not what they do: each text is left as it is whose syntax
// tree would be another.
type Shell struct {
	OperatorsLast bool // && and | end a line, where they else begin the next
}

// A shellLayout is a text whose shell is being laid out.
type shellLayout struct {
	file    *dockerfile.File
	style   Style
	printer *syntax.Printer
	lines   []string // of the text, with their ends; those that go are empty
	left    []Left
}

// layOutShell is the file with the shell of its RUN instructions laid out that stand on some lines.
func layOutShell(f *dockerfile.File, style Style, within dockerfile.Lines) (*dockerfile.File, []Left) {
	l := &shellLayout{file: f, style: style}
	if l.style.Indent == "" {
		l.style.Indent = DefaultIndent
	}
	indent := uint(len(l.style.Indent))
	if strings.HasPrefix(l.style.Indent, "\t") {
		indent = 0 // tabs
	}
	l.printer = syntax.NewPrinter(syntax.Indent(indent), syntax.BinaryNextLine(!style.Shell.OperatorsLast))
	for i := range f.Count() {
		l.lines = append(l.lines, string(f.Slice(i, i)))
	}
	off := newLayout(f, style, within).off
	in := shell.POSIX
	for _, st := range f.Instructions() {
		switch {
		case isFrom(st):
			in = shell.POSIX
		case st.Name() == "SHELL":
			in = dialectOf(st)
		case st.Name() != "RUN" || !st.Onbuild.Empty() || st.Lines().Last < within.First || st.First > within.Last || off[st.First]:
		default:
			if why := l.layOut(st, in); why != "" {
				l.left = append(l.left, Left{st.Lines(), "its shell stays: " + why})
			}
		}
	}
	return dockerfile.Parse([]byte(strings.Join(l.lines, ""))), l.left
}

// dialectOf is the shell that a SHELL names.
func dialectOf(st *dockerfile.Instruction) shell.Dialect {
	list, err := st.JSONArray()
	if err != nil {
		return shell.Foreign
	}
	var words []string
	for _, e := range list {
		words = append(words, e.Value)
	}
	return shell.DialectOf(words)
}

// layOut lays out the shell of an instruction, or says why it stays.
func (l *shellLayout) layOut(st *dockerfile.Instruction, in shell.Dialect) (why string) {
	scripts := shell.Scripts(st, in)
	if _, err := st.Command().JSONArray(); err == nil || len(scripts) != 1 {
		return "" // of another program
	}
	if l.file.Escape != '\\' {
		return "continuation lines end with another sign than the shell's"
	}
	script := scripts[0]
	switch {
	case script.Doc >= 0:
		return l.layOutBody(st, script)
	case len(st.Heredocs) > 0:
		return "it has a heredoc"
	case st.Commented || len(st.Blanks) > 0:
		return "a comment or an empty line stands between its lines"
	case st.Open():
		return "" // it is not finished
	}
	return l.layOutWords(st, script)
}

// layOutWords lays out the words of a RUN, which BuildKit makes one line of.
func (l *shellLayout) layOutWords(st *dockerfile.Instruction, script shell.Script) (why string) {
	first, column := st.Position(script.Start)
	last := lastOf(st)
	raw := strings.TrimRight(strings.ReplaceAll(string(l.file.Slice(first, last))[column:], "\r\n", "\n"), " \t\n")
	file, err := parse(raw, script.Dialect)
	if err != nil {
		return "it cannot be read"
	}
	if len(file.Last) > 0 || hasComment(file) {
		return "it has a comment"
	}
	var out strings.Builder
	if l.printer.Print(&out, file) != nil {
		return "it cannot be printed"
	}
	text := oneLine(out.String(), l.style.Indent)
	if text == raw {
		return ""
	}
	before, errBefore := parse(script.Text, script.Dialect)
	after, errAfter := parse(strings.ReplaceAll(text, "\\\n", ""), script.Dialect)
	if errBefore != nil || errAfter != nil || !sameTree(reflect.ValueOf(before.Stmts), reflect.ValueOf(after.Stmts)) {
		return "it would be another program"
	}
	end := l.lines[last][len(strings.TrimRight(l.lines[last], "\r\n")):]
	head := l.lines[first][:column]
	for i := first; i <= last; i++ {
		l.lines[i] = ""
	}
	l.lines[first] = head + strings.ReplaceAll(text, "\n", cmp.Or(end, l.file.LineBreak())) + end
	return ""
}

// oneLine joins the lines of a printed script by the escape, with ";" where only a line break ends
// a command. It need not be right: what is another program then is not used.
func oneLine(printed, step string) string {
	var lines []string
	outdented := false
	for line := range strings.SplitSeq(printed, "\n") {
		if line = strings.TrimRight(strings.TrimSuffix(line, "\\"), " \t"); line != "" {
			outdented = outdented || len(lines) > 0 && strings.TrimLeft(line, " \t") == line
			lines = append(lines, line)
		}
	}
	joined := map[string]bool{} // lines that the printer has joined with the next
	for line := range strings.SplitSeq(printed, "\n") {
		if cut, ok := strings.CutSuffix(line, "\\"); ok {
			joined[strings.TrimRight(cut, " \t")] = true
		}
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 && outdented {
			b.WriteString(step)
		}
		b.WriteString(line)
		switch {
		case i == len(lines)-1:
		case joined[line] || isOpen(line):
			b.WriteString(" \\\n")
		default:
			b.WriteString("; \\\n")
		}
	}
	return b.String()
}

// isOpen says whether a command or a list goes on behind a line.
func isOpen(line string) bool {
	fields := strings.Fields(line)
	switch fields[len(fields)-1] {
	case "then", "do", "else", "in", "{", "(", "&&", "||", "|", "|&", "&", ";;", ";&":
		return true
	}
	return strings.HasSuffix(line, "(") || strings.HasSuffix(line, ";")
}

// layOutBody lays out the body of a heredoc that is RUN's script.
func (l *shellLayout) layOutBody(st *dockerfile.Instruction, script shell.Script) (why string) {
	d := st.Heredocs[script.Doc]
	if d.Chomp || strings.Contains(script.Text, "\r") {
		return "its heredoc drops tabs, or has carriage returns"
	}
	file, err := parse(script.Text, script.Dialect)
	if err != nil {
		return "it cannot be read"
	}
	var out strings.Builder
	if l.printer.Print(&out, file) != nil {
		return "it cannot be printed"
	}
	text := out.String()
	after, err := parse(text, script.Dialect)
	if err != nil || !sameTree(reflect.ValueOf(file), reflect.ValueOf(after)) {
		return "it would be another program"
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == d.Name {
			return "it would be another program"
		}
	}
	for i := d.First; i <= d.Last; i++ {
		l.lines[i] = ""
	}
	l.lines[d.First] = strings.ReplaceAll(text, "\n", l.file.LineBreak())
	return ""
}

// parse reads a script, with its comments.
func parse(text string, in shell.Dialect) (*syntax.File, error) {
	if !shell.Bounded(text) {
		return nil, errors.New("it is too long")
	}
	variant := syntax.LangBash
	if in == shell.POSIX || in == shell.Ash {
		variant = syntax.LangPOSIX
	}
	file, err := syntax.NewParser(syntax.KeepComments(true), syntax.Variant(variant)).Parse(strings.NewReader(text), "")
	if err != nil && variant == syntax.LangPOSIX { // BusyBox knows some of Bash's
		file, err = syntax.NewParser(syntax.KeepComments(true)).Parse(strings.NewReader(text), "")
	}
	return file, err
}

func hasComment(file *syntax.File) (found bool) {
	syntax.Walk(file, func(n syntax.Node) bool {
		_, comment := n.(*syntax.Comment)
		found = found || comment
		return !found
	})
	return found
}

var posType = reflect.TypeFor[syntax.Pos]()

// sameTree compares two trees, but for where things stand.
func sameTree(a, b reflect.Value) bool {
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return sameTree(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameTree(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if a.Type() == posType {
			return true
		}
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !sameTree(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// Again is how many steps a build runs again of which the cache had all before: those whose shell
// was laid out, and those that stand on them.
func (r *Result) Again() (steps int) {
	if r.original == nil {
		return 0
	}
	now := dockerfile.Parse([]byte(r.Text()))
	uses := map[*dockerfile.Instruction][]int{} // stages
	for _, name := range now.StageNames() {
		if !name.Defines {
			uses[name.Instruction] = append(uses[name.Instruction], name.Stage)
		}
	}
	before := r.original.Instructions()
	again := []bool{} // by stage, as far as it was passed
	for i, st := range now.Instructions() {
		if isFrom(st) {
			again = append(again, false)
		}
		if len(again) == 0 {
			continue
		}
		this := len(again) - 1
		if slices.ContainsFunc(uses[st], func(stage int) bool { return again[stage] }) || st.Name() == "RUN" && !sameShell(before[i], st) {
			again[this] = true
		}
		if again[this] && slices.Contains([]string{"RUN", "COPY", "ADD", "WORKDIR"}, st.Name()) {
			steps++
		}
	}
	return steps
}

// sameShell says whether two RUN give a shell the same.
func sameShell(a, b *dockerfile.Instruction) bool {
	body := func(st *dockerfile.Instruction) (text string) {
		for _, d := range st.Heredocs {
			text += st.Body(d).Text
		}
		return text
	}
	return a.Slice(a.Rest) == b.Slice(b.Rest) && body(a) == body(b)
}
