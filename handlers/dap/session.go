package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/debug"
)

// A Host makes the builds that are debugged.
type Host interface {
	// Launch plans the build that the arguments of a launch ask for, of the text as it is now.
	Launch(ctx context.Context, arguments json.RawMessage) (*Launch, error)
	// Terminal makes a shell for a terminal, and returns the command that attaches to it.
	Terminal(run func(context.Context, attach.Terminal) (int, error)) (command []string, err error)
}

// A Launch is a build to be debugged. It serves for one.
type Launch struct {
	debug.How
	Source dap.Source             // the Dockerfile
	Is     func(path string) bool // whether a path or URI is the Dockerfile's

	StopOnEntry   bool
	StopOnFailure *bool // nil: as the client's filters say
	NoDebug       bool

	// Run builds. It returns when the build has ended; canceling ctx cancels it.
	Run func(ctx context.Context, obs build.Observer, debug func(context.Context, *build.Debugging) error) *build.Outcome
}

// A session is one client's. It has one build at a time.
type session struct {
	*conn
	host  Host
	ctx   context.Context
	leave func() // ends ctx
	works sync.WaitGroup

	lines    int // what the client calls the first line
	columns  int
	terminal bool // it can run a program in one

	starting  sync.Mutex      // held while a build is started: one at a time
	arguments json.RawMessage // of the launch; guarded by starting

	mu sync.Mutex
	state
	abort     context.CancelCauseFunc // ends what is being started; nil before
	sources   []debug.Breakpoint
	functions []debug.Breakpoint
	last      int   // ID of a breakpoint
	stopFails *bool // as the filters say; nil if the client sets none
	handles   handles
}

// state is what is debugged.
type state struct {
	launch *Launch
	run    *run // nil before the first build
}

// is the state as it is now.
func (s *session) is() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// A run is a build that is debugged.
type run struct {
	*debug.Debugger
	cancel  context.CancelCauseFunc
	ended   chan struct{}
	steps   stepTeller
	outcome *build.Outcome // once ended is closed
}

// Serve speaks with a client until it goes away, or until ctx ends. Then nothing of its build runs.
func Serve(ctx context.Context, rw io.ReadWriteCloser, host Host) error {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &session{conn: newConn(rw), host: host, ctx: ctx, lines: 1, columns: 1}
	s.leave = func() { cancel(errStopped) }
	read := make(chan error, 1)
	go func() { read <- s.read(s.handle) }() // ends with rw; a read from a terminal, with the process
	var err error
	select {
	case err = <-read:
		cancel(errGone)
	case <-ctx.Done():
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.works.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(endWithin): // the client does not read
	}
	rw.Close()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) {
		err = nil
	}
	return err
}

// endWithin bounds the wait for a client that does not read what it is told.
const endWithin = 5 * time.Second

var (
	errGone      = errors.New("the debugger has gone away")
	errStopped   = errors.New("the debugging was ended")
	errRestarted = errors.New("the debugging begins anew")
)

// work answers a request that may take long, beside all others.
func (s *session) work(r *dap.Request, answer func(context.Context) (dap.ResponseMessage, error)) {
	ctx, end := s.cancelable(s.ctx, r)
	s.works.Go(func() {
		defer end()
		defer s.survive(r)
		m, err := answer(ctx)
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
		s.now(r, m, err)
	})
}

// survive answers a request in which an invariant broke: the process also serves an editor.
func (s *session) survive(r *dap.Request) {
	if broken := recover(); broken != nil {
		s.fail(r, fmt.Errorf("a defect of buildls: %v", broken))
	}
}

// now answers a request at once.
func (s *session) now(r *dap.Request, m dap.ResponseMessage, err error) {
	if err != nil {
		s.fail(r, err)
		return
	}
	s.answer(r, m)
}

