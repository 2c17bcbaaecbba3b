// Package lsptest is an editor for tests: it speaks to a language server, a process or one in
// this process, answers what servers ask, and remembers all that it was shown, so that a test
// can say what should come to be and wait for that, never for time.
package lsptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
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
	cmd  *exec.Cmd // nil: the server is in this process
	gate *gate
	code int // what that server ended with

	Server json.RawMessage // the answer to initialize

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew when something below changed
	Messages []Message     // all notifications and requests of the server, in order
	exited   chan struct{}
	versions map[string]int
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

// Connect connects to a server in this process, without initializing it: serve speaks on the
// other end of a pipe, and returns an exit code. It is ended with the test, without shutdown.
func Connect(t testing.TB, serve func(io.ReadWriter) int, opts Options) *Editor {
	t.Helper()
	ours, theirs := net.Pipe()
	e := &Editor{t: t, opts: opts, gate: &gate{Reader: ours}, changed: make(chan struct{}), exited: make(chan struct{}), versions: map[string]int{}}
	e.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(pipe{e.gate, ours}, jsonrpc2.VSCodeObjectCodec{}), e)
	go func() {
		e.code = serve(theirs)
		theirs.Close()
		close(e.exited)
	}()
	t.Cleanup(func() {
		e.conn.Close()
		<-e.exited
	})
	return e
}

// Dial is Connect, and initializes the server.
func Dial(t testing.TB, serve func(io.ReadWriter) int, opts Options) *Editor {
	t.Helper()
	e := Connect(t, serve, opts)
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
	if e.cmd == nil {
		return e.code
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
