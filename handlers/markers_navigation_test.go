package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/lsp/lsptest"
	"github.com/buildls/buildls/workspace"
)

// checkNavigation says what is wrong at a marker about names and the parts of a text:
//
//	def PLACE          the definition is at PLACE, "LINE:COLUMN", 0-based, and of another file
//	                   "FILE:LINE:COLUMN"; none without PLACE
//	refs PLACE…        these are all the places of the name that begins here, in any order
//	rename NAME => TEXT    renamed to NAME, the lines with the name are TEXT, "|" between them,
//	                       and " / FILE:TEXT" for each other file
//	norename NAME => TEXT  that is refused with TEXT
//	symbol NAME [/ DETAIL] an entry of the outline that is selected here
//	select TEXT | …    what is selected step by step, of more than one line its first
//	link URL           these bytes lead there; FILE for one of the workspace
//	nolink             they lead nowhere
//	complete LABEL [ -- DETAIL][ => TEXT]  behind these bytes, which it replaces with the rest of
//	                   the word, LABEL may be written, as TEXT
//	nocomplete LABEL   it may not
//	signature LABEL [/ PARAMETER]  the form that is shown at the end of these bytes, and its
//	                   parameter that is being written
//	token TYPE         these bytes are a token
//	hint TEXT          a hint behind these bytes; none without TEXT
//	linked             these bytes are edited together with others that are the same
func (m marked) checkNavigation(k marker, position map[string]any) string {
	at := map[string]any{"position": position}
	switch k.verb {
	case "def":
		var found []location
		m.ask("definition", at, &found)
		if k.text == "" && len(found) > 0 || k.text != "" && (len(found) != 1 || m.shown(found[0]) != k.text) {
			return fmt.Sprintf("%+v", found)
		}
	case "refs":
		return m.references(k, at)
	case "rename":
		name, want, _ := strings.Cut(k.text, " => ")
		if got := m.rename(at, name, m.place(k)); got != want {
			return got
		}
	case "norename":
		name, want, _ := strings.Cut(k.text, " => ")
		at["newName"] = name
		if err := m.e.Call("textDocument/rename", m.about(at), nil); err == nil || !strings.Contains(err.Error(), want) {
			return fmt.Sprint(err)
		}
	case "symbol":
		return m.symbol(k)
	case "select":
		return m.selection(k, position)
	case "link", "nolink":
		type link struct {
			Range  lsptest.Range
			Target string
		}
		var links []link
		m.ask("documentLink", nil, &links)
		for _, l := range links {
			if at := m.place(k); l.Range.String() == at && (l.Target == k.text || m.shown(location{URI: l.Target}) == k.text+":0:0") {
				return ""
			}
		}
		if k.verb == "link" || slices.ContainsFunc(links, func(l link) bool { return l.Range.String() == m.place(k) }) {
			return fmt.Sprintf("%+v", links)
		}
	case "complete", "nocomplete":
		return m.completion(k)
	case "signature":
		return m.signature(k)
	case "token":
		return m.token(k)
	case "hint":
		for _, h := range m.e.Hints(m.uri, k.line, k.line+1) {
			if h.Position.Line == k.line && h.Position.Character == k.end && h.Label != k.text {
				return fmt.Sprintf("%+v", h)
			} else if h.Position.Line == k.line && h.Position.Character == k.end {
				return ""
			}
		}
		if k.text != "" {
			return "none"
		}
	case "linked":
		var linked struct{ Ranges []lsptest.Range }
		m.ask("linkedEditingRange", at, &linked)
		if len(linked.Ranges) < 2 || !slices.ContainsFunc(linked.Ranges, func(r lsptest.Range) bool { return r.String() == m.place(k) }) {
			return fmt.Sprintf("%+v", linked)
		}
	default:
		return "no such expectation"
	}
	return ""
}

// about are a request's params.
func (m marked) about(more map[string]any) map[string]any {
	more["textDocument"] = map[string]any{"uri": m.uri}
	return more
}

// A location is a place of a file.
type location struct {
	URI   string
	Range lsptest.Range
}

// shown is where a location begins, as markers have it.
func (m marked) shown(l location) string {
	place := fmt.Sprintf("%d:%d", l.Range.Start.Line, l.Range.Start.Character)
	if l.URI != "" && l.URI != m.uri {
		path, _ := workspace.URI(l.URI).Path()
		rel, _ := filepath.Rel(m.dir, path)
		return filepath.ToSlash(rel) + ":" + place
	}
	return place
}

// references holds references to documentHighlight, and both to a marker.
func (m marked) references(k marker, at map[string]any) string {
	var found, lit []location
	m.ask("documentHighlight", at, &lit) // of Dockerfiles alone
	at["context"] = map[string]any{"includeDeclaration": true}
	m.ask("references", at, &found)
	want := append(strings.Fields(k.text), fmt.Sprintf("%d:%d", k.line, k.start))
	here := slices.DeleteFunc(slices.Clone(want), func(place string) bool { return strings.Count(place, ":") > 1 })
	for i, list := range [][]location{found, lit} {
		var got []string
		for _, l := range list {
			got = append(got, m.shown(l))
		}
		want := [][]string{want, here}[i]
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) && (i == 0 || strings.HasSuffix(m.uri, "Dockerfile")) {
			return fmt.Sprintf("%q", got)
		}
	}
	return ""
}

