// Package lsptest is an editor for tests: it starts a language server, speaks to it
// over real pipes, answers what servers ask, and remembers all that it was shown, so
// that a test can say what should come to be and wait for that, never for time.
package lsptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// patience is how long an expectation may take to come true before the test fails.
const patience = 60 * time.Second

// Options are what the editor is like.
type Options struct {
	Folders      []string       // paths, or URIs
	Capabilities map[string]any // over the default: progress, configuration
	Settings     map[string]any // answered to workspace/configuration, nil: null
	Init         map[string]any // initializationOptions
	// RefuseProgress answers window/workDoneProgress/create with an error.
	RefuseProgress bool
	// Mute never answers workspace/configuration.
	Mute bool
	// Busy never answers a wish to refresh.
	Busy      bool
	ProcessID int // 0: null
}

// An Editor is a client with a server.
type Editor struct {
	t    testing.TB
	opts Options
	conn *jsonrpc2.Conn
	cmd  *exec.Cmd
	gate *gate

	Server json.RawMessage // the answer to initialize

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew when something below changed
	Messages []Message     // all notifications and requests of the server, in order
	exited   chan struct{}
	versions map[string]int
}

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

// pipe is the server's stdin and stdout as one stream.
type pipe struct {
	*gate
	io.WriteCloser
}

// A gate is what is read through; nothing comes through while it is shut.
type gate struct {
	io.Reader
	shut sync.RWMutex
}

func (g *gate) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	g.shut.RLock()
	defer g.shut.RUnlock()
	return n, err
}

// Freeze has the editor read nothing until Thaw; what it does else goes on.
func (e *Editor) Freeze() { e.gate.shut.Lock() }

// Thaw ends a freeze.
func (e *Editor) Thaw() { e.gate.shut.Unlock() }

// Start starts the server cmd, without initializing it. It is ended with the test.
func Start(t testing.TB, cmd *exec.Cmd, opts Options) *Editor {
	t.Helper()
	e := &Editor{t: t, opts: opts, cmd: cmd, changed: make(chan struct{}), exited: make(chan struct{}), versions: map[string]int{}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	e.gate = &gate{Reader: out}
	if cmd.Stderr == nil {
		cmd.Stderr = &lineLogger{t: t}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(pipe{e.gate, in}, jsonrpc2.VSCodeObjectCodec{}), e)
	go func() {
		<-e.conn.DisconnectNotify() // all of stdout is read
		cmd.Wait()
		close(e.exited)
	}()
	t.Cleanup(e.Kill)
	return e
}

// Dial starts and initializes a server in this process: serve speaks on the other end of a pipe.
// It is ended with the test, without shutdown.
func Dial(t testing.TB, serve func(io.ReadWriter), opts Options) *Editor {
	t.Helper()
	ours, theirs := net.Pipe()
	e := &Editor{t: t, opts: opts, gate: &gate{Reader: ours}, changed: make(chan struct{}), exited: make(chan struct{}), versions: map[string]int{}}
	e.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(pipe{e.gate, ours}, jsonrpc2.VSCodeObjectCodec{}), e)
	go func() {
		serve(theirs)
		theirs.Close()
		close(e.exited)
	}()
	t.Cleanup(func() {
		e.conn.Close()
		<-e.exited
	})
	e.Initialize()
	return e
}

// New starts and initializes the server.
func New(t testing.TB, cmd *exec.Cmd, opts Options) *Editor {
	t.Helper()
	e := Start(t, cmd, opts)
	e.Initialize()
	return e
}

