package format

import (
	"cmp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/lint/pragma"
	"github.com/buildls/buildls/build/shell"
)

// A Shell is how the shell text of RUN is laid out, as shfmt does it. It changes what the cache
// goes by, so that steps run again, but not what they do: each text is left as it is whose syntax
// tree would be another, in some shell that may read it.
type Shell struct {
	OperatorsLast bool // && and | end a line, where they else begin the next
}

// A shellLayout is a text whose shell is being laid out.
type shellLayout struct {
	file  *dockerfile.File
	style Style
	lines []string // of the text, with their ends; those that go are empty
	left  []Left
}

// layOutShell is the file with the shell of its RUN instructions laid out that stand on some lines.
func layOutShell(f *dockerfile.File, style Style, within dockerfile.Lines) (*dockerfile.File, []Left) {
	l := &shellLayout{file: f, style: style}
	if l.style.Indent == "" {
		l.style.Indent = DefaultIndent
	}
	for i := range f.Count() {
		l.lines = append(l.lines, string(f.Slice(i, i)))
	}
	off := newLayout(f, style, within).off
	shells := shellsOf(f)
	for i, st := range f.Instructions() {
		if st.Name() != "RUN" || !st.Onbuild.Empty() || st.Lines().Last < within.First || st.First > within.Last || off[st.First] {
			continue
		}
		if why := l.layOut(st, shells[i]); why != "" {
			l.left = append(l.left, Left{st.Lines(), "its shell stays: " + why})
		}
	}
	return dockerfile.Parse([]byte(strings.Join(l.lines, ""))), l.left
}

// A reader is what is known of the shell that reads the RUN behind a FROM, a SHELL or a comment.
type reader struct {
	shell.Dialect
	guessed bool // nothing says which it is, and the image may be one of Windows
	told    bool // why nothing is laid out that it reads
}

// shellsOf are the shells that read the instructions of a file, one by one.
func shellsOf(f *dockerfile.File) (list []*reader) {
	now, stage, stages := &reader{}, "", map[string]reader{}
	comments := pragma.ShellsOf(f)
	for _, st := range f.Instructions() {
		if isFrom(st) {
			stages[stage] = *now
			now, stage = &reader{guessed: shell.MayBeWindows(st)}, ""
			if len(st.Args) > 0 {
				if base, ok := stages[strings.ToLower(st.Unquoted(st.Args[0]))]; ok {
					now = &reader{Dialect: base.Dialect, guessed: base.guessed}
				}
			}
			if at, ok := st.StageName(); ok {
				stage = strings.ToLower(st.Unquoted(at))
			}
		}
		if name := comments.Above(st.First); name != "" {
			now = &reader{Dialect: shell.DialectOf([]string{name})}
		}
		if st.Name() == "SHELL" && st.Onbuild.Empty() {
			now = &reader{Dialect: dialectOf(st)}
		}
		list = append(list, now)
	}
	return list
}

// dialectOf is the shell that a SHELL names, if that reads a script.
func dialectOf(st *dockerfile.Instruction) shell.Dialect {
	words := st.Values()
	if !shell.TakesScript(words) {
		return shell.Foreign
	}
	return shell.DialectOf(words)
}

// layOut lays out the shell of an instruction, or says why it stays.
func (l *shellLayout) layOut(st *dockerfile.Instruction, in *reader) (why string) {
	scripts := shell.Scripts(st, in.Dialect)
	if _, err := st.Command().JSONArray(); err == nil || len(scripts) != 1 || st.Open() {
		return "" // of another program, or not finished
	}
	script := scripts[0]
	guessed := in.guessed && script.Dialect == shell.POSIX
	var put func()
	switch {
	case script.Dialect == shell.Zsh:
		why = "zsh is not read"
	case script.Doc >= 0:
		put, why = l.layOutBody(st, script)
	case len(st.Heredocs) > 0:
		why = l.besideHeredocs(st, script)
	default:
		put, why = l.layOutWords(st, script)
	}
	switch {
	case guessed && put == nil:
		return ""
	case guessed:
		why = "its image may be one of Windows, and no SHELL says which shell reads it"
	case put != nil:
		put()
	}
	if guessed || script.Dialect == shell.Zsh && in.Dialect == shell.Zsh { // all RUN have it
		if in.told {
			return ""
		}
		in.told = true
	}
	return why
}

