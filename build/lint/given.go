package lint

import (
	"maps"
	"slices"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// A given is what a build gives a Dockerfile. What BuildKit says of a unit depends on it.
type given struct {
	args     map[string]string
	epoch    bool               // SOURCE_DATE_EPOCH is, which is left out of args
	platform *ocispecs.Platform // nil: the default
}

// givenBy is what a file would be given. The value of SOURCE_DATE_EPOCH changes nothing that
// is said, and may name a stage, which not every unit has.
func givenBy(f File) given {
	g := given{args: maps.Clone(f.Args)}
	g.epoch = g.has(sourceDateEpoch)
	delete(g.args, sourceDateEpoch)
	if p, err := platforms.Parse(f.Platform); f.Platform != "" && err == nil {
		g.platform = &p
	}
	if f.Target != "" && !g.has("TARGETSTAGE") {
		if g.args == nil {
			g.args = map[string]string{}
		}
		g.args["TARGETSTAGE"] = f.Target
	}
	return g
}

func (g given) equal(o given) bool {
	return maps.Equal(g.args, o.args) && (g.platform == nil) == (o.platform == nil) && platforms.FormatAll(g.target()) == platforms.FormatAll(o.target())
}

// target is the platform that is built for.
func (g given) target() ocispecs.Platform {
	if g.platform != nil {
		return *g.platform
	}
	return defaultPlatform()
}

func (g given) has(arg string) bool {
	_, ok := g.args[arg]
	return ok
}

// usesGiven says whether a text of a FROM uses an argument that is given, or one whose
// default does.
func (p *plan) usesGiven(text string, args []*instructionAt) bool {
	uses := map[string]bool{}
	use := func(text string) {
		for _, name := range variablesIn(text) {
			uses[name] = true
		}
	}
	use(text)
	for _, in := range slices.Backward(args) { // a default uses what stands before it
		if slices.ContainsFunc(keys(in), func(key string) bool { return uses[key] }) {
			use(in.text)
		}
	}
	for name := range uses {
		if p.given.has(name) {
			return true
		}
	}
	return false
}
