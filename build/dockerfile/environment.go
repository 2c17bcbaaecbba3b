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
// images that are not known it knows nothing.
func (b *Baseline) EnvironmentAt(ctx context.Context, line int) (*Environment, error) {
	return b.environment(ctx, b.File.before(line))
}

// environment is what is in force at the end of a text.
func (b *Baseline) environment(ctx context.Context, text []byte) (_ *Environment, err error) {
	defer survive(&err)
	before := &Baseline{BuildArgs: b.BuildArgs, Platforms: b.Platforms, Images: b.Images}
	var platform *ocispecs.Platform
	if len(b.Platforms) > 0 {
		platform = platformOf(b.Platforms[0])
	}
	res, err := before.convert(ctx, Parse(text), platform, layered{b.Images})
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
	e.Env = env.ToArray()
	return e, nil
}

// platformOf is a platform by its name, nil if that names none.
func platformOf(name string) *ocispecs.Platform {
	if p, err := platforms.Parse(name); name != "" && err == nil {
		return &p
	}
	return nil
}
