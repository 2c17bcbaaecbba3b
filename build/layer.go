package build

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/engine"
)

// A Layer is what a step left in the cache of its engine.
type Layer struct {
	Made                    time.Time // when the engine made it; zero if that cannot be told
	Added, Changed, Deleted int       // files
	Bytes                   int64     // of files that were added or changed, each once
	Largest                 []Change  // of these, the largest first
}

// largest is how many files of a layer are named.
const largest = 5

// Layer finds what a step (a 0-based index into the outcome's steps) left in the cache of its
// engine. Nothing is run.
func (o *Outcome) Layer(ctx context.Context, conn *engine.Conn, req *Request, step int) (*Layer, error) {
	l := &Layer{}
	before, after, err := o.states[step].trees(ctx, conn, req, func(ctx context.Context) {
		l.Made = o.made(ctx, conn, step)
	})
	if err != nil {
		return nil, err
	}
	for _, c := range compareTrees(before, after) {
		l.count(c)
	}
	slices.SortStableFunc(l.Largest, func(a, b Change) int { return cmp.Compare(b.Bytes, a.Bytes) })
	l.Largest = slices.Clone(l.Largest[:min(largest, len(l.Largest))])
	return l, nil
}

func (l *Layer) count(c Change) {
	if strings.HasSuffix(c.Path, "/") {
		return
	}
	switch c.Kind {
	case Added:
		l.Added++
	case Changed:
		l.Changed++
	case Deleted:
		l.Deleted++
		return
	}
	if !c.again && c.Bytes > 0 {
		l.Bytes += c.Bytes
		l.Largest = append(l.Largest, c)
	}
}

// made is when the engine made the result of a step, which it holds in its hands. Its records do
// not say of which step they are, but what made them. In use are that of the step and those of
// the steps that it stands on, which are older. It is zero if there are others that look alike.
func (o *Outcome) made(ctx context.Context, conn *engine.Conn, step int) (made time.Time) {
	records, err := conn.DiskUsage(ctx, client.WithFilter([]string{"inuse"}))
	if err != nil {
		return time.Time{}
	}
	chain := o.chain(step)
	alike, expected := 0, 0
	for _, r := range records {
		if r.Mutable || len(chain) == 0 || !chain[0].made(r.Description) {
			continue
		}
		if alike == 0 {
			for _, m := range chain {
				if m.made(r.Description) {
					expected++
				}
			}
		}
		alike++
		if r.CreatedAt.After(made) {
			made = r.CreatedAt
		}
	}
	if alike != expected {
		return time.Time{}
	}
	return made
}

// A maker is what made files: an op, and the step's name, if it is one.
type maker struct {
	op   *pb.Op
	name string
}

// chain is a step and what its files stand on.
func (o *Outcome) chain(step int) (chain []maker) {
	names := map[digest.Digest]string{}
	for i, s := range o.states {
		names[s.vertex] = o.Steps[i].Name
	}
	s := o.states[step]
	for range s.ops {
		op, err := s.op()
		if err != nil {
			break
		}
		chain = append(chain, maker{op, names[s.vertex]})
		in, _, err := throughOp(op)
		if err != nil || in < 0 || in >= int64(len(op.Inputs)) {
			break
		}
		s.vertex = digest.Digest(op.Inputs[in].Digest)
	}
	return chain
}

// made says whether a record's description is that of a maker (BuildKit's solver/llbsolver/ops
// and its file/refmanager.go). The place of a step among others is that of the build that made it.
func (m maker) made(description string) bool {
	if exec := m.op.GetExec(); exec != nil {
		return description == "mount "+pb.RootMount+" from exec "+strings.Join(exec.Meta.GetArgs(), " ")
	}
	_, then, _ := strings.Cut(description, "] ")
	_, now, _ := strings.Cut(m.name, "] ")
	return then != "" && then == now || m.op.GetFile() != nil && description == "fileop target" // of Docker 20.10
}

// ImageSize counts the files of the image that a FROM (a 0-based index into the outcome's steps)
// brings in, and their bytes, as a step has them on which it stands. ok is false if there is none.
func (o *Outcome) ImageSize(ctx context.Context, conn *engine.Conn, req *Request, step int) (files int, bytes int64, ok bool, err error) {
	for i := range o.states {
		if o.CheckStep(i) != nil {
			continue
		}
		in, out, _ := o.states[i].around()
		if in == nil || digest.Digest(in.Digest) != o.states[step].vertex || out.Index < 0 {
			continue
		}
		before, _, err := o.states[i].trees(ctx, conn, req, func(context.Context) {})
		files, bytes = before.size()
		return files, bytes, err == nil, err
	}
	return 0, 0, false, nil
}
