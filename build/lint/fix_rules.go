package lint

import (
	"regexp"
	"strings"
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
	for _, st := range s.statements() {
		stage = stage || st.name() == "FROM"
		switch word := st.of(st.head()); {
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
	if len(m.args) < 2 {
		return nil
	}
	as := cased(m.of(m.args[1]), m.of(m.keyword))
	f := m.replace("Write "+as, as, m.tokens(m.args[1]))
	f.Safe = true
	return one(f)
}

// mendCasing takes AS along with its FROM: it would be wrong next.
func mendCasing(m mending) []Fix {
	to := strings.ToUpper
	if strings.Contains(m.message, "(lowercase)") {
		to = strings.ToLower
	}
	word := m.of(m.head())
	f := m.replace("Write "+to(word), to(word), m.tokens(m.head()))
	f.Safe = true
	if m.name() == "FROM" && len(m.args) == 3 {
		as := m.args[1]
		f.Edits = append(f.Edits, edit(m.token(as), to(m.of(as))))
	}
	return one(f)
}

// mendStageName renames the stage wherever it is named.
func mendStageName(m mending) []Fix {
	if len(m.args) != 3 {
		return nil
	}
	name := m.of(m.args[2])
	lower := strings.ToLower(name)
	f := m.replace("Rename to "+lower, lower, m.tokens(m.args[2]))
	f.Safe = true
	for _, st := range m.src.statements() {
		for _, sp := range st.images() {
			if is := st.of(sp); st.first > m.first && strings.EqualFold(is, name) && is != lower {
				f.Edits = append(f.Edits, edit(st.token(sp), lower))
			}
		}
	}
	return one(f)
}

func mendEmptyLines(m mending) []Fix {
	f := Fix{Title: "Remove the empty line", Preferred: true, Safe: true}
	if len(m.blanks) > 1 {
		f.Title += "s"
	}
	for _, i := range m.blanks {
		f.Edits = append(f.Edits, m.src.lineEdit(i, i))
	}
	return one(f)
}

// lineEdit removes lines with their breaks.
func (s *source) lineEdit(first, last int) Edit {
	if last+1 < s.rows() {
		return Edit{First: first, Last: last + 1}
	}
	return Edit{First: first, Last: last, End: len(s.line(last))}
}

// mendUseless removes the instruction that a later one overrides.
func mendUseless(m mending) []Fix {
	return []Fix{{Title: "Remove this " + m.name() + ", which has no effect",
		Edits: []Edit{m.src.lineEdit(m.first, m.end())}}}
}

func mendMaintainer(m mending) []Fix {
	if m.commented || m.rest.empty() {
		return nil
	}
	author := m.of(m.rest)
	if n := len(author); n > 1 && strings.ContainsRune(`"'`, rune(author[0])) && author[n-1] == author[0] {
		author = author[1 : n-1]
	}
	escape := string(m.src.escape)
	author = strings.NewReplacer(escape, escape+escape, `"`, escape+`"`, "$", escape+"$").Replace(author)
	text := cased("label", m.of(m.keyword)) + ` org.opencontainers.image.authors="` + author + `"`
	return one(m.replace("Write as a LABEL", text, m.tokens(span{m.keyword.start, m.rest.end})))
}

// mendLegacy writes ENV key value as ENV key=value, the value in quotes or its blanks
// escaped if it has any.
func mendLegacy(m mending) []Fix {
	key := span{m.rest.start, m.wordEnd(m.rest.start, false)}
	value := span{m.skip(key.end), m.rest.end}
	if value.empty() || strings.ContainsAny(m.of(key), `"'`) {
		return nil
	}
	gap := m.gap(key, value)
	if gap.Last-gap.First > 1 { // a comment may be there
		return nil
	}
	f := m.replace("Write as key=value", "=", []token{gap})
	f.Safe = true
	switch text := m.of(value); {
	case m.wordEnd(value.start, true) >= value.end: // one word
	case !strings.ContainsAny(text, `"'`+string(m.src.escape)):
		f.Edits[0].Text = `="`
		end := m.token(value)
		f.Edits = append(f.Edits, Edit{end.Last, end.End, end.Last, end.End, `"`})
	default:
		f.Edits = append(f.Edits, m.escapeBlanks(value)...)
	}
	return one(f)
}

func (m mending) escapeBlanks(in span) []Edit {
	var edits []Edit
	for at := in.start; at < in.end; {
		end := m.wordEnd(at, true)
		for at = end; at < in.end && m.blank(at, true) > 0; at += m.blank(at, true) {
			line, column := m.place(at)
			edits = append(edits, Edit{line, column, line, column, string(m.src.escape)})
		}
	}
	return edits
}

// targetPlatform is what a --platform need not say: it is the default.
const targetPlatform = "TARGETPLATFORM"

// mendPlatform removes the flag and the blanks behind it.
func mendPlatform(m mending) []Fix {
	list := m.tokens(m.flag("--platform")...)
	if len(list) == 0 || list[0].First != list[0].Last {
		return nil
	}
	t := list[0]
	rest := m.src.line(t.Last)[t.End:]
	t.End += len(rest) - len(strings.TrimLeft(rest, " \t"))
	f := m.replace("Remove --platform", "", []token{t})
	f.Safe = true
	return one(f)
}

// port finds the argument of EXPOSE that the message names, if it is there as it is.
func (m mending) port() (span, bool) {
	for _, a := range m.args {
		if m.of(a) == m.named(0) {
			return a, true
		}
	}
	return span{}, false
}

func mendProto(m mending) []Fix {
	port, ok := m.port()
	if !ok {
		return nil
	}
	_, proto, _ := m.cut(port, "/")
	lower := strings.ToLower(m.of(proto))
	f := m.replace("Write "+lower, lower, m.tokens(proto))
	f.Safe = true
	return one(f)
}

// mendPort leaves the port of the container, which is all that counts.
func mendPort(m mending) []Fix {
	port, ok := m.port()
	if !ok {
		return nil
	}
	n := strings.LastIndexByte(m.of(port), ':') + 1
	before, inside := span{port.start, port.start + n}, span{port.start + n, port.end}
	f := m.replace("Expose "+m.of(inside), "", m.tokens(before))
	f.Safe = true
	return one(f)
}

// mendDescription begins the comment with the name that it describes.
func mendDescription(m mending) []Fix {
	line := m.here.First
	if !m.src.comment(line) {
		if list := description(m.subject); len(list) > 0 {
			line = list[0].First
		}
	}
	text, column := m.src.trimmed(line)
	match, ok := matching("format: `# % <description>`", m.message)
	if !ok || !strings.HasPrefix(text, "#") || match[0] == "<arg_key>" {
		return nil
	}
	blanks := len(text[1:]) - len(strings.TrimLeft(text[1:], " \t"))
	at := token{line, column + 1 + blanks, line, column + 1 + blanks}
	word, _, _ := strings.Cut(text[1+blanks:], " ")
	name := match[0]
	if strings.EqualFold(strings.Trim(word, ":,-"), name) {
		at.End += len(word)
	} else {
		name += " "
	}
	f := m.replace("Describe "+match[0]+" with this comment", name, []token{at})
	f.Preferred = false
	return one(f)
}

// secretKey is what BuildKit takes for the name of a secret, which no ARG may be.
var secretKey = regexp.MustCompile(`(?i)(?:_|^)(?:apikey|auth|credentials?|key|password|` +
	`pword|passwd|secret|token)(?:_|$)`)

// plainName is a variable's name that can be declared.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// mendUndefined names another variable, or declares this one in its stage.
func mendUndefined(m mending) []Fix {
	list := m.rename("$" + m.hint)
	if name := m.named(0); plainName.MatchString(name) && !secretKey.MatchString(name) {
		list = append(list, m.src.declare(name, m.src.above(m.first), len(list) == 0))
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
	for _, st := range m.src.statements() {
		if st.name() != "FROM" {
			line = st.end() + 1 // below the ARGs that there are
			continue
		}
		if line == 0 {
			line = m.src.above(st.first)
		}
		break
	}
	if plainName.MatchString(m.named(0)) {
		list = append(list, m.src.declare(m.named(0), line, len(list) == 0))
	}
	return list
}

// rename uses the variable that BuildKit thinks was meant, all over the instruction.
func (m mending) rename(shown string) []Fix {
	if m.hint == "" {
		return nil
	}
	f := Fix{Title: "Change to " + shown, Preferred: true}
	for _, u := range uses(m.subject) {
		f.Edits = append(f.Edits, edit(u.name, m.hint))
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
	_, column := s.content(line)
	return Edit{line, column, line, column, text + s.lineBreak()}
}

// above is the first line of the comments right above an instruction: they are about
// it, and must stay with it. Parser directives must stay on top.
func (s *source) above(line int) int {
	top := 0
	for _, forEscape := range []bool{false, true} {
		for _, d := range s.directives(forEscape) {
			top = max(top, d.line+1)
		}
	}
	for line > top && s.comment(line-1) {
		line--
	}
	return line
}
