package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/redact"
)

// The result of a linked build is a named context of another build, as "target:" says it in a bake
// file. As in docker/buildx (its build/build.go), a linked build has a session of its own, so that
// only its steps see its files, secrets and agents. It lasts until the builds that stand on it have
// ended. Their front ends get its definition as an input, so that the engine builds each vertex
// once.

// linked are the builds that r stands on, each once. A build comes after those that it stands on.
func (r *Request) linked() (order []*Request) {
	var visit func(*Request)
	visit = func(q *Request) {
		for _, name := range slices.Sorted(maps.Keys(q.Contexts)) {
			if on := q.Contexts[name].Build; on != nil && !slices.Contains(order, on) {
				visit(on)
				order = append(order, on)
			}
		}
	}
	visit(r)
	return order
}

// A linkedError is why a linked build failed.
type linkedError struct {
	req *Request
	err error
}

func (e *linkedError) Error() string { return fmt.Sprintf("target %s: %v", e.req.Linked, e.err) }
func (e *linkedError) Unwrap() error { return e.err }

// A linking is a build that runs, with the builds that it stands on.
type linking struct {
	conn   *engine.Conn
	hidden redact.Mask // of all of them
	parts  map[*Request][]session.Attachable
	tell   func(event)

	paused *PausedFailure
	order  []*Request // those that are solved, lazily
	solved map[*Request]*gateway.Result
}

// newLinking checks the builds that req stands on, and reads the secrets of all.
func newLinking(ctx context.Context, conn *engine.Conn, req *Request, tell func(event)) (*linking, error) {
	l := &linking{conn: conn, tell: tell, parts: map[*Request][]session.Attachable{}, solved: map[*Request]*gateway.Result{}}
	for _, r := range append(req.linked(), req) {
		done := r.tellWaiting(l.telling(r))
		parts, hidden, err := r.Session(ctx, conn)
		done()
		l.parts[r], l.hidden = parts, append(l.hidden, hidden...).Sorted()
		if r != req {
			err = errors.Join(err, r.check(conn.Info))
		}
		if err != nil {
			return nil, l.failed(r, err)
		}
	}
	return l, nil
}

// telling returns the function by which a build tells what it learns.
func (l *linking) telling(req *Request) func(event) {
	if req.Linked == "" {
		return l.tell
	}
	return func(e event) {
		e.linked = req
		l.tell(e)
	}
}

// failed wraps an error with the linked build that caused it.
func (l *linking) failed(req *Request, err error) error {
	var linked *linkedError
	if err == nil || errors.As(err, &linked) {
		return err
	}
	err = l.hidden.HideError(err)
	if req.Linked == "" {
		return err
	}
	return &linkedError{req, err}
}

// solve solves the first of the builds and, while it lasts, the others. The response is
// that of the last.
func (l *linking) solve(ctx context.Context, list []*Request) (resp *client.SolveResponse, err error) {
	req, rest := list[0], list[1:]
	if len(rest) == 0 {
		resp, err = l.build(ctx, req, l.evaluate)
		return resp, l.failed(req, err)
	}
	var others error
	_, err = l.build(ctx, req, func(ctx context.Context, res *gateway.Result) error {
		l.order, l.solved[req] = append(l.order, req), res
		resp, others = l.solve(ctx, rest)
		return others
	})
	if resp != nil || others != nil { // the last build has ended, so the end of this one does not count
		return resp, others
	}
	return nil, l.failed(req, err)
}

// evaluate has the linked builds built before the one that stands on them, so that their
// steps ask their own sessions for secrets.
func (l *linking) evaluate(ctx context.Context, _ *gateway.Result) error {
	for _, req := range l.order {
		if err := evaluate(ctx, l.solved[req]); err != nil {
			return l.failed(req, err)
		}
	}
	return nil
}

