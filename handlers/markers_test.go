package handlers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/buildls/buildls/lsp/lsptest"
)

// TestMarkers asks a server in this process, without an engine, what it has to say at places that
// are marked in testdata/*.txtar. The files of an archive are a workspace. Its Dockerfiles are
// open, and what else is marked. A line that has a # in its first column and ^ after it is no part
// of the text: it says what is expected of the bytes above the ^, and with #< of those above the
// #< too:
//
//	hover TEXT      a hover that has TEXT, about these bytes
//	nohover         none
//	problem CODE TEXT   a problem with exactly this range; a Dockerfile that marks one marks all
//	action TITLE => TEXT   a quick fix that puts TEXT in the place of these bytes
//	lens TITLE      a lens over the line whose title has TITLE
//	fold N [KIND]   the line can be folded with the N lines below; where one is marked all are
//	format TEXT     formatted with four blanks, the line is TEXT, with \n for an empty line before
//	                it; nothing of it stays without TEXT; where one is marked, all that change are
//
// and those of checkNavigation.
func TestMarkers(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			checkArchive(t, archive)
		})
	}
}

func checkArchive(t *testing.T, archive *txtar.Archive) {
	dir := t.TempDir()
	texts, marks := map[string]string{}, map[string][]marker{}
	for _, f := range archive.Files {
		text := string(f.Data)
		if strings.HasSuffix(f.Name, "Dockerfile") || strings.Contains(text, "\n# ") {
			if text, marks[f.Name] = unmarked(text); len(marks[f.Name]) > 0 {
				texts[f.Name] = text
			}
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{
		Folders: []string{dir},
		Capabilities: map[string]any{"textDocument": map[string]any{
			"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": true},
			"completion":     map[string]any{"completionItem": map[string]any{"snippetSupport": true}},
		}},
	})
	for name, text := range texts {
		m := marked{t: t, e: e, dir: dir, uri: "file://" + filepath.Join(dir, name), rows: strings.Split(text, "\n"), marks: marks[name]}
		language := "plaintext" // the name says what it is
		if strings.HasSuffix(name, "Dockerfile") {
			language = "dockerfile"
		}
		e.Open(m.uri, language, text)
		m.checkAll(name)
	}
}

// A marker is what is expected of a place: 0-based, in bytes, the end exclusive.
type marker struct {
	line, start, end int
	verb, text       string
}

var markerLine = regexp.MustCompile(`^#(?: *(\^+)|(<\^*)) (\w+) ?(.*)$`)

// unmarked is a text without its marks.
func unmarked(text string) (string, []marker) {
	var rows []string
	var marks []marker
	for row := range strings.Lines(text) {
		m := markerLine.FindStringSubmatchIndex(strings.TrimSuffix(row, "\n"))
		if m == nil {
			rows = append(rows, row)
			continue
		}
		start, end := m[2], m[3]
		if m[4] >= 0 { // #<^^ begins where the # is
			start, end = 0, m[5]
		}
		marks = append(marks, marker{len(rows) - 1, start, end, row[m[6]:m[7]], row[m[8]:m[9]]})
	}
	return strings.Join(rows, ""), marks
}

// marked is an open document and its marks. Its texts are ASCII: bytes are UTF-16 units.
type marked struct {
	t     *testing.T
	e     *lsptest.Editor
	dir   string
	uri   string
	rows  []string
	marks []marker
}

func (m marked) checkAll(name string) {
	for verb, all := range map[string]func() []string{"problem": m.problems, "fold": m.folds} {
		var want []string
		for _, k := range m.marks {
			if k.verb == verb {
				want = append(want, fmt.Sprintf("%s %s", m.place(k), k.text))
			}
		}
		if len(want) == 0 {
			continue
		}
		got := all()
		slices.Sort(got)
		slices.Sort(want)
		same := func(got, want string) bool { return strings.HasPrefix(got, want) }
		if !slices.EqualFunc(got, want, same) {
			m.t.Errorf("%s: %s:\n got %s\nwant %s", name, verb, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
	m.checkFormat(name)
	for _, k := range m.marks {
		if problem := m.check(k); problem != "" {
			m.t.Errorf("%s:%d: %s %s: %s", name, k.line+1, k.verb, k.text, problem)
		}
	}
}

// place is a marker's range; of a fold it is the line.
func (m marked) place(k marker) string {
	if k.verb == "fold" {
		return fmt.Sprint(k.line)
	}
	return fmt.Sprintf("%d:%d-%d:%d", k.line, k.start, k.line, k.end)
}

func (m marked) ask(method string, more map[string]any, answer any) {
	params := map[string]any{"textDocument": map[string]any{"uri": m.uri}}
	for name, value := range more {
		params[name] = value
	}
	if err := m.e.Call("textDocument/"+method, params, answer); err != nil {
		m.t.Errorf("%s: %v", method, err)
	}
}

func (m marked) problems() (list []string) {
	m.e.Await("problems", func() bool { return len(m.e.Published(m.uri)) > 0 })
	all := m.e.Published(m.uri)
	for _, d := range all[len(all)-1].Diagnostics {
		list = append(list, fmt.Sprintf("%s %s %s", d.Range, d.Code, d.Message))
	}
	return list
}

func (m marked) folds() (list []string) {
	var folds []struct {
		StartLine, EndLine int
		Kind               string
	}
	m.ask("foldingRange", nil, &folds)
	for _, f := range folds {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%d %d %s", f.StartLine, f.EndLine-f.StartLine, f.Kind)))
	}
	return list
}

// check says what is wrong at a marker, but for those that are checked together.
func (m marked) check(k marker) string {
	position := func(character int) map[string]any { return map[string]any{"line": k.line, "character": character} }
	switch k.verb {
	case "hover", "nohover":
		var hover struct {
			Contents struct{ Value string }
			Range    *lsptest.Range
		}
		m.ask("hover", map[string]any{"position": position(k.start)}, &hover)
		if k.verb == "hover" && (hover.Range == nil || hover.Range.String() != m.place(k) || !strings.Contains(hover.Contents.Value, k.text)) || k.verb == "nohover" && hover.Contents.Value != "" {
			return fmt.Sprintf("at %v: %q", hover.Range, hover.Contents.Value)
		}
	case "action":
		title, text, _ := strings.Cut(k.text, " => ")
		return m.action(map[string]any{"start": position(k.start), "end": position(k.end)}, title, m.place(k), text)
	case "lens":
		var lenses []lsptest.Lens
		m.ask("codeLens", nil, &lenses)
		if !slices.ContainsFunc(lenses, func(l lsptest.Lens) bool {
			return l.Range.Start.Line == k.line && strings.Contains(l.Command.Title, k.text)
		}) {
			return fmt.Sprintf("%+v", lenses)
		}
	case "problem", "fold", "format":
	default:
		return m.checkNavigation(k, position(k.start))
	}
	return ""
}

func (m marked) action(at map[string]any, title, place, text string) string {
	var actions []struct {
		Title string
		Edit  struct {
			Changes map[string][]struct {
				Range   lsptest.Range
				NewText string
			}
		}
	}
	m.ask("codeAction", map[string]any{"range": at, "context": map[string]any{"diagnostics": []any{}}}, &actions)
	var titles []string
	for _, a := range actions {
		titles = append(titles, a.Title)
		edits := a.Edit.Changes[m.uri]
		if a.Title == title && len(edits) == 1 && edits[0].Range.String() == place && edits[0].NewText == text {
			return ""
		}
	}
	return fmt.Sprintf("%q: %+v", titles, actions)
}