// wordsOf are the words that a shell is given, as they stand in the file: the shell too knows the
// escape as the end of a line that goes on.
func (l *shellLayout) wordsOf(st *dockerfile.Instruction, script shell.Script) (raw string, at []dockerfile.Token) {
	var lines []string
	at = st.Pieces(script.Part)
	for i, t := range at {
		for before := t.First - 1; i > 0 && before > at[i-1].First; before-- {
			if !l.file.IsComment(before) && !l.file.IsBlank(before) {
				lines = append(lines, "") // nothing but the escape stands there
			}
		}
		lines = append(lines, l.file.Line(t.First)[t.Start:t.End])
	}
	return strings.TrimRight(strings.Join(lines, "\\\n"), " \t"), at
}

// layOutWords lays out the words of a RUN, which BuildKit makes one line of.
func (l *shellLayout) layOutWords(st *dockerfile.Instruction, script shell.Script) (put func(), why string) {
	raw, at := l.wordsOf(st, script)
	if len(at) == 0 {
		return nil, ""
	}
	first, last := at[0].First, at[len(at)-1].First
	begin := strings.Join(l.lines[st.First:first], "") + l.lines[first][:at[0].Start]
	end := l.lines[last][len(strings.TrimRight(l.lines[last], "\r\n")):]
	written := func(text string) string {
		return begin + strings.ReplaceAll(text, "\\\n", string(l.file.Escape)+cmp.Or(end, l.file.LineBreak())) + end
	}
	given := func(text string) (string, bool) {
		all := dockerfile.Parse([]byte("# escape=" + string(l.file.Escape) + "\n" + written(text))).Instructions()
		if len(all) != 1 || len(all[0].Heredocs) > 0 {
			return "", false
		}
		return all[0].Slice(all[0].Rest), true
	}
	text, why := l.program(script, raw, given)
	if text == "" {
		return nil, why
	}
	for i := first; i <= last; i++ {
		if l.file.IsComment(i) || l.file.IsBlank(i) {
			return nil, "a comment or an empty line stands between its lines"
		}
	}
	return func() {
		for i := st.First; i <= last; i++ {
			l.lines[i] = ""
		}
		l.lines[st.First] = written(text)
	}, ""
}

// besideHeredocs says why the words beside a heredoc stay, if they would not do so anyway.
func (l *shellLayout) besideHeredocs(st *dockerfile.Instruction, script shell.Script) (why string) {
	raw, _ := l.wordsOf(st, script)
	text := raw + strings.TrimPrefix(script.Text, st.Slice(script.Part))
	file, err := parse(text, syntax.LangBash)
	if err != nil {
		return ""
	}
	if text, err = l.print(text, file); err != nil || strings.HasPrefix(text, raw+"\n") {
		return ""
	}
	return "a heredoc follows it"
}

// firstTabs are what <<- takes away.
var firstTabs = lazyregexp.New(`(?m)^\t+`)

// layOutBody lays out the body of a heredoc that is RUN's script.
func (l *shellLayout) layOutBody(st *dockerfile.Instruction, script shell.Script) (put func(), why string) {
	d := st.Heredocs[script.Doc]
	stays := ""
	switch {
	case !d.Terminated:
		return nil, ""
	case d.Chomp:
		stays = "<<- takes the tabs from its lines; << would not"
		script.Text = firstTabs.ReplaceAllString(script.Text, "")
	case slices.Contains(l.file.Slice(d.First, d.Last), '\r'):
		stays = "it has carriage returns, which the shell reads as any other sign"
	case script.Unsure:
		stays = "another shell fills in variables before; <<'" + d.Name + "' would keep it from that"
	}
	text, why := l.program(script, script.Text, func(text string) (string, bool) {
		return text, !slices.Contains(strings.Split(text, "\n"), d.Name)
	})
	switch {
	case text == "" && why == "":
		return nil, ""
	case stays != "" || why != "":
		return nil, cmp.Or(stays, why)
	}
	return func() {
		for i := d.First; i <= d.Last; i++ {
			l.lines[i] = ""
		}
		l.lines[d.First] = text
	}, ""
}
