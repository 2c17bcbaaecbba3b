package dap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/docker/go-units"
	"github.com/google/go-dap"

	"github.com/buildls/buildls/build/debug"
)

// look answers requests that change nothing.
func (s *session) look(m dap.RequestMessage) {
	r := m.GetRequest()
	switch m := m.(type) {
	case *dap.StackTraceRequest:
		body, err := s.stackTrace(&m.Arguments)
		s.now(r, &dap.StackTraceResponse{Body: body}, err)
	case *dap.ScopesRequest:
		scopes, err := s.scopes(m.Arguments.FrameId)
		s.now(r, &dap.ScopesResponse{Body: dap.ScopesResponseBody{Scopes: scopes}}, err)
	case *dap.ExceptionInfoRequest:
		body, err := s.exceptionInfo(m.Arguments.ThreadId)
		s.now(r, &dap.ExceptionInfoResponse{Body: body}, err)
	case *dap.VariablesRequest:
		s.work(r, func(ctx context.Context) (dap.ResponseMessage, error) {
			list, err := s.variables(ctx, &m.Arguments)
			return &dap.VariablesResponse{Body: dap.VariablesResponseBody{Variables: list}}, err
		})
	case *dap.SourceRequest:
		s.work(r, func(ctx context.Context) (dap.ResponseMessage, error) {
			body, err := s.source(ctx, &m.Arguments)
			return &dap.SourceResponse{Body: body}, err
		})
	case *dap.LocationsRequest:
		body, err := s.location(m.Arguments.LocationReference)
		s.now(r, &dap.LocationsResponse{Body: body}, err)
	case *dap.EvaluateRequest:
		s.work(r, func(ctx context.Context) (dap.ResponseMessage, error) {
			body, err := s.evaluate(ctx, &m.Arguments)
			return &dap.EvaluateResponse{Body: body}, err
		})
	case *dap.CompletionsRequest:
		s.work(r, func(ctx context.Context) (dap.ResponseMessage, error) {
			list, err := s.complete(ctx, &m.Arguments)
			return &dap.CompletionsResponse{Body: dap.CompletionsResponseBody{Targets: list}}, err
		})
	default:
		s.fail(r, fmt.Errorf("buildls does not know the request %s", r.Command))
	}
}

func (s *session) stackTrace(a *dap.StackTraceArguments) (body dap.StackTraceResponseBody, err error) {
	t, err := s.thread(a.ThreadId)
	if err != nil {
		return body, err
	}
	all := t.Frames()
	if len(all) == 0 {
		return body, errors.New("the build of this thread is running")
	}
	body.TotalFrames = len(all)
	body.StackFrames = []dap.StackFrame{}
	source := s.is().launch.Source
	for _, f := range page(all, a.StartFrame, a.Levels) {
		name := f.Stage + ": " + short(f.Text)
		if f.Text == "" {
			name = f.Stage + ": end of the stage"
		}
		body.StackFrames = append(body.StackFrames, dap.StackFrame{Id: s.handles.new(t.ID, &f), Name: name, Source: &source,
			Line: f.Lines.First + s.lines, Column: s.columns, EndLine: f.Lines.Last + s.lines, CanRestart: true})
	}
	return body, nil
}

// page is a part of a list, as a client asks for it: from an index on, so many; 0 is all.
func page[T any](list []T, from, count int) []T {
	list = list[min(max(from, 0), len(list)):]
	if count > 0 {
		list = list[:min(count, len(list))]
	}
	return list
}

// short is the beginning of a text.
func short(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}

// A scope is a list of variables at a frame.
type scope struct {
	frame *debug.Frame
	kind  scopeKind
	path  string // of a directory, in files
}

type scopeKind string

const (
	image       scopeKind = "Image"
	environment scopeKind = "Environment"
	labels      scopeKind = "Labels"
	arguments   scopeKind = "Arguments"
	mounts      scopeKind = "Mounts"
	changes     scopeKind = "Changed by this step"
	files       scopeKind = "Files"
)

