package fix

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// mendCd has WORKDIR do what a RUN begins with, and behind the RUN what it was before, if that is
// known: all that follows, and the container, run there.
func mendCd(m mending) []Fix {
	c, ok := m.call()
	if !ok || !m.Onbuild.Empty() || len(c.Words) != 2 || m.isElement(c.word) {
		return nil
	}
	old, known := m.src.workdirAt(m.Instruction)
	dir := c.Words[1].Text
	if !path.IsAbs(dir) && known {
		dir = path.Join(old, dir)
	}
	if !c.Words[1].Known || !plainPath.MatchString(dir) || !path.IsAbs(dir) {
		return nil
	}
	rest, ok := m.behindCd()
	if !ok {
		return nil
	}
	keyword := cased("WORKDIR", m.Slice(m.Keyword)) + " "
	f := Fix{Title: "Write as WORKDIR " + dir, Preferred: known, Edits: []Edit{{m.First, m.start(), m.First, m.start(), keyword + dir + m.src.LineBreak() + m.indent()}, rest}}
	if !known {
		f.Title += ", where what follows runs too"
		return []Fix{f}
	}
	back, ok := m.src.insertBelow(m.Instruction, m.indent()+keyword+old)
	if !ok {
		return nil
	}
	f.Edits = append(f.Edits, back)
	return []Fix{f}
}

// start is the column at which the instruction begins.
func (m mending) start() int {
	_, column := m.src.Trimmed(m.First)
	return column
}

// behindCd takes the cd away with which the only script of a RUN begins.
func (m mending) behindCd() (Edit, bool) {
	scripts := shell.Scripts(m.Instruction, m.src.dialectAt(m.Instruction))
	if len(scripts) != 1 || strings.Contains(scripts[0].Text, "OLDPWD") || strings.Contains(scripts[0].Text, "cd -") {
		return Edit{}, false
	}
	s := &scripts[0]
	file := s.Parse()
	if file == nil || len(file.Stmts) == 0 {
		return Edit{}, false
	}
	from, to, ok := firstAnd(file)
	at := m.place()
	if start := s.At(from, from+1); !ok || start.Doc != at.Doc || start.Start != at.Start || strings.Contains(s.Text[from:to], "#") {
		return Edit{}, false
	}
	t := s.At(from, to).Token(m.Instruction)
	next := s.At(to, to+1).Token(m.Instruction)
	if m.Commented && next.First != t.First {
		return Edit{}, false
	}
	return Edit{t.First, t.Start, next.First, next.Start, ""}, true
}

// firstAnd is where the first command of a script stands, and where the next one begins that runs if
// it did not fail.
func firstAnd(file *syntax.File) (from, to int, ok bool) {
	first := file.Stmts[0]
	next := (*syntax.Stmt)(nil)
	for {
		if first.Background || first.Negated || len(first.Redirs) > 0 || first.Coprocess {
			return 0, 0, false
		}
		and, isAnd := first.Cmd.(*syntax.BinaryCmd)
		if !isAnd {
			break
		}
		if and.Op != syntax.AndStmt && and.Op != syntax.OrStmt {
			return 0, 0, false
		}
		if next = and.Y; and.Op == syntax.OrStmt {
			next = nil
		}
		if first = and.X; next == nil {
			if _, more := first.Cmd.(*syntax.BinaryCmd); !more {
				return 0, 0, false // cd x || y
			}
		}
	}
	if next == nil && len(file.Stmts) > 1 {
		next = file.Stmts[1]
	}
	call, isCall := first.Cmd.(*syntax.CallExpr)
	if !isCall || len(call.Assigns) > 0 || next == nil {
		return 0, 0, false
	}
	return int(first.Pos().Offset()), int(next.Pos().Offset()), true
}

// changesShell are the commands after which the next ones would do something else in the same RUN.
var changesShell = []string{"cd", "pushd", "popd", "export", "set", "unset", "shopt", "umask", "ulimit", "alias", "unalias", "source", ".", "exec", "exit", "return", "trap", "eval", "declare", "local", "readonly", "typeset", "hash", ""}