// rename is the lines that a rename changes, as they are after it.
func (m marked) rename(at map[string]any, name, place string) string {
	var prepared struct{ Range lsptest.Range }
	m.ask("prepareRename", at, &prepared)
	if prepared.Range.String() != place {
		return fmt.Sprintf("prepared %v", prepared.Range)
	}
	at["newName"] = name
	var edit struct {
		Changes map[string][]textEdit
	}
	m.ask("rename", at, &edit)
	here := changedRows(m.rows, edit.Changes[m.uri])
	delete(edit.Changes, m.uri)
	byName := func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) } // systems spell paths apart
	for _, uri := range slices.SortedFunc(maps.Keys(edit.Changes), byName) {
		file, _ := workspace.URI(uri).Path()
		text, err := os.ReadFile(file)
		if err != nil {
			return err.Error()
		}
		here += " / " + filepath.Base(file) + ":" + changedRows(strings.Split(string(text), "\n"), edit.Changes[uri])
	}
	return here
}

// A textEdit is one of a workspace edit.
type textEdit struct {
	Range   lsptest.Range
	NewText string
}

// changedRows are the lines that edits change, as they are then.
func changedRows(rows []string, edits []textEdit) string {
	rows, changed := slices.Clone(rows), map[int]bool{}
	slices.SortFunc(edits, func(a, b textEdit) int { return a.Range.Start.Character - b.Range.Start.Character })
	for _, e := range slices.Backward(edits) {
		at := e.Range.Start.Line
		rows[at] = rows[at][:e.Range.Start.Character] + e.NewText + rows[at][e.Range.End.Character:]
		changed[at] = true
	}
	var list []string
	for i, row := range rows {
		if changed[i] {
			list = append(list, row)
		}
	}
	return strings.Join(list, "|")
}

func (m marked) symbol(k marker) string {
	type symbol struct {
		Name, Detail          string
		Range, SelectionRange lsptest.Range
		Children              []symbol
	}
	var all []symbol
	m.ask("documentSymbol", nil, &all)
	var seen []string
	for len(all) > 0 {
		s := all[0]
		all = append(all[1:], s.Children...)
		is := strings.TrimSuffix(s.Name+" / "+s.Detail, " / ")
		if seen = append(seen, is); s.SelectionRange.String() == m.place(k) && is == k.text {
			return ""
		}
	}
	return strings.Join(seen, "\n")
}

func (m marked) selection(k marker, position map[string]any) string {
	type selection struct {
		Range  lsptest.Range
		Parent *selection
	}
	var found []selection
	m.ask("selectionRange", map[string]any{"positions": []any{position}}, &found)
	var got []string
	for next := &found[0]; next != nil; next = next.Parent {
		row := m.rows[next.Range.Start.Line]
		if next.Range.End.Line == next.Range.Start.Line {
			row = row[:next.Range.End.Character]
		}
		got = append(got, row[next.Range.Start.Character:])
	}
	if list := strings.Join(got, " | "); list != k.text {
		return list
	}
	return ""
}

func (m marked) at(line, character int) map[string]any {
	return map[string]any{"position": map[string]any{"line": line, "character": character}}
}

func (m marked) completion(k marker) string {
	var list struct {
		Items []struct {
			Label, Detail string
			TextEdit      textEdit
		}
	}
	m.ask("completion", m.at(k.line, k.end), &list)
	label, text, hasText := strings.Cut(k.text, " => ")
	label, detail, hasDetail := strings.Cut(label, " -- ")
	var labels []string
	for _, item := range list.Items {
		if item.Label != label {
			labels = append(labels, item.Label)
			continue
		}
		if k.verb == "complete" && (!m.replaces(k, item.TextEdit.Range) || hasText && item.TextEdit.NewText != text || hasDetail && item.Detail != detail) || k.verb == "nocomplete" {
			return fmt.Sprintf("%+v", item)
		}
		return ""
	}
	if k.verb == "complete" {
		return fmt.Sprintf("%q", labels)
	}
	return ""
}

// replaces says whether a completion's range holds the bytes of a marker, and begins with them.
func (m marked) replaces(k marker, r lsptest.Range) bool {
	return fmt.Sprintf("%d:%d", r.Start.Line, r.Start.Character) == fmt.Sprintf("%d:%d", k.line, k.start) && r.End.Line == k.line && r.End.Character >= k.end
}

func (m marked) signature(k marker) string {
	var help struct {
		Signatures []struct {
			Label      string
			Parameters []struct{ Label string }
		}
		ActiveSignature, ActiveParameter int
	}
	m.ask("signatureHelp", m.at(k.line, k.end), &help)
	if len(help.Signatures) == 0 {
		return "none"
	}
	active := help.Signatures[help.ActiveSignature]
	label, parameter, ok := strings.Cut(k.text, " / ")
	if active.Label != label || ok && active.Parameters[help.ActiveParameter].Label != parameter {
		return fmt.Sprintf("%+v", help)
	}
	return ""
}

func (m marked) token(k marker) string {
	var tokens struct{ Data []int }
	m.ask("semanticTokens/full", nil, &tokens)
	var server struct {
		Capabilities struct {
			SemanticTokensProvider struct{ Legend struct{ TokenTypes []string } }
		}
	}
	if err := json.Unmarshal(m.e.Server, &server); err != nil {
		return err.Error()
	}
	legend := server.Capabilities.SemanticTokensProvider.Legend.TokenTypes
	line, character := 0, 0
	for d := range slices.Chunk(tokens.Data, 5) {
		if line += d[0]; d[0] > 0 {
			character = 0
		}
		character += d[1]
		if line != k.line || character+d[2] <= k.start || character >= k.end {
			continue
		}
		if kind := legend[d[3]]; character != k.start || character+d[2] != k.end || kind != k.text {
			return fmt.Sprintf("%s from %d to %d", kind, character, character+d[2])
		}
		return ""
	}
	return "none"
}