// handle takes a request. What changes where the build stands is done in the order of the requests.
func (s *session) handle(m dap.RequestMessage) {
	r := m.GetRequest()
	s.hold()
	defer s.release()
	defer s.survive(r)
	switch m := m.(type) {
	case *dap.InitializeRequest:
		s.initialize(m)
	case *dap.LaunchRequest:
		s.work(r, func(ctx context.Context) (dap.ResponseMessage, error) {
			return &dap.LaunchResponse{}, s.begin(ctx, m.Arguments)
		})
	case *dap.AttachRequest:
		s.work(r, func(ctx context.Context) (dap.ResponseMessage, error) {
			return &dap.AttachResponse{}, s.begin(ctx, m.Arguments)
		})
	case *dap.ConfigurationDoneRequest:
		s.now(r, &dap.ConfigurationDoneResponse{}, s.configured())
	case *dap.SetBreakpointsRequest:
		s.now(r, &dap.SetBreakpointsResponse{Body: dap.SetBreakpointsResponseBody{Breakpoints: s.setBreakpoints(&m.Arguments)}}, nil)
	case *dap.SetFunctionBreakpointsRequest:
		s.now(r, &dap.SetFunctionBreakpointsResponse{Body: dap.SetFunctionBreakpointsResponseBody{Breakpoints: s.setFunctions(m.Arguments.Breakpoints)}}, nil)
	case *dap.SetExceptionBreakpointsRequest:
		s.setFilters(m.Arguments.Filters)
		s.now(r, &dap.SetExceptionBreakpointsResponse{}, nil)
	case *dap.ThreadsRequest:
		s.now(r, &dap.ThreadsResponse{Body: dap.ThreadsResponseBody{Threads: s.threads()}}, nil)
	case *dap.ContinueRequest:
		s.now(r, &dap.ContinueResponse{Body: dap.ContinueResponseBody{AllThreadsContinued: !m.Arguments.SingleThread}}, s.continueOf(m.Arguments.ThreadId, m.Arguments.SingleThread))
	case *dap.NextRequest:
		s.now(r, &dap.NextResponse{}, s.move(m.Arguments.ThreadId, (*debug.Thread).Next))
	case *dap.StepInRequest:
		s.now(r, &dap.StepInResponse{}, s.move(m.Arguments.ThreadId, (*debug.Thread).StepIn))
	case *dap.StepOutRequest:
		s.now(r, &dap.StepOutResponse{}, s.move(m.Arguments.ThreadId, (*debug.Thread).StepOut))
	case *dap.StepBackRequest:
		s.now(r, &dap.StepBackResponse{}, s.move(m.Arguments.ThreadId, (*debug.Thread).StepBack))
	case *dap.ReverseContinueRequest:
		s.now(r, &dap.ReverseContinueResponse{}, s.move(m.Arguments.ThreadId, (*debug.Thread).ReverseContinue))
	case *dap.PauseRequest:
		s.now(r, &dap.PauseResponse{}, s.move(m.Arguments.ThreadId, (*debug.Thread).Pause))
	case *dap.RestartRequest:
		s.works.Go(func() { s.restart(r, &dap.RestartResponse{}, m.Arguments, nil) })
	case *dap.RestartFrameRequest:
		frame, err := s.handles.frame(m.Arguments.FrameId)
		if err != nil {
			s.fail(r, err)
			return
		}
		s.works.Go(func() { s.restart(r, &dap.RestartFrameResponse{}, nil, frame) })
	case *dap.TerminateRequest:
		s.end(errStopped)
		s.now(r, &dap.TerminateResponse{}, nil)
	case *dap.DisconnectRequest:
		s.end(errStopped)
		s.works.Go(func() {
			s.await()
			s.answer(r, &dap.DisconnectResponse{})
			s.leave()
		})
	case *dap.CancelRequest:
		s.cancel(m.Arguments.RequestId)
		s.now(r, &dap.CancelResponse{}, nil)
	default:
		s.look(m)
	}
}

func (s *session) initialize(m *dap.InitializeRequest) {
	a := m.Arguments
	if !a.LinesStartAt1 {
		s.lines = 0
	}
	if !a.ColumnsStartAt1 {
		s.columns = 0
	}
	s.terminal = a.SupportsRunInTerminalRequest
	s.now(m.GetRequest(), &dap.InitializeResponse{Body: dap.Capabilities{
		SupportsConfigurationDoneRequest:      true,
		SupportsFunctionBreakpoints:           true,
		SupportsConditionalBreakpoints:        true,
		SupportsEvaluateForHovers:             true,
		SupportsStepBack:                      true,
		SupportsRestartFrame:                  true,
		SupportsRestartRequest:                true,
		SupportsCompletionsRequest:            true,
		CompletionTriggerCharacters:           []string{"$", "/"},
		SupportsExceptionInfoRequest:          true,
		SupportsLogPoints:                     true,
		SupportsTerminateRequest:              true,
		SupportsCancelRequest:                 true,
		SupportsSingleThreadExecutionRequests: true,
		SupportTerminateDebuggee:              true,
		SupportsANSIStyling:                   true,
		ExceptionBreakpointFilters: []dap.ExceptionBreakpointsFilter{{Filter: "failure", Label: "Failed steps", Default: true,
			Description: "Stop where a step of the build has failed, in the files that it has left."}},
	}}, nil)
}

// thread finds one of the build's.
func (s *session) thread(id int) (*debug.Thread, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil, errNoBuild
	}
	for _, t := range s.run.Threads {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, fmt.Errorf("there is no thread %d", id)
}

func (s *session) threads() []dap.Thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []dap.Thread{}
	if s.run != nil {
		for _, t := range s.run.Threads {
			list = append(list, dap.Thread{Id: t.ID, Name: t.Name()})
		}
	}
	return list
}

// move has a thread move.
func (s *session) move(id int, how func(*debug.Thread) error) error {
	t, err := s.thread(id)
	if err != nil {
		return err
	}
	return how(t)
}

// continueOf has a thread go on, and with it all that stand.
func (s *session) continueOf(id int, alone bool) error {
	err := s.move(id, (*debug.Thread).Continue)
	if err != nil || alone {
		return err
	}
	for _, t := range s.is().run.Threads {
		if t.ID != id && t.Standing() {
			t.Continue()
		}
	}
	return nil
}
