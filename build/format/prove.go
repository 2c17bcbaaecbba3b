package format

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

const unproved = "BuildKit would read it otherwise"

// maxMistakes bounds how often a text is parsed again without what the parser has refused of it.
const maxMistakes = 8

// prove takes back what BuildKit would read otherwise than before: single instructions, else all
// between them, else everything.
func (l *layout) prove(ctx context.Context) {
	before := l.readable()
	if before == nil {
		l.proveEach(ctx)
	}
	for range 2 {
		if ctx.Err() != nil || l.proved(before) {
			return
		}
	}
	if before != nil {
		l.proveEach(ctx)
	}
	if l.proved(before) {
		return
	}
	l.restoreBetween()
	if !l.proved(before) {
		copy(l.rows, l.before)
		l.left(dockerfile.Lines{Last: max(len(l.rows)-1, 0)}, unproved)
	}
}

// readable are the nodes of the text, without the instructions that BuildKit cannot read: these are
// refused from then on, and stay as they are. It returns nil if that does not help.
func (l *layout) readable() *parser.Result {
	for range maxMistakes {
		nodes, err := l.nodes(l.before)
		if err == nil {
			return nodes
		}
		var at *parser.LocationError
		if !errors.As(err, &at) || len(at.Locations) == 0 {
			return nil
		}
		lines, ok := dockerfile.SpanOfParser(at.Locations[0])
		if st := l.file.At(lines.First); ok && st.Text != "" && !slices.Contains(l.refused, st) {
			l.refused = append(l.refused, st)
			l.restore(st, "BuildKit cannot read it: "+dockerfile.PlainError(err))
			continue
		}
		return nil
	}
	return nil
}

// nodes are those of the text as rows have it. An empty comment stands for what is refused: the
// parser keeps nothing of an instruction for the next.
func (l *layout) nodes(rows []row) (*parser.Result, error) {
	text := textOf(rows)
	if len(l.refused) > 0 {
		rows = slices.Clone(rows)
		for _, st := range l.refused {
			for i := st.First; i <= st.End(); i++ {
				rows[i].text = "#"
			}
		}
		text = textOf(rows)
	}
	for _, f := range []*dockerfile.File{l.file, l.now()} { // which may know already
		if f.String() == text {
			return f.Nodes()
		}
	}
	return dockerfile.Parse([]byte(text)).Nodes()
}

// proved says whether BuildKit reads the text as before, and takes back the instructions that it
// does not. before is nil if each has been compared alone.
func (l *layout) proved(before *parser.Result) bool {
	now := l.now()
	if !sameDirectives(l.file, now) || !slices.EqualFunc(l.file.Instructions(), now.Instructions(), sameKind) {
		return false
	}
	if before == nil {
		return true
	}
	after, err := l.nodes(l.rows)
	if err != nil || len(after.AST.Children) != len(before.AST.Children) || after.EscapeToken != before.EscapeToken {
		return false
	}
	ok := true
	for i, node := range before.AST.Children {
		if !sameNode(node, after.AST.Children[i]) {
			ok = false
			l.restore(l.file.At(node.StartLine-1), unproved)
		}
	}
	return ok
}

func sameKind(a, b *dockerfile.Instruction) bool {
	return a.Name() == b.Name() && len(a.Heredocs) == len(b.Heredocs)
}

// proveEach compares the instructions one by one, each as a text of its own.
func (l *layout) proveEach(ctx context.Context) {
	for _, st := range l.file.Instructions() {
		if ctx.Err() != nil {
			l.restore(st, unproved)
			continue
		}
		before, after := l.alone(st, l.before), l.alone(st, l.rows)
		if before == after {
			continue
		}
		a, err := dockerfile.Parse([]byte(before)).Nodes()
		if err != nil {
			l.restore(st, "BuildKit cannot read it: "+dockerfile.PlainError(err))
			continue
		}
		b, err := dockerfile.Parse([]byte(after)).Nodes()
		if err != nil || len(a.AST.Children) != 2 || len(b.AST.Children) != 2 || !sameNode(a.AST.Children[0], b.AST.Children[0]) {
			l.restore(st, unproved)
		}
	}
}

// alone is a text of one instruction, and of another behind it, with which it is not to be joined.
func (l *layout) alone(st *dockerfile.Instruction, rows []row) string {
	head := ""
	if l.file.Escape != '\\' {
		head = "# escape=" + string(l.file.Escape) + "\n"
	}
	some := slices.Clone(rows[st.First : st.End()+1])
	some[0].parted = false
	return head + textOf(some) + "\nUSER x\n"
}

func (l *layout) restore(st *dockerfile.Instruction, why string) {
	lines := st.Lines()
	if !slices.Equal(l.rows[lines.First:lines.Last+1], l.before[lines.First:lines.Last+1]) {
		copy(l.rows[lines.First:lines.Last+1], l.before[lines.First:])
		l.left(lines, why)
	}
}

// restoreBetween takes back what is laid out between instructions.
func (l *layout) restoreBetween() {
	line := 0
	for _, st := range l.file.Instructions() {
		copy(l.rows[line:st.First], l.before[line:])
		l.rows[st.First].parted = false
		line = st.End() + 1
	}
	copy(l.rows[line:], l.before[line:])
}

// sameDirectives says whether two texts have the same directives, however BuildKit looks for them.
func sameDirectives(a, b *dockerfile.File) bool {
	for _, forEscape := range []bool{true, false} {
		same := func(x, y dockerfile.Directive) bool { return x.Name == y.Name && x.Value == y.Value }
		if !slices.EqualFunc(a.Directives(forEscape), b.Directives(forEscape), same) {
			return false
		}
	}
	imageA, _, okA := a.Syntax()
	imageB, _, okB := b.Syntax()
	return a.Escape == b.Escape && imageA == imageB && okA == okB
}

// sameNode says whether BuildKit makes the same instruction of two nodes (instructions.Parse).
func sameNode(a, b *parser.Node) bool {
	name := strings.ToLower(a.Value)
	if name != strings.ToLower(b.Value) || !slices.Equal(a.Flags, b.Flags) || !maps.Equal(a.Attributes, b.Attributes) || !slices.Equal(a.Heredocs, b.Heredocs) {
		return false
	}
	if !slices.EqualFunc(a.PrevComment, b.PrevComment, sameComment) {
		return false
	}
	if name == "onbuild" && trigger(a) != trigger(b) {
		return false
	}
	return sameArguments(name, a.Next, b.Next)
}

func sameArguments(name string, a, b *parser.Node) bool {
	for i := 0; a != nil && b != nil; i++ {
		// AS, and what kind a HEALTHCHECK is, are read in any case.
		anyCase := name == "from" && i == 1 || name == "healthcheck" && i == 0
		if a.Value != b.Value && !(anyCase && strings.EqualFold(a.Value, b.Value)) {
			return false
		}
		if !slices.EqualFunc(a.Children, b.Children, sameNode) {
			return false
		}
		a, b = a.Next, b.Next
	}
	return a == nil && b == nil
}

var onbuildWord = lazyregexp.New(`(?i)^\s*ONBUILD\s*`)

// trigger is what the image's configuration has of an ONBUILD (instructions.parseOnBuild).
func trigger(n *parser.Node) string { return onbuildWord.ReplaceAllString(n.Original, "") }

// sameComment compares comments as the rules read them: an indented one has its # for them.
func sameComment(a, b string) bool {
	return a == b || strings.TrimLeft(a, "# \t") == strings.TrimLeft(b, "# \t") && !directiveLike.MatchString("#"+strings.TrimLeft(a, "# \t"))
}