// A file of a frame can be opened.
type file struct {
	frame *debug.Frame
	path  string
}

func (s *session) scopes(frame int) ([]dap.Scope, error) {
	f, err := s.handles.frame(frame)
	if err != nil {
		return nil, err
	}
	of, _ := s.handles.get(frame)
	var list []dap.Scope
	for _, kind := range []scopeKind{image, arguments, mounts, changes, files} {
		list = append(list, dap.Scope{Name: string(kind), VariablesReference: s.handles.new(of.thread, &scope{f, kind, "/"}), Expensive: kind == changes || kind == files})
	}
	return list, nil
}

func (s *session) variables(ctx context.Context, a *dap.VariablesArguments) ([]dap.Variable, error) {
	of, _ := s.handles.get(a.VariablesReference)
	at, ok := of.what.(*scope)
	if !ok {
		return nil, fmt.Errorf("there are no variables %d: the build has gone on", a.VariablesReference)
	}
	list, err := s.list(ctx, of.thread, at)
	if list == nil {
		list = []dap.Variable{}
	}
	return page(list, a.Start, a.Count), err
}

func (s *session) list(ctx context.Context, thread int, at *scope) (list []dap.Variable, err error) {
	switch at.kind {
	case image, environment, labels:
		return s.listImage(ctx, thread, at)
	case arguments:
		return s.listArguments(ctx, at)
	case mounts:
		for _, m := range at.frame.Mounts() {
			list = append(list, dap.Variable{Name: m[0], Value: m[1]})
		}
		return list, nil
	case changes:
		return s.listChanges(ctx, thread, at)
	}
	return s.listFiles(ctx, thread, at)
}

func (s *session) listImage(ctx context.Context, thread int, at *scope) (list []dap.Variable, err error) {
	e, err := at.frame.Image(ctx)
	if err != nil {
		return nil, err
	}
	add := func(name, value string) { list = append(list, dap.Variable{Name: name, Value: value}) }
	switch at.kind {
	case environment:
		for _, pair := range e.Env {
			name, value, _ := strings.Cut(pair, "=")
			list = append(list, dap.Variable{Name: name, Value: value, EvaluateName: "$" + name})
		}
		return list, nil
	case labels:
		for name, value := range e.Labels {
			add(name, value)
		}
		slices.SortFunc(list, func(a, b dap.Variable) int { return cmp.Compare(a.Name, b.Name) })
		return list, nil
	}
	expandable := func(kind scopeKind, count int) {
		v := dap.Variable{Name: string(kind), Value: fmt.Sprint(count), NamedVariables: count}
		if count > 0 {
			v.VariablesReference = s.handles.new(thread, &scope{at.frame, kind, ""})
		}
		list = append(list, v)
	}
	expandable(environment, len(e.Env))
	add("Directory", cmp.Or(e.Dir, "/"))
	add("User", cmp.Or(e.User, "root"))
	add("Shell", cmp.Or(words(e.Shell), words([]string{"/bin/sh", "-c"})))
	add("Entrypoint", words(e.Entrypoint))
	add("Cmd", words(e.Cmd))
	expandable(labels, len(e.Labels))
	add("Ports", strings.Join(e.Ports, ", "))
	return list, nil
}

