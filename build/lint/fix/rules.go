package fix

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/lint/locate"
)

// cased is a word in the case of a model: lower if that is, else upper.
func cased(word, model string) string {
	if model == strings.ToLower(model) {
		return strings.ToLower(word)
	}
	return strings.ToUpper(word)
}

// lower says whether the file writes its instructions in lower case, as BuildKit counts
// them (dockerfile2llb.validateCommandCasing).
func (s *source) lower() bool {
	lower, upper, stage := 0, 0, false
	for _, st := range s.Instructions() {
		stage = stage || st.Name() == "FROM"
		switch word := st.Slice(st.Head()); {
		case !stage:
		case word == strings.ToLower(word):
			lower++
		case word == strings.ToUpper(word):
			upper++
		}
	}
	return lower > upper
}

func mendAs(m mending) []Fix {
	if len(m.Args) < 2 {
		return nil
	}
	as := cased(m.Slice(m.Args[1]), m.Slice(m.Keyword))
	f := m.replace("Write "+as, as, m.Tokens(m.Args[1]))
	f.Safe = true
	return one(f)
}

// mendCasing takes AS along with its FROM: it would be wrong next.
func mendCasing(m mending) []Fix {
	to := strings.ToUpper
	if strings.Contains(m.message, "(lowercase)") {
		to = strings.ToLower
	}
	word := m.Slice(m.Head())
	f := m.replace("Write "+to(word), to(word), m.Tokens(m.Head()))
	f.Safe = true
	if m.Name() == "FROM" && len(m.Args) == 3 {
		as := m.Args[1]
		f.Edits = append(f.Edits, edit(m.Token(as), to(m.Slice(as))))
	}
	return one(f)
}

// mendStageName renames the stage wherever it is named.
func mendStageName(m mending) []Fix {
	if len(m.Args) != 3 {
		return nil
	}
	name := m.Slice(m.Args[2])
	lower := strings.ToLower(name)
	f := m.replace("Rename to "+lower, lower, m.Tokens(m.Args[2]))
	f.Safe = true
	for _, st := range m.src.Instructions() {
		for _, sp := range st.ImageNames() {
			if is := st.Slice(sp); st.First > m.First && strings.EqualFold(is, name) && is != lower {
				f.Edits = append(f.Edits, edit(st.Token(sp), lower))
			}
		}
	}
	return one(f)
}

func mendEmptyLines(m mending) []Fix {
	f := Fix{Title: "Remove the empty line", Preferred: true, Safe: true}
	if len(m.Blanks) > 1 {
		f.Title += "s"
	}
	for _, i := range m.Blanks {
		f.Edits = append(f.Edits, m.src.lineEdit(i, i))
	}
	return one(f)
}

// lineEdit removes lines with their breaks.
func (s *source) lineEdit(first, last int) Edit {
	if last+1 < s.Rows() {
		return Edit{First: first, Last: last + 1}
	}
	return Edit{First: first, Last: last, End: len(s.Line(last))}
}

// mendUseless removes the instruction that a later one overrides.
func mendUseless(m mending) []Fix {
	return []Fix{{Title: "Remove this " + m.Name() + ", which has no effect",
		Edits: []Edit{m.src.lineEdit(m.First, m.End())}}}
}

func mendMaintainer(m mending) []Fix {
	if m.Commented || m.Rest.Empty() {
		return nil
	}
	author := m.Slice(m.Rest)
	if n := len(author); n > 1 && strings.ContainsRune(`"'`, rune(author[0])) && author[n-1] == author[0] {
		author = author[1 : n-1]
	}
	escape := string(m.src.Escape)
	author = strings.NewReplacer(escape, escape+escape, `"`, escape+`"`, "$", escape+"$").Replace(author)
	text := cased("label", m.Slice(m.Keyword)) + ` org.opencontainers.image.authors="` + author + `"`
	return one(m.replace("Write as a LABEL", text, m.Tokens(dockerfile.Part{Start: m.Keyword.Start, End: m.Rest.End})))
}

// mendLegacy writes ENV key value as ENV key=value, the value in quotes or its blanks
// escaped if it has any.
func mendLegacy(m mending) []Fix {
	key := dockerfile.Part{Start: m.Rest.Start, End: m.WordEnd(m.Rest.Start, false)}
	value := dockerfile.Part{Start: m.SkipBlank(key.End), End: m.Rest.End}
	if value.Empty() || strings.ContainsAny(m.Slice(key), `"'`) {
		return nil
	}
	gap := m.Gap(key, value)
	if gap.Last-gap.First > 1 { // a comment may be there
		return nil
	}
	f := m.replace("Write as key=value", "=", []dockerfile.Token{gap})
	f.Safe = true
	switch text := m.Slice(value); {
	case m.WordEnd(value.Start, true) >= value.End: // one word
	case !strings.ContainsAny(text, `"'`+string(m.src.Escape)):
		f.Edits[0].Text = `="`
		end := m.Token(value)
		f.Edits = append(f.Edits, Edit{end.Last, end.End, end.Last, end.End, `"`})
	default:
		f.Edits = append(f.Edits, m.escapeBlanks(value)...)
	}
	return one(f)
}

func (m mending) escapeBlanks(in dockerfile.Part) []Edit {
	var edits []Edit
	for at := in.Start; at < in.End; {
		end := m.WordEnd(at, true)
		for at = end; at < in.End && m.Blank(at, true) > 0; at += m.Blank(at, true) {
			line, column := m.Position(at)
			edits = append(edits, Edit{line, column, line, column, string(m.src.Escape)})
		}
	}
	return edits
}

