package handlers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// checkFormat compares the lines that formatting changes with those that are marked.
func (m marked) checkFormat(name string) {
	var want []string
	for _, k := range m.marks {
		if k.verb == "format" {
			want = append(want, fmt.Sprintf("%d %s", k.line, k.text))
		}
	}
	if len(want) == 0 {
		return
	}
	var edits []textEdit
	m.ask("formatting", map[string]any{"options": map[string]any{"tabSize": 4, "insertSpaces": true}}, &edits)
	got := formattedLines(m.rows, edits)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		m.t.Errorf("%s: format:\n got %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// formattedLines are the lines that edits change, each with its number.
func formattedLines(rows []string, edits []textEdit) (list []string) {
	lines := map[int]string{}
	for _, e := range slices.Backward(edits) {
		first := e.Range.Start.Line
		for i := first; i < e.Range.End.Line; i++ { // whole lines go
			lines[i] = ""
		}
		if first != e.Range.End.Line {
			continue
		}
		row, changed := lines[first]
		if !changed {
			row = rows[first]
		}
		lines[first] = row[:e.Range.Start.Character] + strings.ReplaceAll(e.NewText, "\n", `\n`) + row[e.Range.End.Character:]
	}
	for i, text := range lines {
		list = append(list, fmt.Sprintf("%d %s", i, text))
	}
	return list
}

// TestFormatRange formats some lines of a Dockerfile, as the .editorconfig above it says: the file
// of the one that is not open, and the buffer of the other.
func TestFormatRange(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".editorconfig"), []byte("root=true\n[*]\nindent_style=space\nindent_size=3\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{Folders: []string{dir}})
	uri := "file://" + filepath.Join(dir, "Dockerfile")
	e.Open(uri, "dockerfile", "FROM  scratch\nENV  a=1 \\\nb=é  c=2\nENV   d=1\n")
	format := func(first, last, character int) string {
		t.Helper()
		var edits []textEdit
		err := e.Call("textDocument/rangeFormatting", map[string]any{
			"textDocument": map[string]any{"uri": uri}, "options": map[string]any{"tabSize": 8, "insertSpaces": false},
			"range": map[string]any{"start": map[string]any{"line": first, "character": 0}, "end": map[string]any{"line": last, "character": character}},
		}, &edits)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(edits)
	}
	if got, want := format(2, 3, 0), "[{1:4-1:5 } {2:0-2:4    b=é}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	e.Open("file://"+filepath.Join(dir, ".editorconfig"), "plaintext", "root=true\n[*]\nindent_style=tab\n")
	if got, want := format(2, 2, 1), "[{1:4-1:5 } {2:0-2:4 \tb=é}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	e.Replace(uri, "FROM scratch\nRUN <<E\n  x\nE\nENV   a=1\n")
	if got := format(0, 3, 1); got != "[]" {
		t.Errorf("got %s", got)
	}
}

// With a setting the shell is laid out, and the editor says what that costs.
func TestFormatShell(t *testing.T) {
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{Folders: []string{t.TempDir()}, Init: map[string]any{"format": map[string]any{"shell": true, "operators": "last"}}})
	const uri = "file:///x/Dockerfile"
	e.Open(uri, "dockerfile", "FROM a\nRUN b \\\n &&c\nRUN d\n")
	var edits []textEdit
	if err := e.Call("textDocument/formatting", map[string]any{"textDocument": map[string]any{"uri": uri}, "options": map[string]any{"tabSize": 2, "insertSpaces": true}}, &edits); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(edits), "[{1:6-1:6 && } {2:1-2:3  }]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	e.Await("what it costs", func() bool {
		return slices.ContainsFunc(e.All("window/showMessage"), func(m lsptest.Message) bool {
			return strings.Contains(string(m.Params), "the next build runs 2 steps again")
		})
	})
}
