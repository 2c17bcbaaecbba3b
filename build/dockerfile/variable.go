package dockerfile

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	words "github.com/moby/buildkit/frontend/dockerfile/shell"
)

// A Variable is what a name stands for at some place of a Dockerfile.
type Variable struct {
	Name, Value string
	Set         bool
	Global      bool // the place sees the ARGs before the first FROM alone
	Origin      Origin
}

// An Origin is where a variable's value comes from.
type Origin struct {
	What string // in words; empty if it is not known
	// Line is the line on which What stands, 0-based as in Lines, in the text that was
	// built; nil if it stands on none.
	Line *int
}

func on(line []parser.Range, what string) Origin {
	first := line[0].Start.Line - 1
	return Origin{what, &first}
}

// VariableAt is a variable in an instruction (the 0-based line on which it begins) of the text
// that was built. Of one that the instruction sets itself, after says that it is what it has then.
func (b *Baseline) VariableAt(ctx context.Context, name string, line int, after bool) (v *Variable, err error) {
	defer survive(&err)
	if err := b.File.bounded(); err != nil {
		return nil, err
	}
	until, global := b.scope(line, after)
	stages, args, err := Parse(b.File.before(until)).commands()
	if err != nil {
		return nil, err
	}
	v = &Variable{Name: name, Global: global}
	outside, err := b.globals(ctx, args)
	if err != nil {
		return nil, err
	}
	if global {
		v.look(outside)
		v.Origin = b.originOfGlobal(args, name)
		return v, nil
	}
	e, err := b.EnvironmentAt(ctx, until)
	if err != nil {
		return nil, err
	}
	v.look(e)
	v.Origin = b.origin(name, stages, args, outside)
	return v, nil
}

// scope says which lines count for an instruction, and whether it stands in no stage.
func (b *Baseline) scope(line int, after bool) (until int, global bool) {
	until, global = line, true
	for _, st := range b.File.Instructions() {
		from := st.Name() == "FROM"
		switch {
		case st.First == line && after:
			return st.End() + 1, global
		case st.First == line:
			return until, global || from
		}
		global = global && !from
	}
	return until, global
}

// InStage says whether an instruction (the 0-based line on which it begins) of the text that was
// built stands in a stage; the FROM itself does not.
func (b *Baseline) InStage(line int) bool {
	_, global := b.scope(line, false)
	return !global
}

// platformArgs are the variables that BuildKit sets before the first FROM.
var platformArgs = []string{"BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT",
	"TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE"}

// globals are the variables that no stage has set. A stage that asks for one has its value.
func (b *Baseline) globals(ctx context.Context, args []instructions.ArgCommand) (*Environment, error) {
	text, names := "", slices.Clone(platformArgs)
	for _, c := range args {
		text += c.String() + "\n"
		for _, kv := range c.Args {
			names = append(names, kv.Key)
		}
	}
	return b.environment(ctx, []byte(text+"FROM scratch\nARG "+strings.Join(names, "\nARG ")+"\n"))
}

// Resolve gives stages of the Dockerfile the bases and platforms that the arguments make of
// them. They stay as they are written where that cannot be told.
func (b *Baseline) Resolve(ctx context.Context, stages []Stage) []Stage {
	_, args, err := b.File.commands()
	if err != nil || b.File.bounded() != nil {
		return stages
	}
	outside, err := b.globals(ctx, args)
	if err != nil {
		return stages
	}
	lex, env := words.NewLex(parser.DefaultEscapeToken), words.EnvsFromSlice(outside.Env)
	expand := func(word string) string {
		if value, _, err := lex.ProcessWord(word, env); err == nil && value != "" {
			return value
		}
		return word
	}
	stages = slices.Clone(stages)
	for i := range stages {
		stages[i].Base, stages[i].Platform = expand(stages[i].Base), expand(stages[i].Platform)
	}
	return stages
}

// originOfGlobal is where a variable comes from that no stage has set.
func (b *Baseline) originOfGlobal(args []instructions.ArgCommand, name string) Origin {
	if _, given := b.BuildArgs[name]; given {
		return Origin{What: "the build argument " + name}
	}
	return originOfDefault(args, name)
}

func (v *Variable) look(e *Environment) {
	for _, pair := range e.Env {
		if n, value, _ := strings.Cut(pair, "="); n == v.Name {
			v.Value, v.Set = value, true
		}
	}
}

// Sets says whether an instruction (the 0-based line on which it begins) of the text that was
// built sets a variable.
func (b *Baseline) Sets(line int, name string) bool {
	st := b.File.At(line)
	return st.First == line && slices.ContainsFunc(st.Assignments(), func(a Assignment) bool { return st.Unquoted(a.Name) == name })
}

// SecretName says whether a variable's name speaks of a secret, so that its value is not shown.
func SecretName(name string) bool { return secretName.MatchString(name) }

var secretName = regexp.MustCompile(`(?i)token|passw|pwd|key|secret|credential|auth|private|cert`)

// origin says in words where a variable of the last stage comes from.
func (b *Baseline) origin(name string, stages []instructions.Stage, global []instructions.ArgCommand, outside *Environment) Origin {
	lex := words.NewLex(parser.DefaultEscapeToken)
	for i := len(stages) - 1; i >= 0; {
		if o := b.originIn(stages[i], name, global); o.What != "" {
			return o
		}
		base, _, err := lex.ProcessWord(stages[i].BaseName, words.EnvsFromSlice(outside.Env))
		parent, ok := instructions.HasStage(stages[:i], base)
		switch {
		case err != nil:
			return Origin{}
		case !ok && base == "scratch":
			return Origin{What: "BuildKit"}
		case !ok:
			return Origin{What: "the base image " + base}
		}
		i = parent
	}
	return Origin{}
}

// originIn is where a stage sets a variable last. Stages that stand on it have its ARGs, too.
func (b *Baseline) originIn(st instructions.Stage, name string, global []instructions.ArgCommand) Origin {
	for i := len(st.Commands) - 1; i >= 0; i-- {
		switch c := st.Commands[i].(type) {
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				if kv.Key == name {
					return on(c.Location(), "ENV")
				}
			}
		case *instructions.ArgCommand:
			for _, kv := range c.Args {
				if kv.Key != name {
					continue
				}
				if _, given := b.BuildArgs[name]; !given && kv.Value != nil {
					return on(c.Location(), "the default of ARG")
				}
				return b.originOfGlobal(global, name)
			}
		}
	}
	return Origin{}
}

func originOfDefault(global []instructions.ArgCommand, name string) Origin {
	for _, c := range global {
		for _, kv := range c.Args {
			if kv.Key == name && kv.Value != nil {
				return on(c.Location(), "the default of ARG")
			}
		}
	}
	return Origin{What: "BuildKit"}
}

// IsPredefined says whether BuildKit gives a variable of this name its value, or a meaning of its
// own: the arguments of platforms, proxies and its front end (the reference's "Automatic platform
// ARGs", "Predefined ARGs" and "BuildKit built-in build args").
func IsPredefined(name string) bool {
	if slices.Contains(platformArgs, name) || strings.HasPrefix(name, "BUILDKIT_") || name == "SOURCE_DATE_EPOCH" {
		return true
	}
	proxy, ok := strings.CutSuffix(strings.ToLower(name), "_proxy")
	return ok && slices.Contains([]string{"http", "https", "ftp", "no", "all"}, proxy)
}
