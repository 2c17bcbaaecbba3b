package dockerfile

import (
	"context"
	"maps"
	"slices"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// An Environment is what is in force where an instruction stands.
type Environment struct {
	Env       []string // NAME=value
	Dir, User string   // User is empty for root
	Shell     []string // empty for the platform's own

	Entrypoint, Cmd []string
	Labels          map[string]string
	Ports           []string // as in "80/tcp", sorted
}

// EnvironmentAt has BuildKit's converter read the text that was built up to an instruction
// (the 0-based line on which it begins), and says what is in force there. It asks nobody: of
// images that are not known it knows nothing. The answer is not to be changed.
func (b *Baseline) EnvironmentAt(ctx context.Context, line int) (*Environment, error) {
	b.environmentsMu.Lock()
	e := b.environments[line]
	b.environmentsMu.Unlock()
	if e != nil {
		return e, nil
	}
	e, err := b.environment(ctx, b.File.before(line))
	if err != nil {
		return nil, err
	}
	b.environmentsMu.Lock()
	defer b.environmentsMu.Unlock()
	if b.environments == nil || len(b.environments) > maxEnvironments {
		b.environments = map[int]*Environment{}
	}
	b.environments[line] = e
	return e, nil
}

// maxEnvironments is how many are remembered.
const maxEnvironments = 100

// environment is what is in force at the end of a text.
func (b *Baseline) environment(ctx context.Context, text []byte) (_ *Environment, err error) {
	defer survive(&err)
	before := &Baseline{BuildArgs: b.BuildArgs, Platforms: b.Platforms, Images: b.Images}
	var platform *ocispecs.Platform
	if len(b.Platforms) > 0 {
		platform = platformOf(b.Platforms[0])
	}
	needed := Parse(text).reached("", b.triggers())
	res, err := before.convert(ctx, Parse([]byte(needed.text)), platform, layered{b.Images})
	if err != nil {
		return nil, err
	}
	config := res.Image.Config
	e := &Environment{Dir: config.WorkingDir, User: config.User, Shell: config.Shell, Entrypoint: config.Entrypoint, Cmd: config.Cmd,
		Labels: config.Labels, Ports: slices.Sorted(maps.Keys(config.ExposedPorts))}
	if dir, err := res.State.GetDir(ctx); err == nil {
		e.Dir = dir
	}
	env, err := res.State.Env(ctx)
	if err != nil {
		return nil, err
	}
	e.Env = slices.Clip(env.ToArray())
	return e, nil
}

// platformOf is a platform by its name, nil if that names none.
func platformOf(name string) *ocispecs.Platform {
	if p, err := platforms.Parse(name); name != "" && err == nil {
		return &p
	}
	return nil
}
