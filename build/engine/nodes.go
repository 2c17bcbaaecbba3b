package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/engine/buildx"
)

// A builder has several nodes. One of them builds, the first that answers and can build
// for the platforms. buildx would split a build among its nodes; that is refused here.
type builder struct {
	nodes     []builderNode
	platforms []ocispecs.Platform // that are asked for
}

type builderNode struct {
	Engine
	name     string
	declared []ocispecs.Platform // by who created it
}

// forPlatforms has an engine of several nodes choose the one for these platforms.
func forPlatforms(e Engine, names []string) Engine {
	b, ok := e.(builder)
	if !ok {
		return e
	}
	b.platforms = nil
	for _, name := range names {
		if p, err := platforms.Parse(name); err == nil { // else BuildKit says what is wrong with it
			b.platforms = append(b.platforms, platforms.Normalize(p))
		}
	}
	return b
}

func parsePlatforms(list []buildx.Platform) []ocispecs.Platform {
	var parsed []ocispecs.Platform
	for _, p := range list {
		parsed = append(parsed, platforms.Normalize(ocispecs.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}))
	}
	return parsed
}

func (e builder) Info() Info { return e.nodes[0].Info() }

func (e builder) Connect(ctx context.Context, report func(string)) (*Conn, error) {
	asked := slices.Clone(e.nodes)
	if i := e.declaring(); i > 0 { // then no other need be asked
		asked = slices.Concat(e.nodes[i:i+1], e.nodes[:i], e.nodes[i+1:])
	}
	var answers []answer
	defer func() {
		for _, a := range answers {
			if a.conn != nil {
				a.conn.Close()
			}
		}
	}()
	for _, n := range asked {
		a := answer{node: n, able: n.declared}
		var err error
		if a.conn, err = n.Connect(ctx, report); err != nil {
			var u *UnavailableError
			if !errors.As(err, &u) {
				return nil, err // the caller gave up
			}
			a.failed = u.reason()
		} else {
			for _, name := range a.conn.Info.Platforms {
				p, _ := platforms.Parse(name)
				a.able = append(slices.Clone(a.able), platforms.Normalize(p))
			}
			if covers(a.able, e.platforms, platforms.Only) {
				a.conn.Info.Node = n.name
				return a.conn, nil
			}
		}
		answers = append(answers, a)
	}
	return e.leastBad(answers)
}

// An answer is what a node can do, or why it did not answer.
type answer struct {
	node   builderNode
	conn   *Conn
	failed error
	able   []ocispecs.Platform
}

// leastBad is for when no node can do all. What none is known to do does not count: as
// with buildx, the build shows whether it needs more than to copy files there.
func (e builder) leastBad(answers []answer) (*Conn, error) {
	known := slices.DeleteFunc(slices.Clone(e.platforms), func(p ocispecs.Platform) bool {
		return !slices.ContainsFunc(answers, func(a answer) bool { return covers(a.able, []ocispecs.Platform{p}, platforms.Only) })
	})
	var said []string
	answered := false
	for i, a := range answers {
		if a.conn == nil {
			said = append(said, fmt.Sprintf("node %s: %v", a.node.name, a.failed))
			continue
		}
		answered = true
		if covers(a.able, known, platforms.Only) {
			conn := a.conn
			answers[i].conn = nil // it is kept
			conn.Info.Node = a.node.name
			return conn, nil
		}
		said = append(said, fmt.Sprintf("node %s builds for %s", a.node.name, strings.Join(formatted(a.able), ", ")))
	}
	what := strings.Join(said, "; ")
	if !answered {
		return nil, &UnavailableError{Info: e.Info(), Err: errors.New(what), Mend: mendBuilder(e.Info().Builder)}
	}
	return nil, fmt.Errorf("no node of the buildx builder %s that answers builds for %s: %s. Build for the platforms of one node, or by `docker buildx build`, which splits a build among nodes",
		e.Info().Builder, strings.Join(formatted(e.platforms), " and "), what)
}

// declaring is the node that was created for all platforms that are asked for, as buildx
// chooses it; negative if there is none.
func (e builder) declaring() int {
	if len(e.platforms) == 0 {
		return -1
	}
	return slices.IndexFunc(e.nodes, func(n builderNode) bool { return covers(n.declared, e.platforms, platforms.OnlyStrict) })
}

// covers says whether each of the platforms that are asked for is matched by an able one.
func covers(able, asked []ocispecs.Platform, matcher func(ocispecs.Platform) platforms.MatchComparer) bool {
	for _, p := range asked {
		if !slices.ContainsFunc(able, func(has ocispecs.Platform) bool { return matcher(has).Match(p) }) {
			return false
		}
	}
	return true
}

func formatted(list []ocispecs.Platform) []string {
	var names []string
	for _, p := range list {
		if name := platforms.Format(p); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
