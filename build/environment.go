package build

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// An Environment is what is in force where an instruction stands.
type Environment struct {
	Env       []string // NAME=value
	Dir, User string   // User is empty for root
	Shell     []string // empty for the platform's own
}

// EnvironmentAt has BuildKit's converter read the text that was built up to an instruction
// (the 0-based line on which it begins), and says what is in force there. It asks nobody: of
// images that are not known it knows nothing.
func (b *Baseline) EnvironmentAt(ctx context.Context, line int) (_ *Environment, err error) {
	defer survive(&err)
	before := &Baseline{BuildArgs: b.BuildArgs, Platforms: b.Platforms, Images: b.Images}
	var platform *ocispecs.Platform
	if len(b.Platforms) > 0 {
		if p, err := platforms.Parse(b.Platforms[0]); err == nil {
			platform = &p
		}
	}
	res, err := before.convert(ctx, firstLines(b.Dockerfile, line), platform)
	if err != nil {
		return nil, err
	}
	e := &Environment{Dir: res.Image.Config.WorkingDir, User: res.Image.Config.User, Shell: res.Image.Config.Shell}
	if dir, err := res.State.GetDir(ctx); err == nil {
		e.Dir = dir
	}
	env, err := res.State.Env(ctx)
	if err != nil {
		return nil, err
	}
	e.Env = env.ToArray()
	return e, nil
}

// Lookup is the value of a variable.
func (e *Environment) Lookup(name string) (value string, ok bool) {
	for _, pair := range e.Env {
		if n, v, _ := strings.Cut(pair, "="); n == name {
			return v, true
		}
	}
	return "", false
}

// SecretName says whether a variable's name speaks of a secret, so that its value is not shown.
func SecretName(name string) bool { return secretName.MatchString(name) }

// OriginOf says in words where a variable that is set before a 0-based line comes from.
func (b *Baseline) OriginOf(name string, line int) (_ string, err error) {
	defer survive(&err)
	parsed, err := parser.Parse(bytes.NewReader(firstLines(b.Dockerfile, line)))
	if err != nil {
		return "", err
	}
	stages, global, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{}))
	if err != nil || len(stages) == 0 {
		return "", err
	}
	for i := len(stages) - 1; i >= 0; {
		if text := b.originIn(stages[i], name, global); text != "" {
			return text, nil
		}
		on, ok := instructions.HasStage(stages[:i], stages[i].BaseName)
		if !ok {
			return "the base image " + stages[i].BaseName, nil
		}
		i = on
	}
	return "", nil
}

// originIn is where a stage sets a variable last. Stages that stand on it have its ARGs, too.
func (b *Baseline) originIn(st instructions.Stage, name string, global []instructions.ArgCommand) string {
	for i := len(st.Commands) - 1; i >= 0; i-- {
		switch c := st.Commands[i].(type) {
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				if kv.Key == name {
					return fmt.Sprintf("ENV in line %d", c.Location()[0].Start.Line)
				}
			}
		case *instructions.ArgCommand:
			for _, kv := range c.Args {
				if kv.Key != name {
					continue
				}
				if _, given := b.BuildArgs[name]; given {
					return "the build argument " + name
				}
				if kv.Value != nil {
					return fmt.Sprintf("the default of ARG in line %d", c.Location()[0].Start.Line)
				}
				return originOfGlobal(global, name)
			}
		}
	}
	return ""
}

func originOfGlobal(global []instructions.ArgCommand, name string) string {
	for _, c := range global {
		for _, kv := range c.Args {
			if kv.Key == name && kv.Value != nil {
				return fmt.Sprintf("the default of ARG in line %d", c.Location()[0].Start.Line)
			}
		}
	}
	return "BuildKit"
}
