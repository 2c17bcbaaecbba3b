package dockerfile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Expands says whether the variable that begins in a 0-based line of a Dockerfile, at a column
// in bytes, is expanded: by BuildKit, or by the shell of a RUN, CMD or ENTRYPOINT. It is not
// in single quotes, in a heredoc whose name is quoted, and in the JSON form of an instruction
// that runs something. Of a text that does not parse it says yes.
func Expands(dockerfile []byte, line, column int) (yes bool) {
	defer func() {
		if recover() != nil { // a defect of the parser's
			yes = true
		}
	}()
	if Readable(dockerfile) != nil {
		return true
	}
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return true
	}
	for _, n := range parsed.AST.Children {
		if n.StartLine <= line+1 && line+1 <= n.EndLine {
			return expandsIn(n, byte(parsed.EscapeToken), bytes.Split(dockerfile, []byte("\n")), line, column)
		}
	}
	return true
}

// runs are the instructions whose JSON form is run as it is.
var runs = []string{command.Run, command.Cmd, command.Entrypoint, command.Healthcheck, command.Shell}

func expandsIn(n *parser.Node, escape byte, lines [][]byte, line, column int) bool {
	last := n.EndLine - 1 // of the instruction's own lines
	for _, doc := range n.Heredocs {
		last -= strings.Count(doc.Content, "\n") + 1
	}
	inner := n
	if strings.EqualFold(n.Value, command.Onbuild) && n.Next != nil && len(n.Next.Children) > 0 {
		inner = n.Next.Children[0]
	}
	if line > last {
		return expandsInHeredoc(inner, n.Heredocs, line-last-1)
	}
	if slices.Contains(runs, strings.ToLower(inner.Value)) && inner.Attributes["json"] {
		return false
	}
	var own []byte
	for i := n.StartLine - 1; i < line; i++ {
		if isContent(lines[i]) {
			own = append(append(own, bytes.TrimRight(lines[i], "\r")...), '\n')
		}
	}
	return !singleQuoted(append(own, lines[line][:min(column, len(lines[line]))]...), escape)
}

// expandsInHeredoc is told the line of the bodies, one after the other with their ends.
func expandsInHeredoc(n *parser.Node, docs []parser.Heredoc, line int) bool {
	if n.Next != nil && strings.EqualFold(n.Value, command.Run) && strings.HasPrefix(n.Next.Value, "<<") {
		return true // a script: its shell expands it
	}
	for _, doc := range docs {
		if line -= strings.Count(doc.Content, "\n") + 1; line < 0 {
			return doc.Expand
		}
	}
	return true
}

// singleQuoted says whether a text ends within single quotes.
func singleQuoted(text []byte, escape byte) bool {
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == escape && quote != '\'':
			i++
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote == '\''
}