// inputs are the results of linked builds for the front end of req, and attrs with where
// they are contexts; as docker/buildx gives them (its waitContextDeps).
func (l *linking) inputs(ctx context.Context, req *Request, attrs map[string]string) (map[string]*pb.Definition, map[string]string, error) {
	inputs, attrs := map[string]*pb.Definition{}, maps.Clone(attrs)
	for name, c := range req.Contexts {
		if c.Build == nil {
			continue
		}
		res := l.solved[c.Build]
		if err := l.covers(res, req, c); err != nil {
			return nil, nil, err
		}
		refs := res.Refs
		if len(refs) == 0 {
			refs = map[string]gateway.Reference{"": res.Ref}
		}
		for platform, ref := range refs {
			if platform != "" {
				platform = "::" + platform
			}
			context, key := "context:"+name+platform, c.Source+platform
			if ref == nil { // an input cannot be empty; nor can it in docker/buildx
				return nil, nil, &RefusedError{fmt.Sprintf("%s is a context, and its image has no files, so nothing can stand on it", c)}
			}
			def, err := definitionOf(ctx, ref)
			if err != nil {
				return nil, nil, err
			}
			inputs[key], attrs[context] = def, "input:"+key
			config := res.Metadata[strings.Replace(exptypes.ExporterImageConfigKey+platform, "::", "/", 1)]
			if config != nil {
				metadata, _ := json.Marshal(map[string][]byte{exptypes.ExporterImageConfigKey: config}) // cannot fail
				attrs["input-metadata:"+key] = string(metadata)
			}
		}
	}
	return inputs, attrs, nil
}

func definitionOf(ctx context.Context, ref gateway.Reference) (*pb.Definition, error) {
	st, err := ref.ToState()
	if err != nil {
		return nil, err
	}
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	return def.ToPB(), nil
}

// covers refuses a result for several platforms that lacks one of req's: the front end
// would take the context's name for an image's.
func (l *linking) covers(res *gateway.Result, req *Request, c Context) error {
	platforms := req.Platforms
	if len(platforms) == 0 && len(l.conn.Info.Platforms) > 0 {
		platforms = l.conn.Info.Platforms[:1]
	}
	for _, platform := range platforms {
		if _, ok := res.Refs[platform]; !ok && len(res.Refs) > 0 {
			has := strings.Join(slices.Sorted(maps.Keys(res.Refs)), ", ")
			return &RefusedError{fmt.Sprintf("%s is a context, and it is built for %s, not for %s; add that to its platforms", c, has, platform)}
		}
	}
	return nil
}

// stateOf is the state as a linked build sees it: with its own lines.
func (b *buildState) stateOf(req *Request) *buildState {
	other := *b
	other.dockerfile = req.Dockerfile
	other.setLines(b.linked[req])
	return &other
}

// claim removes from a status the vertices that another build tells of. The first build that speaks
// of a vertex owns it.
func (b *buildState) claim(s *client.SolveStatus, by *Request) {
	foreign := func(d digest.Digest) bool {
		if _, known := b.owner[d]; !known {
			b.owner[d] = by
		}
		return b.owner[d] != by
	}
	s.Vertexes = slices.DeleteFunc(s.Vertexes, func(v *client.Vertex) bool { return foreign(v.Digest) })
	s.Statuses = slices.DeleteFunc(s.Statuses, func(v *client.VertexStatus) bool { return foreign(v.Vertex) })
	s.Logs = slices.DeleteFunc(s.Logs, func(v *client.VertexLog) bool { return foreign(v.Vertex) })
	s.Warnings = slices.DeleteFunc(s.Warnings, func(v *client.VertexWarning) bool { return foreign(v.Vertex) })
}

// displayName is a vertex's name for people. The name of a vertex of a linked build that stands for
// no line begins with the name of that build, as in docker/buildx.
func (b *buildState) displayName(v *vertex) string {
	owner := b.owner[v.Digest]
	if owner == nil || b.step(v.Digest) >= 0 {
		return v.Name
	}
	if rest, ok := strings.CutPrefix(v.Name, "["); ok {
		return "[" + owner.Linked + " " + rest
	}
	return "[" + owner.Linked + "] " + v.Name
}
