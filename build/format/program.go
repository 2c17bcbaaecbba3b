package format

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/shell"
)

// program is the text of a script in another layout, or why it stays as raw has it; both are empty
// if nothing changes. It is one that each shell that may read it reads as before, from what it is
// given of it.
func (l *shellLayout) program(script shell.Script, raw string, given func(string) (string, bool)) (text, why string) {
	variants := variantsOf(script.Dialect)
	var refused error
	one := false // of the shells reads some layout as before
	for _, v := range variants {
		text, err := l.settled(raw, script.Doc < 0, v)
		switch {
		case errors.Is(err, errComment):
			return "", err.Error()
		case err != nil:
			refused = err
			continue
		case text == raw:
			return "", ""
		}
		same := 0
		after, ok := given(text)
		for _, v := range variants {
			if ok && sameProgram(script.Text, after, v) {
				same++
			}
		}
		if same == len(variants) {
			return text, ""
		}
		one = one || same > 0
	}
	switch {
	case one:
		return "", notAlike[script.Dialect]
	case refused != nil:
		return "", fmt.Sprintf("it cannot be read as %s: %s", names[script.Dialect], sentence(refused))
	}
	return "", "it would be another program"
}

var errComment = errors.New("a comment of the shell ends it")

// maxPrinted bounds how often a text is laid out again until it stays.
const maxPrinted = 4

// settled is what a script is laid out as, and stays when it is so again.
func (l *shellLayout) settled(raw string, words bool, in syntax.LangVariant) (string, error) {
	text := raw
	for range maxPrinted {
		file, err := parse(text, in)
		if err != nil {
			return "", err
		}
		if words && hasComment(file) {
			return "", errComment
		}
		before := text
		if text, err = l.print(text, file); err != nil {
			return "", err
		}
		if words {
			text = joined(text, l.style.Indent, in)
		}
		if text == before {
			return text, nil
		}
	}
	return raw, nil
}

// print prints a text that was read.
func (l *shellLayout) print(text string, file *syntax.File) (string, error) {
	indent := uint(len(l.style.Indent))
	if strings.HasPrefix(l.style.Indent, "\t") {
		indent = 0 // tabs
	}
	var out strings.Builder
	err := syntax.NewPrinter(syntax.Indent(indent), syntax.BinaryNextLine(!l.style.Shell.OperatorsLast), syntax.SwitchCaseIndent(indentsArms(text, file))).Print(&out, file)
	return out.String(), err
}

// indentsArms says whether the author indents the arms of the first case that has lines for them.
func indentsArms(text string, file *syntax.File) (indents bool) {
	lines, found := strings.Split(text, "\n"), false
	syntax.Walk(file, func(n syntax.Node) bool {
		c, ok := n.(*syntax.CaseClause)
		if !ok || found || len(c.Items) == 0 {
			return !found
		}
		arm, esac := c.Items[0].Pos().Line(), c.Esac.Line()
		if found = c.Pos().Line() < arm && arm < esac; found {
			indents = len(leading(lines[arm-1])) > len(leading(lines[esac-1]))
		}
		return !found
	})
	return indents
}

// names are those of the shells that are read.
var names = map[shell.Dialect]string{shell.POSIX: "sh", shell.Ash: "ash", shell.Bash: "bash"}

// notAlike say why a script stays that is not one program in all shells that may read it.
var notAlike = map[shell.Dialect]string{
	shell.POSIX: "dash and bash, of which sh may be either, do not read it alike; a SHELL of bash would settle it",
	shell.Ash:   "BusyBox has some of bash's language, and bash and dash do not read it alike",
}

// variantsOf are the shells that may read a script. Who is called sh is not known, and BusyBox has
// some of Bash's language.
func variantsOf(d shell.Dialect) []syntax.LangVariant {
	if d == shell.POSIX || d == shell.Ash {
		return []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX}
	}
	return []syntax.LangVariant{syntax.LangBash}
}

// joined are the lines of a printed script as RUN has them: each ends with the escape, and with ";"
// where else only the line break would end a command. It need not be right: what is another program
// then is not used.
func joined(printed, step string, in syntax.LangVariant) string {
	printed = strings.TrimRight(printed, "\n")
	file, err := parse(printed, in)
	if err != nil {
		return ""
	}
	lines := strings.Split(printed, "\n")
	ends, quoted := make([]bool, len(lines)), make([]bool, len(lines)) // at each line's end
	var closed []uint                                                  // lines, from 1
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			rest, _, _ := strings.Cut(printed[n.End().Offset():], "\n")
			if !n.Semicolon.IsValid() && strings.TrimSpace(rest) == "" {
				ends[n.End().Line()-1] = true
			}
			if n.Semicolon.IsValid() {
				end := &lines[n.Semicolon.Line()-1]
				if alone := strings.Trim(*end, " \t\\"); alone == ";" || alone == "&" { // it stands as its command
					*end = leading(lines[n.Pos().Line()-1]) + alone
				}
			}
		case *syntax.SglQuoted, *syntax.DblQuoted, *syntax.CmdSubst:
			command, ok := n.(*syntax.CmdSubst)
			for i := n.Pos().Line(); i < n.End().Line(); i++ {
				quoted[i-1] = !ok
			}
			if ok && len(command.Stmts) > 0 { // its ) ends the last
				if last := command.Stmts[len(command.Stmts)-1].End().Line(); last < command.End().Line() {
					closed = append(closed, last)
				}
			}
		}
		return true
	})
	for _, line := range closed {
		ends[line-1] = false
	}
	var list []string
	var inner []bool // begin in quotes
	outdented := false
	for i, line := range lines {
		within := i > 0 && quoted[i-1]
		slashes := len(line) - len(strings.TrimRight(line, `\`))
		line = line[:len(line)-slashes%2]
		switch blank := strings.TrimSpace(line) == ""; {
		case quoted[i]:
		case blank && !within: // the author's, between two commands or words
			line = leading(lines[i+1])
		case i == len(lines)-1:
		case ends[i]:
			line = strings.TrimRight(line, " \t") + "; "
		default:
			line = strings.TrimRight(line, " \t") + " "
		}
		outdented = outdented || !within && i > 0 && leading(line) == ""
		list, inner = append(list, line), append(inner, within)
	}
	for i := range list {
		if outdented && i > 0 && !inner[i] {
			list[i] = step + list[i]
		}
	}
	return strings.Join(list, "\\\n")
}

// parse reads a script, with its comments.
func parse(text string, in syntax.LangVariant) (*syntax.File, error) {
	if !shell.Bounded(text) {
		return nil, errors.New("it is too long")
	}
	return syntax.NewParser(syntax.KeepComments(true), syntax.Variant(in)).Parse(strings.NewReader(text), "")
}

// sentence is what the parser says, without a place.
func sentence(err error) string {
	if at := (syntax.ParseError{}); errors.As(err, &at) {
		return at.Text
	}
	_, text, _ := strings.Cut(err.Error(), ": ")
	return cmp.Or(text, err.Error())
}

func hasComment(file *syntax.File) (found bool) {
	syntax.Walk(file, func(n syntax.Node) bool {
		_, comment := n.(*syntax.Comment)
		found = found || comment
		return !found
	})
	return found
}

// sameProgram says whether a shell reads two texts, and as the same.
func sameProgram(before, after string, in syntax.LangVariant) bool {
	a, errA := parse(before, in)
	b, errB := parse(after, in)
	return errA == nil && errB == nil && sameTree(reflect.ValueOf(a), reflect.ValueOf(b))
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
