package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Command is a simple command, wherever it stands.
type Command struct {
	Name  string // of the program, without its folder; empty if that is not known
	Words []Word // its own name first
	// Env are the variables that are set for it alone, by NAME=value before it or by env.
	Env map[string]string
	// Through is the command that runs this one, if another does: sudo, env, xargs, sh -c.
	Through string
}

// A Reading is what the scripts of an instruction do. It holds nothing of the file.
type Reading struct {
	Commands []Command // in the text's order
	Pipes    []Place   // where a | hides that a command failed, in a script of the instruction's own
	Dialect            // of the last script; Foreign if there is none
	Unread   bool      // there is a script that cannot be read
}

// Read reads what an instruction runs where some shell is in force, or a JSON array.
func Read(st *dockerfile.Instruction, in Dialect) *Reading {
	r := &reader{Reading: Reading{Dialect: Foreign}}
	if !st.Runs() || st.Name() == "SHELL" {
		return &r.Reading
	}
	scripts := Scripts(st, in)
	for i := range scripts {
		r.Dialect = scripts[i].Dialect
		r.script(&scripts[i], 0)
	}
	if list, err := st.Command().JSONArray(); err == nil && len(list) > 0 && len(scripts) == 0 && len(list) < maxScript/8 {
		c := Command{}
		for _, e := range list {
			c.Words = append(c.Words, Word{Text: e.Value, Known: true, Place: Place{-1, e.Part}})
		}
		r.command(nil, c, 0)
	}
	for i := range r.Commands {
		for j := range r.Commands[i].Words {
			r.Commands[i].Words[j].node = nil
		}
	}
	return &r.Reading
}

type reader struct{ Reading }

// maxWithin is how often a script may be in a script: sh -c 'sh -c …'.
const maxWithin = 3

// script reads all commands of a script.
func (r *reader) script(s *Script, within int) {
	file := s.Parse()
	if file == nil {
		r.Unread = true
		return
	}
	var lost []*syntax.Word // of commands: whether a $(…) in them fails is lost in any case
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			r.call(s, n, within)
			lost = append(lost, n.Args...)
		case *syntax.DeclClause:
			r.declaration(s, n, within)
		case *syntax.BinaryCmd:
			isLost := func(w *syntax.Word) bool {
				return w.Pos().Offset() <= n.OpPos.Offset() && n.OpPos.Offset() < w.End().Offset()
			}
			if at := int(n.OpPos.Offset()); within == 0 && (n.Op == syntax.Pipe || n.Op == syntax.PipeAll) && !onlySays(n.X) && !slices.ContainsFunc(lost, isLost) {
				r.Pipes = append(r.Pipes, s.At(at, at+len(n.Op.String())))
			}
		}
		return true
	})
}

// onlySays says whether a command does nothing but write. It ends well, or because nobody reads more:
// yes does so always.
func onlySays(st *syntax.Stmt) bool {
	call, ok := st.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && slices.Contains([]string{"echo", "printf", "yes"}, call.Args[0].Lit())
}

func (r *reader) call(s *Script, call *syntax.CallExpr, within int) {
	if len(call.Args) == 0 {
		return
	}
	c := Command{}
	for _, a := range call.Assigns {
		if a.Name != nil && a.Value != nil {
			c.set(a.Name.Value, s.word(a.Value).Text)
		}
	}
	for _, w := range call.Args {
		c.Words = append(c.Words, s.word(w))
	}
	r.command(s, c, within)
}

// declaration reads export, local and the like as the commands that they are.
func (r *reader) declaration(s *Script, d *syntax.DeclClause, within int) {
	c := Command{Words: []Word{{Text: d.Variant.Value, Known: true, Place: s.At(int(d.Variant.Pos().Offset()), int(d.Variant.End().Offset()))}}}
	for _, a := range d.Args {
		w := Word{Known: a.Value == nil, Place: s.At(int(a.Pos().Offset()), int(a.End().Offset()))}
		if a.Name != nil {
			w.Text = a.Name.Value
		}
		if a.Value != nil {
			value := s.word(a.Value)
			w.Text, w.Known = strings.TrimPrefix(w.Text+"="+value.Text, "="), value.Known
		}
		c.Words = append(c.Words, w)
	}
	r.command(s, c, within)
}

func (c *Command) set(name, value string) {
	if c.Env == nil {
		c.Env = map[string]string{}
	}
	c.Env[name] = value
}

// command adds a command, and the one that it runs.
func (r *reader) command(s *Script, c Command, within int) {
	c.Name = nameOf(c.Words[0])
	r.Commands = append(r.Commands, c)
	if s != nil && isShell(c.Name) {
		r.inner(s, c, within)
		return
	}
	if run, ok := c.runs(); ok && within < 8*maxWithin {
		run.Through = c.Name
		r.command(s, run, within+1)
	}
}

func nameOf(w Word) string {
	if !w.Known {
		return ""
	}
	return w.Text[strings.LastIndexByte(w.Text, '/')+1:]
}

func isShell(name string) bool { return name != "" && DialectOf([]string{name}) != Foreign }

// inner reads the script of sh -c 'script'. In double quotes, what the outer shell puts in is read
// as if the inner one did.
func (r *reader) inner(s *Script, c Command, within int) {
	for i, w := range c.Words[1:] {
		if !strings.HasPrefix(w.Text, "-") {
			if i > 0 && strings.HasSuffix(c.Words[i].Text, "o") { // bash -o pipefail -c
				continue
			}
			return
		}
		if !isCommandFlag(w.Text) || i+2 >= len(c.Words) || within >= maxWithin {
			continue
		}
		body := c.Words[i+2]
		if body.node == nil || len(body.node.Parts) != 1 || s.moved != nil {
			return
		}
		switch q := body.node.Parts[0].(type) {
		case *syntax.SglQuoted:
			if q.Dollar {
				return
			}
		case *syntax.DblQuoted:
			if q.Dollar {
				return
			}
		default:
			return
		}
		from, to := int(body.node.Pos().Offset()), int(body.node.End().Offset())
		script := quoted(body.Place, DialectOf([]string{c.Name}), s.Text[from:to])
		r.script(&script, within+1)
		return
	}
}