// words are those of a command, in its JSON form; "" if there are none.
func words(list []string) string {
	if len(list) == 0 {
		return ""
	}
	quoted := make([]string, len(list))
	for i, word := range list {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (s *session) listArguments(ctx context.Context, at *scope) (list []dap.Variable, err error) {
	all, err := at.frame.Arguments(ctx)
	for _, a := range all {
		v := dap.Variable{Name: a.Name, Value: "not set", EvaluateName: "$" + a.Name}
		if a.Set {
			v.Value = a.Value
		}
		if a.Origin.What != "" {
			v.Value += "  (" + a.Origin.What
			if a.Origin.Line != nil {
				v.Value += fmt.Sprintf(", line %d", *a.Origin.Line+1)
			}
			v.Value += ")"
		}
		list = append(list, v)
	}
	return list, err
}

func (s *session) listChanges(ctx context.Context, thread int, at *scope) (list []dap.Variable, err error) {
	all, step, err := at.frame.Changes(ctx)
	if err != nil {
		return nil, err
	}
	if step != "" {
		list = append(list, dap.Variable{Name: "step", Value: short(strings.Join(strings.Fields(step), " ")), PresentationHint: &dap.VariablePresentationHint{Kind: "virtual"}})
	}
	for _, c := range all {
		v := dap.Variable{Name: c.Path, Value: string(c.Kind)}
		if !strings.HasSuffix(c.Path, "/") {
			v.Value += ", " + size(c.Bytes)
			if c.Kind != "deleted" {
				v.ValueLocationReference = s.handles.new(thread, &file{at.frame, c.Path})
			}
		}
		list = append(list, v)
	}
	return list, nil
}

func size(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }

func (s *session) listFiles(ctx context.Context, thread int, at *scope) (list []dap.Variable, err error) {
	all, err := at.frame.ReadDir(ctx, at.path)
	for _, st := range all {
		name := path.Join(at.path, st.Path)
		v := dap.Variable{Name: st.Path}
		switch mode := os.FileMode(st.Mode); {
		case mode.IsDir():
			v.Name += "/"
			v.Value = mode.String()
			v.VariablesReference = s.handles.new(thread, &scope{at.frame, files, name})
		case mode&os.ModeSymlink != 0:
			v.Value = "→ " + st.Linkname
			v.ValueLocationReference = s.handles.new(thread, &file{at.frame, name})
		case mode.IsRegular():
			v.Value = mode.String() + " " + size(st.Size)
			v.ValueLocationReference = s.handles.new(thread, &file{at.frame, name})
		default:
			v.Value = mode.String()
		}
		list = append(list, v)
	}
	return list, err
}

// location is where a file can be opened.
func (s *session) location(reference int) (body dap.LocationsResponseBody, err error) {
	of, _ := s.handles.get(reference)
	f, ok := of.what.(*file)
	if !ok {
		return body, fmt.Errorf("there is no file %d: the build has gone on", reference)
	}
	body.Source = dap.Source{Name: path.Base(f.path), Path: f.path, SourceReference: reference, Origin: "as it is in the build"}
	body.Line = s.lines
	return body, nil
}

// source is the text of a file.
func (s *session) source(ctx context.Context, a *dap.SourceArguments) (body dap.SourceResponseBody, err error) {
	reference := a.SourceReference
	if a.Source != nil && a.Source.SourceReference > 0 {
		reference = a.Source.SourceReference
	}
	of, _ := s.handles.get(reference)
	f, ok := of.what.(*file)
	if !ok {
		return body, fmt.Errorf("there is no file %d: the build has gone on", reference)
	}
	read, err := f.frame.ReadFile(ctx, f.path)
	if err != nil {
		return body, err
	}
	switch body.Content = read.Text; {
	case read.Binary:
		body.Content = fmt.Sprintf("%s is no text: it has %s\n", f.path, size(read.Bytes))
	case read.Truncated:
		body.Content += fmt.Sprintf("\n… the first part of %s\n", size(read.Bytes))
	}
	return body, nil
}

func (s *session) exceptionInfo(id int) (body dap.ExceptionInfoResponseBody, err error) {
	t, err := s.thread(id)
	if err != nil {
		return body, err
	}
	f, ok := t.Failure()
	if !ok {
		return body, errors.New("no step has failed here")
	}
	body.ExceptionId, body.BreakMode, body.Description = "failure", "always", f.Message
	if f.ExitCode != nil {
		body.ExceptionId = fmt.Sprintf("exit code %d", *f.ExitCode)
	}
	return body, nil
}