// Initialize sends initialize and initialized.
func (e *Editor) Initialize() {
	e.t.Helper()
	capabilities := map[string]any{
		"window":    map[string]any{"workDoneProgress": true},
		"workspace": map[string]any{"configuration": true},
	}
	for k, v := range e.opts.Capabilities {
		capabilities[k] = v
	}
	var folders []map[string]any
	for _, f := range e.opts.Folders {
		if !strings.Contains(f, "://") {
			f = "file://" + f
		}
		folders = append(folders, map[string]any{"uri": f, "name": "test"})
	}
	params := map[string]any{"processId": nil, "rootUri": nil, "capabilities": capabilities, "workspaceFolders": folders}
	if e.opts.ProcessID != 0 {
		params["processId"] = e.opts.ProcessID
	}
	if e.opts.Init != nil {
		params["initializationOptions"] = e.opts.Init
	}
	if err := e.Call("initialize", params, &e.Server); err != nil {
		e.t.Fatalf("initialize: %v", err)
	}
	e.Notify("initialized", map[string]any{})
}

// Handle remembers what the server sends, and answers its requests as an editor does.
func (e *Editor) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	m := Message{Method: req.Method, At: time.Now()}
	if req.Params != nil {
		m.Params = *req.Params
	}
	e.mu.Lock()
	e.Messages = append(e.Messages, m)
	close(e.changed)
	e.changed = make(chan struct{})
	settings := e.opts.Settings
	e.mu.Unlock()
	if req.Notif {
		return
	}
	switch {
	case req.Method == "window/workDoneProgress/create" && e.opts.RefuseProgress:
		conn.ReplyWithError(ctx, req.ID, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: "no"})
	case req.Method == "workspace/configuration" && e.opts.Mute, strings.HasSuffix(req.Method, "/refresh") && e.opts.Busy:
	case req.Method == "workspace/configuration":
		conn.Reply(ctx, req.ID, []any{settings})
	default:
		conn.Reply(ctx, req.ID, nil)
	}
}

// Call sends a request and waits for the answer. An answer that does not come within
// the editor's patience is an error.
func (e *Editor) Call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.conn.Call(ctx, method, params, result); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// CallWithID is Call with an id of the test's choice, so that it can be canceled.
func (e *Editor) CallWithID(id string, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return e.conn.Call(ctx, method, params, result, jsonrpc2.PickID(jsonrpc2.ID{Str: id, IsString: true}))
}

// Send sends a request, and returns what waits for its answer.
func (e *Editor) Send(method string, params any) (wait func(result any) error) {
	e.t.Helper()
	sent, err := e.conn.DispatchCall(context.Background(), method, params)
	if err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
	return func(result any) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := sent.Wait(ctx, result); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		return nil
	}
}

// Configure changes what the editor answers to workspace/configuration, and tells so.
func (e *Editor) Configure(settings map[string]any) {
	e.t.Helper()
	e.mu.Lock()
	e.opts.Settings = settings
	e.mu.Unlock()
	e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": nil})
}

// Code is the JSON-RPC code of an error, 0 if it is of another kind.
func Code(err error) int64 {
	var e *jsonrpc2.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// Notify sends a notification.
func (e *Editor) Notify(method string, params any) {
	e.t.Helper()
	if err := e.conn.Notify(context.Background(), method, params); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

// Execute runs a command and decodes its answer into result.
func (e *Editor) Execute(command string, argument map[string]any, result any) error {
	return e.Call("workspace/executeCommand", map[string]any{"command": command, "arguments": []any{argument}}, result)
}

// Open opens a document that need not be on disk.
func (e *Editor) Open(uri, language, text string) {
	e.t.Helper()
	e.versions[uri] = 1
	e.Notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": language, "version": 1, "text": text}})
}

// Replace changes the whole text of an open document.
func (e *Editor) Replace(uri, text string) {
	e.t.Helper()
	e.change(uri, map[string]any{"text": text})
}

// Insert types text at a 0-based line and UTF-16 character.
func (e *Editor) Insert(uri string, line, character int, text string) {
	e.t.Helper()
	e.Change(uri, line, character, line, character, text)
}

// Delete removes text between two 0-based lines and UTF-16 characters.
func (e *Editor) Delete(uri string, line, character, endLine, endCharacter int) {
	e.t.Helper()
	e.Change(uri, line, character, endLine, endCharacter, "")
}

// Change puts text in the place of what is between two 0-based lines and UTF-16
// characters.
func (e *Editor) Change(uri string, line, character, endLine, endCharacter int, text string) {
	e.t.Helper()
	e.change(uri, map[string]any{"text": text, "range": map[string]any{
		"start": map[string]any{"line": line, "character": character}, "end": map[string]any{"line": endLine, "character": endCharacter}}})
}

func (e *Editor) change(uri string, changes ...any) {
	e.versions[uri]++
	e.Notify("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": uri, "version": e.versions[uri]}, "contentChanges": changes})
}