// mendConsecutive makes one of this RUN and the one before.
func mendConsecutive(m mending) []Fix {
	all := m.src.Instructions()
	i := slices.Index(all, m.Instruction)
	if i < 1 || m.isJSON() || m.Name() != "RUN" {
		return nil
	}
	before := m
	before.Instruction = all[i-1]
	commands := m.src.reading(before.Instruction).Commands
	if before.Name() != "RUN" || before.isJSON() || before.Onbuild.Empty() != m.Onbuild.Empty() || before.Open() || len(commands) == 0 ||
		slices.Contains(changesShell, commands[0].Name) || strings.Contains(before.Text, "#") {
		return nil
	}
	f := Fix{Title: "Join with the RUN before"}
	end := before.Token(before.Rest)
	f.Edits = []Edit{{end.Last, end.End, end.Last, end.End, " " + string(m.src.Escape)}}
	for line := before.End() + 1; line < m.First; line++ {
		if !m.src.IsComment(line) {
			f.Edits = append(f.Edits, m.src.lineEdit(line, line))
		} else if strings.Contains(m.src.Line(line), "ignore") {
			return nil // it would count for both
		}
	}
	rest := m.Token(m.Rest)
	f.Edits = append(f.Edits, Edit{m.First, 0, rest.First, rest.Start, "    && "})
	if _, after, ok := m.around(f); !ok || len(after) != 1 || rest.First != m.First {
		return nil
	}
	return []Fix{f}
}

func (m mending) isJSON() bool {
	_, err := m.JSONArray()
	return err == nil
}

// mendLink says by SHELL what a RUN does that is nothing else but a link in the place of /bin/sh.
func mendLink(m mending) []Fix {
	c, ok := m.call()
	if !ok || len(m.src.reading(m.Instruction).Commands) != 1 || c.Through != "" || len(m.Heredocs) > 0 || m.Commented {
		return nil
	}
	operands := c.Operands("-t", "-S")
	if len(operands) != 2 || !operands[0].Known || !path.IsAbs(operands[0].Text) || shell.DialectOf([]string{operands[0].Text}) == shell.Foreign {
		return nil
	}
	text := cased("SHELL", m.Slice(m.Keyword)) + " " + jsonArray(operands[0].Text, "-c")
	return one(m.replace("Write as "+text, text, m.Tokens(dockerfile.Part{Start: m.Keyword.Start, End: m.Rest.End})))
}

const pipefail = "set -o pipefail"

// mendPipe has a failure before a pipe fail: in a shell that is known to know how, for this RUN
// alone; else by another shell from here on.
func mendPipe(m mending) []Fix {
	words := m.src.stateAt(m.Instruction).shell
	dialect := m.src.reading(m.Instruction).Dialect
	box := m.src.hasBusyBox(m.Instruction)
	var list []Fix
	if dialect == shell.Bash || dialect == shell.Zsh || dialect == shell.Ash || box && words == nil {
		list = one(m.setPipefail())
	}
	if !m.Onbuild.Empty() || m.isJSON() || !m.shellReads() || words != nil && (len(words) < 2 || shell.DialectOf(words) == shell.Foreign) {
		return list
	}
	image := m.src.imageAt(m.Instruction)
	switch {
	case words != nil && shell.DialectOf(words) != shell.POSIX:
		words = append([]string{words[0], "-o", "pipefail"}, words[1:]...)
	case box:
		words = []string{"/bin/ash", "-eo", "pipefail", "-c"}
	case image == "scratch" || strings.Contains(image, "distroless"):
		return list // which may have no Bash
	default:
		words = []string{"/bin/bash", "-o", "pipefail", "-c"}
	}
	text := cased("SHELL", m.Slice(m.Keyword)) + " " + jsonArray(words...)
	f := Fix{Title: "Use " + text, Preferred: len(list) == 0, Edits: []Edit{m.src.insertLine(m.src.above(m.First), m.indent()+text)}}
	return append(list, f)
}

// shellReads says whether the shell that SHELL names reads what is underlined: a heredoc may name
// another one.
func (m mending) shellReads() bool {
	doc := m.place().Doc
	return doc < 0 || m.Script() != nil && !strings.HasPrefix(m.src.Line(m.Heredocs[doc].First), "#!")
}

// setPipefail begins the script with the pipe by what has it fail.
func (m mending) setPipefail() Fix {
	at := m.place()
	scripts := shell.Scripts(m.Instruction, m.src.dialectAt(m.Instruction))
	i := slices.IndexFunc(scripts, func(s shell.Script) bool { return s.Doc == at.Doc && s.Start <= at.Start && at.Start <= s.End })
	if i < 0 {
		return Fix{}
	}
	f := Fix{Title: "Begin with " + pipefail, Preferred: true}
	if at.Doc < 0 {
		t := scripts[i].Token(m.Instruction)
		f.Edits = []Edit{{t.First, t.Start, t.First, t.Start, pipefail + " && "}}
		return f
	}
	line := m.Heredocs[at.Doc].First
	if strings.HasPrefix(m.src.Line(line), "#!") {
		line++
	}
	text := m.src.Line(line)
	f.Edits = []Edit{m.src.insertLine(line, text[:len(text)-len(strings.TrimLeft(text, " \t"))]+pipefail)}
	return f
}
