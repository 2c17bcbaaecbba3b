package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	godap "github.com/google/go-dap"
	"go.uber.org/zap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/debug"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/handlers/dap"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// debugArgument is that of buildls.debug, and of a launch.
type debugArgument struct {
	plan.Argument
	StopOnEntry   bool  `json:"stopOnEntry"`
	StopOnFailure *bool `json:"stopOnFailure"`
}

// A debugHost makes the builds that an editor debugs.
type debugHost struct {
	ctx      context.Context
	log      *zap.Logger
	snapshot func() *workspace.Snapshot
	defaults func(context.Context) plan.Defaults
	known    func() dockerfile.Images
	goes     func(func())
	projects *plan.Projects
	engines  *engine.Pool
	shells   *shells
	given    map[string]json.RawMessage // by the command; a launch may say more

	buffers  bool // what is built is what an editor has open
	launched bool // once
}

// Debug speaks the Debug Adapter Protocol with an editor that has started this process for it. What is
// built are the files, in the directory of the process.
func Debug(ctx context.Context, rw io.ReadWriteCloser, log *zap.Logger) error {
	wd, err := os.Getwd()
	if err != nil {
		return err
	}
	ws := workspace.New()
	ws.Apply(workspace.SetFolders{Added: []workspace.Folder{{URI: workspace.FileURI(wd), Name: filepath.Base(wd)}}})
	h := &debugHost{ctx: ctx, log: log, snapshot: ws.Snapshot, projects: &plan.Projects{}, engines: &engine.Pool{}, shells: &shells{}}
	settings, _ := parseSettings(nil)
	h.defaults = func(context.Context) plan.Defaults { return settings.Defaults }
	h.known = func() dockerfile.Images { return nil }
	h.goes = func(f func()) { go f() } // ends with the shells, at the latest
	defer h.engines.Close()
	defer h.shells.close()
	return dap.Serve(ctx, rw, h)
}

func (s *Server) commandDebug(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg debugArgument
	if _, err := decodeFields("buildls.debug", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		h := &debugHost{ctx: s.rpc.Context(), log: s.log, snapshot: s.ws.Snapshot, known: s.images.all, goes: s.rpc.Go,
			projects: &s.projects, engines: &s.engines, shells: &s.shells, buffers: true}
		h.defaults = func(ctx context.Context) plan.Defaults { return s.currentSettings(ctx).Defaults }
		json.Unmarshal(raw, &h.given) // it was read above
		l, _, err := s.shells.listen()
		if err != nil {
			return nil, err
		}
		s.rpc.Go(func() { h.serve(l) })
		// An editor opens it by its whole name, which on Windows is longer than the address for attach.
		return map[string]string{"address": l.Addr().String()}, nil
	}, nil
}

// debuggerWithin is how long a socket waits for the editor's debugger.
const debuggerWithin = time.Minute

// serve speaks with the debugger that connects.
func (h *debugHost) serve(l net.Listener) {
	defer h.shells.forget(l)
	late := time.AfterFunc(debuggerWithin, func() { l.Close() })
	defer late.Stop()
	defer context.AfterFunc(h.ctx, func() { l.Close() })()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !attach.Trusted(c) {
			c.Close()
			continue
		}
		late.Stop()
		if err := dap.Serve(h.ctx, c, h); err != nil && h.ctx.Err() == nil {
			h.log.Warn("debugger", zap.Error(err))
		}
		return
	}
}

// Terminal implements [dap.Host].
func (h *debugHost) Terminal(run func(context.Context, attach.Terminal) (int, error)) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l, address, err := h.shells.listen()
	if err != nil {
		return nil, err
	}
	command := []string{self, "attach", address}
	h.goes(func() { h.shells.serve(h.ctx, h.log, l, offering(command, run)) })
	return command, nil
}

// editWithin is how long an edit may take that an editor tells of on another connection.
const editWithin = 100 * time.Millisecond

