package language

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/shell"
)

// script paints what a shell reads: commands, keywords, strings, operators, comments. A script
// that does not parse stays words.
func (p *painter) script(st *dockerfile.Instruction, s shell.Script) {
	file := s.Parse()
	if file == nil {
		return
	}
	in, whole := st, s.Part
	if s.Doc >= 0 { // the words of a heredoc's body are not painted yet
		in = st.Body(st.Heredocs[s.Doc])
		p.words(in, whole, TokenParameter)
	}
	part := func(from, to int, kind TokenKind) {
		if at := s.At(from, to); !at.Empty() {
			p.part(in, at.Part, kind)
		}
	}
	paint := func(from, to syntax.Pos, kind TokenKind) {
		if from.IsValid() && to.IsValid() {
			part(int(from.Offset()), int(to.Offset()), kind)
		}
	}
	word := func(at syntax.Pos, text string, kind TokenKind) {
		if at.IsValid() {
			part(int(at.Offset()), int(at.Offset())+len(text), kind)
		}
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Comment:
			paint(n.Pos(), n.End(), TokenComment)
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				paint(n.Args[0].Pos(), n.Args[0].End(), TokenFunction)
			}
		case *syntax.SglQuoted:
			paint(n.Pos(), n.End(), TokenString)
		case *syntax.DblQuoted:
			paint(n.Pos(), n.End(), TokenString)
		case *syntax.ParamExp:
			paint(n.Pos(), n.End(), TokenVariable)
		case *syntax.Assign:
			if n.Name != nil {
				paint(n.Name.Pos(), n.Name.End(), TokenVariable)
				word(n.Name.End(), "=", TokenOperator)
			}
		case *syntax.BinaryCmd:
			word(n.OpPos, n.Op.String(), TokenOperator)
		case *syntax.Redirect:
			word(n.OpPos, n.Op.String(), TokenOperator)
		case *syntax.Stmt:
			if n.Semicolon.IsValid() {
				word(n.Semicolon, ";", TokenOperator)
			}
		case *syntax.IfClause:
			for at, text := range map[syntax.Pos]string{n.Position: "if", n.ThenPos: "then", n.FiPos: "fi"} {
				word(at, text, TokenKeyword)
			}
			if n.Else != nil {
				text := "else"
				if n.Else.ThenPos.IsValid() {
					text = "elif"
				}
				word(n.Else.Position, text, TokenKeyword)
			}
		case *syntax.WhileClause:
			text := "while"
			if n.Until {
				text = "until"
			}
			for at, text := range map[syntax.Pos]string{n.WhilePos: text, n.DoPos: "do", n.DonePos: "done"} {
				word(at, text, TokenKeyword)
			}
		case *syntax.ForClause:
			for at, text := range map[syntax.Pos]string{n.ForPos: "for", n.DoPos: "do", n.DonePos: "done"} {
				word(at, text, TokenKeyword)
			}
			if iter, ok := n.Loop.(*syntax.WordIter); ok {
				paint(iter.Name.Pos(), iter.Name.End(), TokenVariable)
				word(iter.InPos, "in", TokenKeyword)
			}
		case *syntax.CaseClause:
			for at, text := range map[syntax.Pos]string{n.Case: "case", n.In: "in", n.Esac: "esac"} {
				word(at, text, TokenKeyword)
			}
		case *syntax.DeclClause:
			paint(n.Variant.Pos(), n.Variant.End(), TokenKeyword)
		}
		return true
	})
}