// Lenses asks for the lenses of a document.
func (e *Editor) Lenses(uri string) []Lens {
	e.t.Helper()
	var lenses []Lens
	if err := e.Call("textDocument/codeLens", map[string]any{"textDocument": map[string]any{"uri": uri}}, &lenses); err != nil {
		e.t.Error(err)
	}
	return lenses
}

// Hints asks for the inlay hints of a document's 0-based lines from first to last.
func (e *Editor) Hints(uri string, first, last int) []Hint {
	e.t.Helper()
	var hints []Hint
	lines := map[string]any{"start": map[string]any{"line": first, "character": 0}, "end": map[string]any{"line": last + 1, "character": 0}}
	if err := e.Call("textDocument/inlayHint", map[string]any{"textDocument": map[string]any{"uri": uri}, "range": lines}, &hints); err != nil {
		e.t.Error(err)
	}
	return hints
}

// A Hover is the answer to textDocument/hover.
type Hover struct {
	Contents struct{ Kind, Value string } `json:"contents"`
	Range    *Range                       `json:"range"`
}

// Hover asks what there is to say of a 0-based line and UTF-16 character; nil if nothing.
func (e *Editor) Hover(uri string, line, character int) *Hover {
	e.t.Helper()
	var h *Hover
	at := map[string]any{"line": line, "character": character}
	if err := e.Call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": at}, &h); err != nil {
		e.t.Error(err)
	}
	return h
}

// Close closes a document.
func (e *Editor) Close(uri string) {
	e.t.Helper()
	e.Notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
}

// Await waits until cond, which is asked whenever the server sent something, is true.
func (e *Editor) Await(what string, cond func() bool) {
	e.t.Helper()
	late := time.After(patience)
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-e.exited:
			if !cond() {
				e.t.Fatalf("the server exited before: %s", what)
			}
			return
		case <-late:
			e.t.Fatalf("did not come to be: %s\nseen: %s", what, e.summary())
		}
	}
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

// CloseStdin ends the stream to the server, as an editor does that dies.
func (e *Editor) CloseStdin() { e.conn.Close() }

// Exit waits for the server's end and returns its exit code.
func (e *Editor) Exit() int {
	e.t.Helper()
	select {
	case <-e.exited:
	case <-time.After(patience):
		e.t.Fatal("the server did not exit")
	}
	return e.cmd.ProcessState.ExitCode()
}

// Shutdown ends the server as the specification says, and checks that it exits with 0.
func (e *Editor) Shutdown() {
	e.t.Helper()
	if err := e.Call("shutdown", nil, nil); err != nil {
		e.t.Errorf("shutdown: %v", err)
	}
	e.Notify("exit", nil)
	if code := e.Exit(); code != 0 {
		e.t.Errorf("exit code %d after shutdown", code)
	}
}

// Pid is the server's process.
func (e *Editor) Pid() int { return e.cmd.Process.Pid }

// Kill ends the server if it still runs.
func (e *Editor) Kill() {
	select {
	case <-e.exited:
		return
	default:
	}
	e.cmd.Process.Kill()
	e.conn.Close()
	<-e.exited
}

// lineLogger shows the server's stderr with the test, until the test is over.
type lineLogger struct {
	t    testing.TB
	once sync.Once
	mu   sync.Mutex
	over bool
}

func (l *lineLogger) Write(p []byte) (int, error) {
	l.once.Do(func() {
		l.t.Cleanup(func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.over = true
		})
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.t.Logf("server: %s", p)
	}
	return len(p), nil
}
