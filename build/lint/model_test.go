package lint

import (
	"bytes"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
)

// The model of a Dockerfile has the instructions, lines, flags and heredocs that BuildKit's
// parser has, of every text of the corpus and of every one that was found that the parser reads.
func TestModelAsBuildKit(t *testing.T) {
	read := 0
	for _, s := range append(linttest.Corpus(t), found(t)...) {
		parsed, err := parser.Parse(strings.NewReader(s.Dockerfile))
		if err != nil {
			continue
		}
		read++
		model := dockerfile.Parse([]byte(s.Dockerfile))
		if model.Escape != byte(parsed.EscapeToken) {
			t.Errorf("%s: escape %q, BuildKit %q", s.Name, model.Escape, parsed.EscapeToken)
		}
		list, nodes := model.Instructions(), parsed.AST.Children
		if len(list) != len(nodes) {
			t.Errorf("%s: %d instructions, BuildKit %d", s.Name, len(list), len(nodes))
			continue
		}
		for i, n := range nodes {
			asNode(t, s, list[i], n)
		}
	}
	if read < 100 {
		t.Errorf("only %d texts were read", read)
	}
}

func asNode(t *testing.T, s linttest.Sheet, st *dockerfile.Instruction, n *parser.Node) {
	t.Helper()
	if got, want := st.Lines(), (dockerfile.Lines{First: n.StartLine - 1, Last: n.EndLine - 1}); got != want {
		t.Errorf("%s: %q: lines %v, BuildKit %v", s.Name, n.Original, got, want)
	}
	if got := strings.TrimSpace(st.Text); got != strings.TrimSpace(n.Original) {
		t.Errorf("%s: %q, BuildKit %q", s.Name, got, n.Original)
	}
	if !strings.EqualFold(st.Slice(st.Head()), n.Value) {
		t.Errorf("%s: %q is %q, BuildKit %q", s.Name, n.Original, st.Slice(st.Head()), n.Value)
	}
	flags := n.Flags
	if n.Next != nil && len(n.Next.Children) > 0 { // of ONBUILD
		flags = n.Next.Children[0].Flags
	}
	var own []string
	for _, f := range st.Flags {
		own = append(own, st.Unquoted(f))
	}
	if strings.Join(own, "\n") != strings.Join(flags, "\n") {
		t.Errorf("%s: %q has flags %q, BuildKit %q", s.Name, n.Original, own, flags)
	}
	if len(st.Heredocs) != len(n.Heredocs) {
		t.Errorf("%s: %q has %d heredocs, BuildKit %d", s.Name, n.Original, len(st.Heredocs), len(n.Heredocs))
		return
	}
	for i, d := range st.Heredocs {
		text := st.File.Slice(d.First, d.Last)
		if d.Chomp {
			text = bytes.TrimLeft(bytes.ReplaceAll(text, []byte("\n\t"), []byte("\n")), "\t")
		}
		if want := n.Heredocs[i]; d.Name != want.Name || d.Expand != want.Expand || !d.Chomp && string(text) != want.Content {
			t.Errorf("%s: %q: heredoc %q %v %q, BuildKit %q %v %q", s.Name, n.Original, d.Name, d.Expand, text, want.Name, want.Expand, want.Content)
		}
	}
}
