package shell

import (
	"slices"
	"strings"
)

// Has says whether the command has one of some flags: -x is also one of -xyz, --long is also
// --long=value. Words behind -- are none.
func (c *Command) Has(flags ...string) bool {
	_, ok := c.Flag(flags...)
	return ok
}

// Flag is the first word that has one of some flags.
func (c *Command) Flag(flags ...string) (Word, bool) {
	for _, w := range c.Words[1:] {
		if w.Text == "--" {
			break
		}
		if isFlag(w) && slices.ContainsFunc(flags, func(f string) bool { return w.has(f) }) {
			return w, true
		}
	}
	return Word{}, false
}

// Count is how often a short flag is given, -qq twice.
func (c *Command) Count(short byte) (n int) {
	for _, w := range c.Words[1:] {
		if isFlag(w) && !strings.HasPrefix(w.Text, "--") {
			before, _, _ := strings.Cut(w.Text, "=")
			n += strings.Count(before, string(short))
		}
	}
	return n
}

func isFlag(w Word) bool { return len(w.Text) > 1 && w.Text[0] == '-' }

func (w Word) has(flag string) bool {
	name, _, _ := strings.Cut(w.Text, "=")
	if name == flag {
		return true
	}
	return len(flag) == 2 && !strings.HasPrefix(name, "--") && strings.IndexByte(name[1:], flag[1]) >= 0 && !strings.ContainsFunc(name[1:], notLetter)
}

// Value is what the last of some flags is given, behind = or as the next word.
func (c *Command) Value(flags ...string) (value string, ok bool) {
	for i, w := range c.Words[1:] {
		name, after, joined := strings.Cut(w.Text, "=")
		switch {
		case !isFlag(w) || !slices.ContainsFunc(flags, func(f string) bool { return w.has(f) }):
		case joined:
			value, ok = after, true
		case len(name) > 2 && name[1] != '-' && slices.Contains(flags, name[:2]):
			value, ok = name[2:], true
		case i+2 < len(c.Words):
			value, ok = c.Words[i+2].Text, true
		}
	}
	return value, ok
}

// Operands are the words behind the command's name that are neither flags nor the values of those
// flags that have one as the next word.
func (c *Command) Operands(valued ...string) (list []Word) {
	for i := 1; i < len(c.Words); i++ {
		switch w := c.Words[i]; {
		case w.Text == "--":
			return append(list, c.Words[i+1:]...)
		case !isFlag(w):
			list = append(list, w)
		case slices.Contains(valued, w.Text) || len(w.Text) > 2 && w.Text[1] != '-' && slices.Contains(valued, "-"+w.Text[len(w.Text)-1:]):
			i++
		}
	}
	return list
}

func notLetter(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '0' && c != '-'
}
