package lint

import (
	"regexp"
	"slices"
	"strings"
)

// typos are the errors for which BuildKit may say what was meant, and what finds the
// part to replace with it.
var typos = []saying{
	{unknownInstruction, keywordToken},
	{"unknown flag: %", flagNames},
	{"unexpected key '%' in '%'", fieldKey},
	{"unsupported mount type %", fieldValue("type")},
	{"unsupported sharing value %", fieldValue("sharing")},
	{"platform value from expression %", platformVariable},
	{"failed to parse platform %: ", platformVariable},
	{"%: ", imageAlone},
}

const unknownInstruction = "unknown instruction: %"

// mendTypo writes what BuildKit thinks was meant.
func (m mending) mendTypo(message string) []Fix {
	for _, t := range typos {
		match, ok := matching(t.message, message)
		if !ok {
			continue
		}
		m.match = match
		f := m.replace("Change to "+m.hint, m.hint, t.find(m.subject))
		f.Preferred = t.message != unknownInstruction || !m.src.data(m.statement)
		return one(f)
	}
	return nil
}

// data says whether a line that BuildKit takes for an instruction rather looks like a part
// of what stands before it: the body of a heredoc behind an instruction that takes none,
// the next line of a command that was broken off, or one more line of such text.
func (s *source) data(st *statement) bool {
	all := s.statements()
	i := slices.Index(all, st)
	if i < 0 || len(st.args) == 0 || s.otherCase(st) || s.likeHeredoc(st.first) {
		return true
	}
	if i == 0 {
		return false
	}
	last := all[i-1]
	if open(last) || !last.known() && meant(last.name()) == last.name() {
		return true
	}
	for _, before := range slices.Backward(all[:i]) {
		if before.known() {
			return s.indent(st.first) > s.indent(before.first)
		}
	}
	return false
}

// heredocLike is what looks like the start of a heredoc, for BuildKit or a shell, and
// its name.
var heredocLike = regexp.MustCompile("<<<?-?[ \t]*[\"'\\\\]?([A-Za-z_][A-Za-z0-9_]*)")

var firstWord = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)

// likeHeredoc says whether a line is in what looks like a heredoc and is none for BuildKit,
// up to the line that ends it.
func (s *source) likeHeredoc(line int) bool {
	if s.bodies == nil {
		s.bodies = s.readLikeHeredocs()
	}
	return slices.ContainsFunc(s.bodies, func(d heredoc) bool { return d.first <= line && line <= d.last })
}

func (s *source) readLikeHeredocs() []heredoc {
	lines := map[string][]int{} // by their first words
	for i := range s.count() {
		if text, _ := s.trimmed(i); text != "" {
			word := firstWord.FindString(text)
			lines[word] = append(lines[word], i)
		}
	}
	bodies := []heredoc{}
	for _, st := range s.statements() {
		first, real := st.end()+1, st.heredocs
		for _, match := range heredocLike.FindAllStringSubmatch(st.text, -1) {
			if slices.ContainsFunc(real, func(d heredoc) bool { return d.Name == match[1] }) {
				continue
			}
			ends := lines[match[1]]
			if n, _ := slices.BinarySearch(ends, first); n < len(ends) {
				bodies = append(bodies, heredoc{first: first, last: ends[n]})
			}
		}
	}
	return bodies
}

// brokenOff is the end of a line that was to go on: by an operator of a shell, by the
// escape of another file or shell, or by an escape with a comment behind it.
var brokenOff = regexp.MustCompile("(&&|[|,({[]|[ \t][\\\\`^]|[ \t;](then|do|else)|\\\\[ \t]*#[^\"']*)$")

// open says whether an instruction ends in the middle of something.
func open(st *statement) bool {
	text := strings.TrimRight(st.text, " \t\r")
	return brokenOff.MatchString(text) || st.name() != "MAINTAINER" && st.openQuote(span{0, len(text)}) >= 0
}

func (s *source) indent(line int) int {
	_, start := s.content(line)
	_, column := s.trimmed(line)
	return column - start
}

// otherCase says whether the file has instructions, and none of them in the case of this
// one.
func (s *source) otherCase(st *statement) bool {
	lower := func(st *statement) bool { return st.of(st.head()) == strings.ToLower(st.of(st.head())) }
	other := false
	for _, o := range s.statements() {
		if o.known() {
			if lower(o) == lower(st) {
				return false
			}
			other = true
		}
	}
	return other
}