// targetPlatform is what a --platform need not say: it is the default.
const targetPlatform = "TARGETPLATFORM"

// mendPlatform removes the flag and the blanks behind it.
func mendPlatform(m mending) []Fix {
	list := m.Tokens(m.FlagsNamed("--platform")...)
	if len(list) == 0 || list[0].First != list[0].Last {
		return nil
	}
	t := list[0]
	rest := m.src.Line(t.Last)[t.End:]
	t.End += len(rest) - len(strings.TrimLeft(rest, " \t"))
	f := m.replace("Remove --platform", "", []dockerfile.Token{t})
	f.Safe = true
	return one(f)
}

// port finds the argument of EXPOSE that the message names, if it is there as it is.
func (m mending) port() (dockerfile.Part, bool) {
	for _, a := range m.Args {
		if m.Slice(a) == m.Named(0) {
			return a, true
		}
	}
	return dockerfile.Part{}, false
}

func mendProto(m mending) []Fix {
	port, ok := m.port()
	if !ok {
		return nil
	}
	_, proto, _ := m.Cut(port, "/")
	lower := strings.ToLower(m.Slice(proto))
	f := m.replace("Write "+lower, lower, m.Tokens(proto))
	f.Safe = true
	return one(f)
}

// mendPort leaves the port of the container, which is all that counts.
func mendPort(m mending) []Fix {
	port, ok := m.port()
	if !ok {
		return nil
	}
	n := strings.LastIndexByte(m.Slice(port), ':') + 1
	before, inside := dockerfile.Part{Start: port.Start, End: port.Start + n}, dockerfile.Part{Start: port.Start + n, End: port.End}
	f := m.replace("Expose "+m.Slice(inside), "", m.Tokens(before))
	f.Safe = true
	return one(f)
}

// mendDescription begins the comment with the name that it describes.
func mendDescription(m mending) []Fix {
	line := m.here.First
	if !m.src.IsComment(line) {
		if list := locate.Description(m.Site); len(list) > 0 {
			line = list[0].First
		}
	}
	text, column := m.src.Trimmed(line)
	match, ok := locate.Match("format: `# % <description>`", m.message)
	if !ok || !strings.HasPrefix(text, "#") || match[0] == "<arg_key>" {
		return nil
	}
	blanks := len(text[1:]) - len(strings.TrimLeft(text[1:], " \t"))
	at := dockerfile.Token{First: line, Start: column + 1 + blanks, Last: line, End: column + 1 + blanks}
	word, _, _ := strings.Cut(text[1+blanks:], " ")
	name := match[0]
	if strings.EqualFold(strings.Trim(word, ":,-"), name) {
		at.End += len(word)
	} else {
		name += " "
	}
	f := m.replace("Describe "+match[0]+" with this comment", name, []dockerfile.Token{at})
	f.Preferred = false
	return one(f)
}

// secretKey is what BuildKit takes for the name of a secret, which no ARG may be.
var secretKey = lazyregexp.New(`(?i)(?:_|^)(?:apikey|auth|credentials?|key|password|` +
	`pword|passwd|secret|token)(?:_|$)`)

// plainName is a variable's name that can be declared.
var plainName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// mendUndefined names another variable, or declares this one in its stage.
func mendUndefined(m mending) []Fix {
	list := m.rename("$" + m.hint)
	if name := m.Named(0); plainName.MatchString(name) && !secretKey.MatchString(name) {
		list = append(list, m.src.declare(name, m.src.above(m.First), len(list) == 0))
	}
	return list
}

// mendUndefinedInFrom does the same for a FROM, which sees the ARGs before the first.
func mendUndefinedInFrom(m mending) []Fix {
	if m.hint == targetPlatform {
		return mendPlatform(m)
	}
	list := m.rename(m.hint)
	line := 0
	for _, st := range m.src.Instructions() {
		if st.Name() != "FROM" {
			line = st.End() + 1 // below the ARGs that there are
			continue
		}
		if line == 0 {
			line = m.src.above(st.First)
		}
		break
	}
	if plainName.MatchString(m.Named(0)) {
		list = append(list, m.src.declare(m.Named(0), line, len(list) == 0))
	}
	return list
}

// rename uses the variable that BuildKit thinks was meant, all over the instruction.
func (m mending) rename(shown string) []Fix {
	if m.hint == "" {
		return nil
	}
	f := Fix{Title: "Change to " + shown, Preferred: true}
	for _, u := range locate.Uses(m.Site) {
		f.Edits = append(f.Edits, edit(u.Name, m.hint))
	}
	return one(f)
}

// declare inserts an ARG above a line.
func (s *source) declare(name string, line int, preferred bool) Fix {
	arg := "ARG"
	if s.lower() {
		arg = "arg"
	}
	return Fix{Title: "Declare " + arg + " " + name, Preferred: preferred,
		Edits: []Edit{s.insertLine(line, arg+" "+name)}}
}

// insertLine inserts a line above another one.
func (s *source) insertLine(line int, text string) Edit {
	_, column := s.Content(line)
	return Edit{line, column, line, column, text + s.LineBreak()}
}

// above is the first line of the comments right above an instruction: they are about
// it, and must stay with it. Parser directives must stay on top.
func (s *source) above(line int) int {
	top := 0
	for _, forEscape := range []bool{false, true} {
		for _, d := range s.Directives(forEscape) {
			top = max(top, d.Line+1)
		}
	}
	for line > top && s.IsComment(line-1) {
		line--
	}
	return line
}
