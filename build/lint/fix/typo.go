package fix

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/lint/locate"
)

// typos are the errors for which BuildKit may say what was meant, and what finds the
// part to replace with it.
var typos = []locate.Pattern{
	{Message: unknownInstruction, Find: locate.Keyword},
	{Message: "unknown flag: %", Find: flagNames},
	{Message: "unexpected key '%' in '%'", Find: locate.FieldKey},
	{Message: "unsupported mount type %", Find: locate.FieldValue("type")},
	{Message: "unsupported sharing value %", Find: locate.FieldValue("sharing")},
	{Message: "platform value from expression %", Find: platformVariable},
	{Message: "failed to parse platform %: ", Find: platformVariable},
	{Message: "%: ", Find: imageAlone},
}

const unknownInstruction = "unknown instruction: %"

// mendTypo writes what BuildKit thinks was meant.
func (m mending) mendTypo(message string) []Fix {
	for _, t := range typos {
		match, ok := locate.Match(t.Message, message)
		if !ok {
			continue
		}
		m.Match = match
		f := m.replace("Change to "+m.hint, m.hint, t.Find(m.Site))
		f.Preferred = t.Message != unknownInstruction || !m.src.data(m.Instruction)
		return one(f)
	}
	return nil
}

// data says whether a line that BuildKit takes for an instruction rather looks like a part
// of what stands before it: the body of a heredoc behind an instruction that takes none,
// the next line of a command that was broken off, or one more line of such text.
func (s *source) data(st *dockerfile.Instruction) bool {
	all := s.Instructions()
	i := slices.Index(all, st)
	if i < 0 || len(st.Args) == 0 || s.otherCase(st) || s.likeHeredoc(st.First) {
		return true
	}
	if i == 0 {
		return false
	}
	last := all[i-1]
	if open(last) || !last.Known() && dockerfile.Meant(last.Name()) == last.Name() {
		return true
	}
	for _, before := range slices.Backward(all[:i]) {
		if before.Known() {
			return s.indent(st.First) > s.indent(before.First)
		}
	}
	return false
}

// heredocLike is what looks like the start of a heredoc, for BuildKit or a shell, and
// its name.
var heredocLike = lazyregexp.New("<<<?-?[ \t]*[\"'\\\\]?([A-Za-z_][A-Za-z0-9_]*)")

var firstWord = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*`)

// likeHeredoc says whether a line is in what looks like a heredoc and is none for BuildKit,
// up to the line that ends it.
func (s *source) likeHeredoc(line int) bool {
	if s.bodies == nil {
		s.bodies = s.readLikeHeredocs()
	}
	return slices.ContainsFunc(s.bodies, func(d dockerfile.Heredoc) bool { return d.First <= line && line <= d.Last })
}

func (s *source) readLikeHeredocs() []dockerfile.Heredoc {
	lines := map[string][]int{} // by their first words
	for i := range s.Count() {
		if text, _ := s.Trimmed(i); text != "" {
			word := firstWord.FindString(text)
			lines[word] = append(lines[word], i)
		}
	}
	bodies := []dockerfile.Heredoc{}
	for _, st := range s.Instructions() {
		first, real := st.End()+1, st.Heredocs
		for _, match := range heredocLike.FindAllStringSubmatch(st.Text, -1) {
			if slices.ContainsFunc(real, func(d dockerfile.Heredoc) bool { return d.Name == match[1] }) {
				continue
			}
			ends := lines[match[1]]
			if n, _ := slices.BinarySearch(ends, first); n < len(ends) {
				bodies = append(bodies, dockerfile.Heredoc{First: first, Last: ends[n]})
			}
		}
	}
	return bodies
}

// brokenOff is the end of a line that was to go on: by an operator of a shell, by the
// escape of another file or shell, or by an escape with a comment behind it.
var brokenOff = lazyregexp.New("(&&|[|,({[]|[ \t][\\\\`^]|[ \t;](then|do|else)|\\\\[ \t]*#[^\"']*)$")

// open says whether an instruction ends in the middle of something.
func open(st *dockerfile.Instruction) bool {
	text := strings.TrimRight(st.Text, " \t\r")
	return brokenOff.MatchString(text) || st.Name() != "MAINTAINER" && st.OpenQuote(dockerfile.Part{Start: 0, End: len(text)}) >= 0
}

func (s *source) indent(line int) int {
	_, start := s.Content(line)
	_, column := s.Trimmed(line)
	return column - start
}

// otherCase says whether the file has instructions, and none of them in the case of this
// one.
func (s *source) otherCase(st *dockerfile.Instruction) bool {
	lower := func(st *dockerfile.Instruction) bool {
		return st.Slice(st.Head()) == strings.ToLower(st.Slice(st.Head()))
	}
	other := false
	for _, o := range s.Instructions() {
		if o.Known() {
			if lower(o) == lower(st) {
				return false
			}
			other = true
		}
	}
	return other
}
