package shell

import (
	"errors"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// A Fault is a mistake for which the shell runs nothing of a script.
type Fault struct {
	Place          // what opens and is not closed, or what the shell does not expect
	Message string // a clause without a point
}

// Faults are the mistakes in the scripts of an instruction where some shell is in force: of each
// script the first. Only that is said which every shell refuses that may read it: of sh it is not
// known whether it is dash, BusyBox' or bash.
func Faults(st *dockerfile.Instruction, in Dialect) (list []Fault) {
	scripts := Scripts(st, in)
	for i := range scripts {
		if f, ok := scripts[i].fault(); ok {
			list = append(list, f)
		}
	}
	return list
}

// posix reads what no shell but bash has as a mistake.
var posix = pool(syntax.LangPOSIX)

// fault is the first mistake of a script, if it certainly is one.
func (s *Script) fault() (Fault, bool) {
	if s.Unsure || s.Dialect == Zsh || s.Dialect == Foreign || !Bounded(s.Text) {
		return Fault{}, false
	}
	text, ok := plain(s.Text)
	if !ok {
		return Fault{}, false
	}
	m, ok := mistakeOf(parse(parsers, text))
	if ok && s.Dialect != Bash {
		_, ok = mistakeOf(parse(posix, text))
	}
	if !ok || m.at > len(text) || m.deferred(text) {
		return Fault{}, false
	}
	at := m.at
	if m.token == "(" && m.at < len(text) { // that of echo (a) stands behind the word
		at += max(0, strings.IndexByte(text[at:], '('))
	}
	end := min(at+1, len(text))
	if strings.HasPrefix(text[at:], m.token) {
		end = max(end, at+len(m.token))
	}
	return Fault{s.At(at, end), m.message}, true
}

// plain is a script in which what stands between backquotes is left out, byte for byte: shells read
// it when they run it, and go on if they cannot. It is not ok if it is not clear what that is.
func plain(text string) (string, bool) {
	if !strings.Contains(text, "`") {
		return text, true
	}
	parts := strings.Split(text, "`")
	for i := 1; i < len(parts); i += 2 {
		if strings.ContainsAny(parts[i], "'\"\\#\n") || strings.HasSuffix(parts[i-1], `\`) {
			return "", false
		}
		parts[i] = strings.Repeat("x", len(parts[i]))
	}
	return strings.Join(parts, "x"), len(parts)%2 == 1
}

// deferred says whether a mistake may be none: of what shells read only when they run it, or each in
// a way of its own, as arithmetic, quotes in ${…} and heredocs in a script; or of what the parser
// reads as no shell does.
func (m mistake) deferred(text string) bool {
	switch {
	case strings.Contains(text, "((") || peculiar.MatchString(text):
	case strings.Contains(text, "<<") && strings.Count(text, "<<") != strings.Count(text, "<<<"):
	case m.token == "${" && !parameter.MatchString(text[m.at:]):
	case strings.Contains(text, "[[") && (m.token == "<" || m.token == ">"):
	case keyword.MatchString(m.token) && !startsCommand.MatchString(text[:m.at]): // >x fi
	default:
		return false
	}
	return true
}

var (
	peculiar      = lazyregexp.New(`\$\{[^}]*['"\\({]|\$[\w@*?!$-]+#`) // behind $A a # is no comment
	parameter     = lazyregexp.New(`^\$\{[\w#!@*?$-]`)
	keyword       = lazyregexp.New(`^\w`)
	startsCommand = lazyregexp.New("(?:^|[\n;&|(){!`]|(?:^|[\\s;&|(){}])(?:if|then|elif|else|while|until|do|done|fi|esac|time))[ \t]*$")
)

// A mistake is what the parser refuses.
type mistake struct {
	at             int    // the byte
	token, message string // what stands there
}

// kinds are what the parser says of mistakes that are some in every shell, and what is said here.
// What it says of others, of arithmetic and of [[, is left out.
var kinds = []struct {
	said    *lazyregexp.Regexp
	message string // of what is in the expression's groups; the first is what stands there
}{
	{lazyregexp.New("^reached .* without closing quote [`\"](['\"])[`\"]$"), "the shell finds no closing %[1]s for this one"},
	{lazyregexp.New("^reached .* without matching `([$]?[({])` with `([)}])`$"), "the shell finds no %[2]s for this %[1]s"},
	{lazyregexp.New("^`(\\w+)` statement must end with `(\\w+)`$"), "the shell finds no %[2]s for this %[1]s"},
	{lazyregexp.New("^`([^`\\]]+)` can only (?:be used (?:to (?:close|end)|in)|immediately follow) "), "the shell does not expect %[1]s here"},
	{lazyregexp.New("^`(if|elif|while|until)(?: <cond>)?` must be followed by `(then|do)`$"), "the shell finds no %[2]s for this %[1]s"},
	{lazyregexp.New("^`(for)(?: foo)?(?: \\[in words\\])?` must be followed by `(do)`$"), "the shell finds no %[2]s for this %[1]s"},
	{lazyregexp.New("^`(if|elif|then|else|while|until|do)` must be followed by a statement list$"), "the shell finds no command behind this %[1]s"},
	{lazyregexp.New("^`(&&|[|][|]?)` must be followed by a statement$"), "the shell finds no command behind this %[1]s"},
	{lazyregexp.New("^`(>>?|<|[<>]&)` must be followed by a word$"), "the shell finds no file behind this %[1]s"},
	{lazyregexp.New("^`(case) [^`]*` must be followed by `(in)`$"), "the shell finds no %[2]s for this %[1]s"},
	{lazyregexp.New("^()statements must be separated by &, ; or a newline$"), "the shell finds no ; before this"},
	{lazyregexp.New("^`foo([(])` must be followed by `[)]`$"), "the shell does not expect %[1]s here"},
	{lazyregexp.New("^a command can only contain words and redirects; encountered `([()]+)`$"), "the shell does not expect %[1]s here"},
}

func mistakeOf(_ *syntax.File, err error) (m mistake, ok bool) {
	var refused syntax.ParseError
	if !errors.As(err, &refused) {
		return m, false
	}
	for _, k := range kinds {
		if groups := k.said.FindStringSubmatch(refused.Text); groups != nil {
			of := append(groups[1:], "")
			return mistake{int(refused.Pos.Offset()), of[0], fmt.Sprintf(k.message+"%[3]s", of[0], of[1], "")}, true
		}
	}
	return m, false
}