// Launch implements [dap.Host].
func (h *debugHost) Launch(ctx context.Context, arguments json.RawMessage) (*dap.Launch, error) {
	if h.launched { // an edit may be on its way
		select {
		case <-time.After(editWithin):
		case <-ctx.Done():
		}
	}
	h.launched = h.buffers
	arg, noDebug, err := h.argument(arguments)
	if err != nil {
		return nil, answered(err)
	}
	p, err := h.projects.Plan(h.snapshot(), arg.Argument, h.defaults(ctx))
	switch {
	case err != nil:
		return nil, answered(err)
	case p.Doc == nil:
		return nil, errors.New("a Dockerfile that lies in a remote context cannot be debugged; clone it first")
	case p.Inline() != nil:
		return nil, errors.New("a Dockerfile that stands in a compose or bake file cannot be debugged; move it to a file of its own")
	}
	how := debug.How{File: p.File(), Target: p.Target, BuildArgs: p.BuildArgs, Platforms: p.Platforms, Request: inspection(p.Spec)}
	return &dap.Launch{
		How: how, Source: sourceOf(p.Doc), Is: func(path string) bool { return isDoc(p.Doc, path) },
		StopOnEntry: arg.StopOnEntry, StopOnFailure: arg.StopOnFailure, NoDebug: noDebug,
		Run: func(ctx context.Context, obs build.Observer, debugging func(context.Context, *build.Debugging) error) *build.Outcome {
			return h.run(ctx, p, obs, debugging)
		},
	}, nil
}

// run builds a plan.
func (h *debugHost) run(ctx context.Context, p *plan.Plan, obs build.Observer, debugging func(context.Context, *build.Debugging) error) *build.Outcome {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := func(err error) *build.Outcome {
		out := &build.Outcome{Status: build.Failed, Failure: &build.Failure{Message: err.Error(), Code: "build"}}
		if ctx.Err() != nil {
			out.Status, out.Failure = build.Stopped(ctx)
		}
		return out
	}
	choice, err := h.engines.Resolve(ctx, func(string) {}, p.Platforms, p.Preferences...)
	if err != nil {
		return failed(err)
	}
	defer choice.Release()
	req, _, err := p.Request(newID(), func(err error) { cancel(err) })
	if err != nil {
		return failed(err)
	}
	h.log.Info("debug", zap.String("id", req.ID), zap.String("uri", string(p.Doc.URI)), zap.Stringer("engine", choice.Conn.Info))
	req.Known, req.Debug = h.known(), debugging
	h.shells.letGo(p.Doc.URI)
	return build.Run(ctx, choice.Conn, req, obs)
}

// ofEditors are the fields of a launch that editors keep there for themselves.
var ofEditors = []string{"type", "request", "name", "noDebug", "presentation", "preLaunchTask", "postDebugTask", "internalConsoleOptions",
	"debugServer", "serverReadyAction", "suppressMultipleSessionWarning", "windows", "linux", "osx", "trace", "cwd"}

// argument reads what a launch says; where it says nothing, the command does.
func (h *debugHost) argument(raw json.RawMessage) (arg debugArgument, noDebug bool, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return arg, false, lsp.InvalidParams("launch: the arguments must be an object")
	}
	if fields == nil { // null
		fields = map[string]json.RawMessage{}
	}
	json.Unmarshal(fields["noDebug"], &noDebug)
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool {
		return slices.Contains(ofEditors, name) || strings.HasPrefix(name, "__")
	})
	var path string
	if named, ok := fields["dockerfile"]; ok {
		delete(fields, "dockerfile")
		if json.Unmarshal(named, &path) != nil {
			return arg, false, lsp.InvalidParams("launch: dockerfile must be a path")
		}
	}
	for name, value := range h.given {
		if _, said := fields[name]; !said {
			fields[name] = value
		}
	}
	whole, err := json.Marshal(fields)
	if err != nil {
		return arg, false, err
	}
	if arg.Given, err = decodeFields("launch", whole, &arg); err != nil {
		return arg, false, err
	}
	delete(arg.Given, "stopOnEntry")
	delete(arg.Given, "stopOnFailure")
	if path != "" {
		arg.URI, err = h.uriOf(path)
	}
	return arg, noDebug, err
}

// uriOf is the Dockerfile at a path, which counts from the first folder.
func (h *debugHost) uriOf(path string) (workspace.URI, error) {
	snapshot := h.snapshot()
	if folders := snapshot.Folders(); !filepath.IsAbs(path) && len(folders) > 0 {
		path = filepath.Join(folders[0].Path, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return workspace.FileURI(snapshot.DockerfileAt(path)), nil
}

// sourceOf names a document for a debugger.
func sourceOf(doc *workspace.Document) godap.Source {
	if doc.Path == "" {
		return godap.Source{Name: filepath.Base(string(doc.URI)), Path: string(doc.URI)}
	}
	return godap.Source{Name: filepath.Base(doc.Path), Path: doc.Path}
}

// isDoc says whether a debugger's path, or URI, is that of a document.
func isDoc(doc *workspace.Document, path string) bool {
	if at, ok := workspace.URI(path).Path(); ok {
		path = at
	}
	if doc.Path == "" {
		return path == string(doc.URI)
	}
	return workspace.PlaceOf(path).Key() == doc.Place().Key()
}
