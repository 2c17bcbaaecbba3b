package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An editor has one Dockerfile on the screen. It is not on the disk.
type editor struct {
	lsp    *client
	screen *screen
	uri    string

	version  int
	lines    []string
	marks    []span // behind each line
	problems []problem
	typing   int      // the line that is typed in, or -1
	also     string   // what is said of another buffer
	shown    progress // of the last build
	builds   int
	wrong    error // what the server did that it must not do
}

// These are the protocol's and the contract's, as far as the demo reads them.
type (
	position struct {
		Line      int `json:"line"`
		Character int `json:"character"`
	}
	textRange struct {
		Start position `json:"start"`
		End   position `json:"end"`
	}
	problem struct {
		Range   textRange
		Message string
	}
	progress struct {
		Kind, Title, Message string
		Percentage           int
	}
	result struct {
		ID, Status string
		Overlaid   []string
		Steps      []step
		Error      struct {
			Message  string
			ExitCode int
		}
	}
	step struct {
		Name, Status string
		Range        textRange
		DurationMs   int
		ExitCode     *int
	}
)

// open begins the session with a workspace folder.
func (e *editor) open(ctx context.Context, folder string) error {
	params := object{"processId": nil, "rootUri": nil, "clientInfo": object{"name": "demo"},
		"capabilities": object{
			"window":       object{"workDoneProgress": true},
			"textDocument": object{"inlayHint": object{}},
			"workspace":    object{"inlayHint": object{"refreshSupport": true}}},
		"workspaceFolders": []object{{"uri": folder, "name": "demo"}}}
	if err := e.lsp.call(ctx, "initialize", params, nil); err != nil {
		return err
	}
	return e.lsp.notify("initialized", object{})
}

func (e *editor) didOpen(uri, language, text string) error {
	return e.lsp.notify("textDocument/didOpen", object{"textDocument": object{"uri": uri, "languageId": language, "version": 0, "text": text}})
}

// typeText types at the end of a line, key by key.
func (e *editor) typeText(ctx context.Context, line int, text string) error {
	e.shown = progress{}
	for _, key := range text {
		at := position{line, utf8.RuneCountInString(e.lines[line])}
		if key == '\n' {
			line++
			e.lines = slices.Insert(e.lines, line, "")
		} else {
			e.lines[line] += string(key)
		}
		e.typing = line
		e.version++
		err := e.lsp.notify("textDocument/didChange", object{"textDocument": object{"uri": e.uri, "version": e.version},
			"contentChanges": []object{{"range": textRange{at, at}, "text": string(key)}}})
		if err != nil {
			return err
		}
		e.takeAll()
		e.askMarks(ctx)
		e.show(keystroke)
	}
	e.typing = -1
	return nil
}

// build builds the buffer and shows how it goes; each is called with every progress.
func (e *editor) build(ctx context.Context, each func(progress)) (*result, error) {
	e.builds++
	e.shown = progress{}
	var r result
	answered := make(chan error, 1)
	params := object{"command": "buildls.build", "arguments": []object{{"uri": e.uri}}, "workDoneToken": e.token()}
	go func() { answered <- e.lsp.conn.Call(ctx, "workspace/executeCommand", params, &r) }()
	for {
		select {
		case ev := <-e.lsp.events:
			if ev.method == refresh {
				e.askMarks(ctx)
				e.show(reported)
			} else if e.take(ev) {
				each(e.shown)
			}
		case err := <-answered:
			e.takeAll() // sent before the answer
			if err == nil && e.wrong == nil && e.shown.Kind != "end" {
				err = fmt.Errorf("the build has ended, its progress has not: %+v", e.shown)
			}
			e.askMarks(ctx)
			return &r, cmp.Or(err, e.wrong)
		}
	}
}

func (e *editor) token() string { return fmt.Sprintf("demo/%d", e.builds) }

// cancel presses the cancel button of the progress.
func (e *editor) cancel() { e.lsp.notify("window/workDoneProgress/cancel", object{"token": e.token()}) }

func (e *editor) takeAll() {
	for len(e.lsp.events) > 0 {
		e.take(<-e.lsp.events)
	}
}

// take takes what the server sent, and says whether it was progress of the build.
func (e *editor) take(ev event) bool {
	var p struct {
		Token, URI  string
		Value       progress
		Diagnostics []problem
	}
	json.Unmarshal(ev.params, &p)
	switch {
	case ev.method == "textDocument/publishDiagnostics" && p.URI == e.uri:
		e.problems = p.Diagnostics
	case ev.method == "$/progress" && p.Token == e.token():
		before := e.shown
		if (p.Value.Kind == "begin") != (before.Kind == "") || before.Kind == "end" || p.Value.Kind == "report" && p.Value.Percentage < before.Percentage {
			e.wrong = fmt.Errorf("progress %+v after %+v", p.Value, before)
		}
		e.shown = p.Value
		if before.Title != "" {
			e.shown.Title = before.Title
		}
		e.show(reported)
		return true
	}
	return false
}

// awaitNoProblem waits until the squiggle is gone.
func (e *editor) awaitNoProblem() error {
	for late := time.After(patience); len(e.problems) > 0; {
		select {
		case ev := <-e.lsp.events:
			e.take(ev)
		case <-late:
			return fmt.Errorf("the line was edited, and its diagnostic stays: %+v", e.problems)
		}
	}
	return nil
}

// askMarks asks what is to be shown behind the lines.
func (e *editor) askMarks(ctx context.Context) {
	var hints []struct {
		Position position
		Label    string
	}
	params := object{"textDocument": object{"uri": e.uri}, "range": textRange{End: position{Line: len(e.lines)}}}
	if err := e.lsp.call(ctx, "textDocument/inlayHint", params, &hints); err != nil {
		e.wrong = cmp.Or(e.wrong, err)
		return
	}
	e.marks = make([]span, len(e.lines))
	for _, h := range hints {
		e.marks[h.Position.Line] = span{styleOf(h.Label), h.Label}
	}
}

func styleOf(label string) style {
	switch {
	case strings.HasPrefix(label, "✗"):
		return bad
	case label == "cached", strings.HasPrefix(label, "running"):
		return cool
	case strings.HasSuffix(label, " s"):
		return good
	}
	return dim
}
