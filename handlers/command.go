package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// commandParams are what a command is called with beside its argument.
type commandParams struct {
	token    protocol.ProgressToken // the client's, to show progress on; may be nil
	snapshot *workspace.Snapshot
}

func (s *Server) executeCommand(p *protocol.ExecuteCommandParams) (lsp.Work, error) {
	i := slices.IndexFunc(commands, func(c command) bool { return c.Name == p.Command })
	if i < 0 {
		return nil, lsp.InvalidParams("unknown command %q; there are %s", p.Command, strings.Join(commandNames(), ", "))
	}
	if len(p.Arguments) > 1 {
		return nil, lsp.InvalidParams("%s takes one object as its argument, not %d", p.Command, len(p.Arguments))
	}
	var argument []byte
	if len(p.Arguments) == 1 {
		argument = p.Arguments[0]
	}
	work, err := commands[i].run(s, argument, &commandParams{token: p.WorkDoneToken, snapshot: s.ws.Snapshot()})
	if err != nil {
		return nil, answered(err)
	}
	return func(ctx context.Context) (any, error) {
		answer, err := work(ctx)
		return answer, answered(err)
	}, nil
}

// answered is an error as the client is told it. It shows no login of a URL: it may quote the
// author's text.
func answered(err error) error {
	if err == nil {
		return nil
	}
	text := redact.URLs(err.Error())
	switch {
	case errors.As(err, new(*lsp.ParamsError)) || errors.As(err, new(*plan.ArgumentError)):
		return lsp.InvalidParams("%s", text)
	case text != err.Error():
		return errors.New(text)
	}
	return err
}

// decodeArgument reads a command's argument into into, a pointer to a struct whose
// fields are those that the command knows. Absent, null and {} are the same.
func decodeArgument(command string, raw []byte, into any) error {
	_, err := decodeFields(command, raw, into)
	return err
}

// decodeFields does so, and returns the fields that are given.
func decodeFields(command string, raw []byte, into any) (given plan.Fields, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, lsp.InvalidParams("%s: the argument must be an object", command)
	}
	known := jsonFields(into)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return nil, lsp.InvalidParams("%s: unknown field %q; there are %s", command, name, strings.Join(known, ", "))
		}
	}
	if err := json.Unmarshal(raw, into); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, lsp.InvalidParams("%s: %q must not be a JSON %s", command, strings.TrimPrefix(strings.TrimPrefix(wrong.Field, "Options."), "Build."), wrong.Value)
		}
		return nil, lsp.InvalidParams("%s: %v", command, err)
	}
	return given, nil
}

// readArgument reads the argument of buildls.build; what names it in an error.
func readArgument(what string, raw []byte) (arg plan.Argument, err error) {
	arg.Given, err = decodeFields(what, raw, &arg)
	return arg, err
}

func buildFields() []string { return jsonFields(&plan.Argument{}) }

// jsonFields are the names of the fields of the struct that p points to.
func jsonFields(p any) []string { return jsonNames(reflect.TypeOf(p).Elem()) }

func jsonNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case f.Anonymous:
			names = append(names, jsonNames(f.Type)...)
		case f.Tag.Get("json") != "-":
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

// A targetResult is an element of the answer to buildls.targets.
type targetResult struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Base        string         `json:"base"`
	Platform    string         `json:"platform"`
	Default     bool           `json:"default"`
	Range       protocol.Range `json:"range"`
}

func (s *Server) commandTargets(raw []byte, p *commandParams) (lsp.Work, error) {
	return s.onViews("buildls.targets", raw, p, func(ctx context.Context, doc *workspace.Document, views []view, _ Settings) (any, error) {
		stages, err := s.stagesIn(ctx, plan.FileOf(doc), views)
		if err != nil {
			return nil, lsp.InvalidParams("%s does not parse: %v", doc.URI, err)
		}
		return s.converter(doc).targets(stages), nil
	})
}

// onViews is the work of a command of which the argument is a uri: what it says of a Dockerfile, in
// the ways in which that would be built.
func (s *Server) onViews(command string, raw []byte, p *commandParams, say func(context.Context, *workspace.Document, []view, Settings) (any, error)) (lsp.Work, error) {
	var arg struct {
		URI workspace.URI `json:"uri"`
	}
	if err := decodeArgument(command, raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		doc, err := plan.OpenDockerfile(p.snapshot, arg.URI)
		if err != nil {
			return nil, err
		}
		settings := s.currentSettings(ctx)
		views := s.withLastBuild(s.readViews(p.snapshot, doc, "", settings), p.snapshot, doc)
		return say(ctx, doc, views, settings)
	}, nil
}

// stagesIn are the stages of a Dockerfile, or of what it is when it is mended. What its views do
// not agree on is told as it is written.
func (s *Server) stagesIn(ctx context.Context, file *dockerfile.File, views []view) ([]dockerfile.Stage, error) {
	stages, err := file.Stages()
	if err != nil {
		return nil, err
	}
	var first []dockerfile.Stage
	for i, v := range views {
		b := dockerfile.Baseline{File: file, Target: v.Target, BuildArgs: v.BuildArgs, Platforms: v.Platforms, Images: s.images.all()}
		these := b.Resolve(ctx, stages)
		if i > 0 && !slices.Equal(these, first) {
			return stages, nil
		}
		first = these
	}
	return first, nil
}

func (s *Server) commandCancel(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg struct {
		ID string `json:"id"`
	}
	if err := decodeArgument("buildls.cancel", raw, &arg); err != nil {
		return nil, err
	}
	canceled := s.builds.cancel(arg.ID)
	return func(context.Context) (any, error) {
		return map[string]bool{"canceled": canceled}, nil
	}, nil
}

// An engineResult is the answer to buildls.engine, and doctor's.
type engineResult struct {
	Name      string   `json:"name"`
	Address   string   `json:"address"`
	Version   string   `json:"version"`
	Platforms []string `json:"platforms"`
	Why       string   `json:"why"`
	Tried     []string `json:"tried"`
	// What leads to it, where that is more than an address.
	Builder string `json:"builder,omitempty"` // its name in buildx
	Driver  string `json:"driver,omitempty"`  // of that builder
	Node    string `json:"node,omitempty"`    // of that builder, if it has several
	Context string `json:"context,omitempty"` // the Docker context
}

func (s *Server) commandEngine(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg struct {
		Engine string `json:"engine"`
	}
	if err := decodeArgument("buildls.engine", raw, &arg); err != nil {
		return nil, err
	}
	if err := checkEngine(arg.Engine); err != nil {
		return nil, lsp.InvalidParams("buildls.engine: %v", err)
	}
	return func(ctx context.Context) (any, error) {
		settings := s.currentSettings(ctx)
		choice, err := s.engines.Which(ctx, settings.Preferences(arg.Engine)...)
		if err != nil {
			return nil, err
		}
		defer choice.Release()
		i := choice.Info
		return engineResult{Name: i.Name, Address: i.Address, Version: i.Version, Platforms: i.Platforms, Why: choice.Why, Tried: choice.Tried,
			Builder: i.Builder, Driver: i.Driver, Node: i.Node, Context: i.Context}, nil
	}, nil
}
