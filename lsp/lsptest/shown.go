package lsptest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Message is a notification or a request of the server.
type Message struct {
	Method string
	Params json.RawMessage
	At     time.Time
}

// A Diagnostic is one of textDocument/publishDiagnostics.
type Diagnostic struct {
	Range    Range  `json:"range"`
	Severity int    `json:"severity"`
	Code     string `json:"code"`
	Source   string `json:"source"`
	Message  string `json:"message"`
}

// A Range is the protocol's.
type Range struct {
	Start struct{ Line, Character int } `json:"start"`
	End   struct{ Line, Character int } `json:"end"`
}

// String is "line:character-line:character", 0-based.
func (r Range) String() string {
	return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Character, r.End.Line, r.End.Character)
}

// A Lens is one of the answer to textDocument/codeLens.
type Lens struct {
	Range   Range `json:"range"`
	Command struct {
		Title, Command string
		Arguments      []map[string]any
	} `json:"command"`
}

// A Hint is one of the answer to textDocument/inlayHint.
type Hint struct {
	Position    struct{ Line, Character int } `json:"position"`
	Label       string                        `json:"label"`
	PaddingLeft bool                          `json:"paddingLeft"`
}

// Published is one textDocument/publishDiagnostics.
type Published struct {
	URI         string       `json:"uri"`
	Version     *int         `json:"version"`
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// A Progress is what was shown on one token.
type Progress struct {
	Kind        string `json:"kind"`
	Title       string `json:"title"`
	Message     string `json:"message"`
	Percentage  *int   `json:"percentage"`
	Cancellable *bool  `json:"cancellable"`
	At          time.Time
}

func (e *Editor) summary() string {
	var s string
	for _, m := range e.All("") {
		s += fmt.Sprintf("\n  %s %.300s", m.Method, m.Params)
	}
	return s
}

// All are the messages of a method so far, or all messages if it is empty.
func (e *Editor) All(method string) []Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.Messages), func(m Message) bool { return method != "" && m.Method != method })
}

// Count is how many messages of a method there were so far.
func (e *Editor) Count(method string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.Messages {
		if m.Method == method {
			n++
		}
	}
	return n
}

// Forget forgets what the server sent so far, for a session that lasts.
func (e *Editor) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Messages = nil
}

// Published are all publications for a document, in order.
func (e *Editor) Published(uri string) []Published {
	var out []Published
	for _, m := range e.All("textDocument/publishDiagnostics") {
		var p Published
		if err := json.Unmarshal(m.Params, &p); err != nil {
			e.t.Errorf("publishDiagnostics: %v", err)
		}
		if p.URI == uri {
			out = append(out, p)
		}
	}
	return out
}

// Diagnostics are those that a document shows now.
func (e *Editor) Diagnostics(uri string) []Diagnostic {
	all := e.Published(uri)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1].Diagnostics
}

// Codes are the codes of a document's diagnostics, with their lines, in order.
func (e *Editor) Codes(uri string) string {
	var out []string
	for _, d := range e.Diagnostics(uri) {
		out = append(out, fmt.Sprintf("%d:%s", d.Range.Start.Line, d.Code))
	}
	return strings.Join(out, " ")
}

// AwaitPublished waits until what is wrong with the newest text of a document was published.
// That of a document in which nothing ever was is not.
func (e *Editor) AwaitPublished(uri string) {
	e.t.Helper()
	e.Await(fmt.Sprintf("publication for version %d of %s", e.versions[uri], uri), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, m := range slices.Backward(e.Messages) {
			var p Published
			if m.Method == "textDocument/publishDiagnostics" && json.Unmarshal(m.Params, &p) == nil && p.URI == uri {
				return p.Version != nil && *p.Version == e.versions[uri]
			}
		}
		return false
	})
}

// Tokens are those that progress was begun on, in order.
func (e *Editor) Tokens() []string {
	var tokens []string
	for _, m := range e.All("$/progress") {
		var p struct{ Token json.RawMessage }
		json.Unmarshal(m.Params, &p)
		if !slices.Contains(tokens, string(p.Token)) {
			tokens = append(tokens, string(p.Token))
		}
	}
	return tokens
}

// Progress is all that was shown on a token, in order. token is as JSON.
func (e *Editor) Progress(token string) []Progress {
	var out []Progress
	for _, m := range e.All("$/progress") {
		var p struct {
			Token json.RawMessage
			Value Progress
		}
		if err := json.Unmarshal(m.Params, &p); err != nil {
			e.t.Errorf("$/progress: %v", err)
		}
		if string(p.Token) == token {
			p.Value.At = m.At
			out = append(out, p.Value)
		}
	}
	return out
}

// Ended says whether a token's progress has ended.
func (e *Editor) Ended(token string) bool {
	all := e.Progress(token)
	return len(all) > 0 && all[len(all)-1].Kind == "end"
}
