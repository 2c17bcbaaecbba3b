package shell

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// The parser goes as deep as a script is nested, and nobody can stop it.
const (
	maxScript  = 32 << 10 // bytes that are read
	maxNesting = 2000     // of what may nest: brackets, pipes, if, do, case
)

// parsers are used again: each has buffers larger than most scripts.
var parsers = pool(syntax.LangBash)

func pool(of syntax.LangVariant) *sync.Pool {
	return &sync.Pool{New: func() any { return syntax.NewParser(syntax.Variant(of)) }}
}

// Parse reads the script; nil if it is too long, or none that this parser knows. What dash and
// ash read, and most that zsh does, is read as Bash: who writes for these writes no other things.
func (s *Script) Parse() *syntax.File {
	if !Bounded(s.Text) {
		return nil
	}
	file, err := parse(parsers, s.Text)
	if err != nil {
		return nil
	}
	return file
}

// Bounded says whether a script may be given to the parser.
func Bounded(text string) bool { return len(text) <= maxScript && opens(text) <= maxNesting }

func parse(with *sync.Pool, text string) (*syntax.File, error) {
	parser := with.Get().(*syntax.Parser)
	defer with.Put(parser)
	return parser.Parse(strings.NewReader(text), "")
}

// opens counts what may begin something nested, whether it does or not.
func opens(text string) (n int) {
	for i := range len(text) {
		if strings.IndexByte("({[|!`~?", text[i]) >= 0 {
			n++
		}
	}
	for _, word := range []string{"if", "do", "case", "time", "- ", "--"} { // signs as in $((- -1)), too
		n += strings.Count(text, word)
	}
	return n
}
