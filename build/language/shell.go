package language

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// scriptsOf are what a shell reads of an instruction; nothing of a trigger, which runs elsewhere. Which
// shell is in force is not asked: what is none does not parse.
func scriptsOf(st *dockerfile.Instruction) []shell.Script {
	if !st.Onbuild.Empty() {
		return nil
	}
	return shell.Scripts(st, shell.POSIX)
}

// assignments are the variables that the shells of an instruction set, or its secrets do.
func assignments(st *dockerfile.Instruction) (list []dockerfile.Mention) {
	for _, field := range st.Fields() {
		if st.KeyOf(field) == "env" && st.TypeOf(field) == "secret" {
			at := st.Token(field.Value)
			list = append(list, dockerfile.Mention{Name: st.Slice(field.Value), Token: at, Word: at, Instruction: st, Sets: true})
		}
	}
	if len(st.Heredocs) == 0 && !maySet(st.Text) && !strings.Contains(st.Text, `\u`) { // nor in JSON's escapes: next to all
		return list
	}
	for _, s := range scriptsOf(st) {
		if !maySet(s.Text) {
			continue
		}
		file := s.Parse()
		if file == nil {
			continue
		}
		add := func(name *syntax.Lit) {
			token := s.At(int(name.Pos().Offset()), int(name.End().Offset())).Token(st)
			list = append(list, dockerfile.Mention{Name: name.Value, Token: token, Word: token, Instruction: st, Sets: true})
		}
		syntax.Walk(file, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Assign:
				if n.Name != nil {
					add(n.Name)
				}
			case *syntax.WordIter:
				add(n.Name)
			case *syntax.CallExpr:
				for _, name := range readNames(n) {
					add(name)
				}
			}
			return true
		})
	}
	return list
}

// maySet says whether a script may have something that sets a variable.
func maySet(script string) bool {
	return strings.Contains(script, "=") || strings.Contains(script, "for") || strings.Contains(script, "read")
}

// readNames are the variables that a read sets.
func readNames(call *syntax.CallExpr) (list []*syntax.Lit) {
	if len(call.Args) == 0 || call.Args[0].Lit() != "read" {
		return nil
	}
	for _, w := range call.Args[1:] {
		if name := w.Lit(); isName(name) {
			list = append(list, w.Parts[0].(*syntax.Lit))
		}
	}
	return list
}
