package inspect

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// errNoRecord says that an engine has no record of what a command left.
var errNoRecord = errors.New("the engine has no record of its files")

// lookUp finds an output of a step in the engine's cache. Nil stands for an empty image.
//
// While an engine looks for a result, it takes each build that wants the same result into the same
// work (BuildKit's solver/scheduler.go, mergeTo). If the result is not there, preventRun lets that
// work fail, and the build with it. So the engine's list of what it stores is asked first. That does
// not tell a command from one of the same text on other files, of which the files are there.
func (b *Build) lookUp(ctx context.Context, g gateway.Client, s stepState, at *pb.Input) (gateway.Reference, error) {
	if at == nil {
		return nil, nil
	}
	if command := s.recordOf(at); command != "" && !b.hasRecord(ctx, command) {
		return nil, errNoRecord
	}
	def, err := s.cacheOnly(at)
	if err != nil {
		return nil, err
	}
	res, err := g.Solve(ctx, gateway.SolveRequest{Definition: def, Evaluate: true})
	if err != nil {
		return nil, err
	}
	return res.Ref, nil
}

// recordOf is how an engine describes the files that the nearest command left, on which an output
// stands (BuildKit's solver/llbsolver/ops/exec.go, Exec). It is empty if there is no command, or if
// it has text that cannot be asked for.
func (s stepState) recordOf(at *pb.Input) string {
	for range s.Ops {
		op, err := (stepState{s.Ops, digest.Digest(at.Digest)}).op()
		if err != nil {
			return ""
		}
		if exec := op.GetExec(); exec != nil {
			for _, m := range exec.Mounts {
				if text := "mount " + m.Dest + " from exec " + strings.Join(exec.GetMeta().GetArgs(), " "); m.Output == at.Index && utf8.ValidString(text) {
					return text
				}
			}
			return ""
		}
		in, _, err := Through(op)
		if err != nil || in < 0 || in >= int64(len(op.Inputs)) {
			return ""
		}
		at = op.Inputs[in]
	}
	return ""
}

// hasRecord says whether an engine may store what is described so. What came from the cache of
// another engine may have no description of its own. An engine that cannot say it may have it.
func (b *Build) hasRecord(ctx context.Context, description string) bool {
	records, err := b.Conn.DiskUsage(ctx, client.WithFilter([]string{"description==" + strconv.Quote(description), `description~="^imported "`}))
	return err != nil || len(records) > 0
}

// cacheOnly is a definition of an output that an engine only looks up in its cache: see preventRun.
// It leaves out the metadata, which may say that the cache is not to be used.
func (s stepState) cacheOnly(out *pb.Input) (*pb.Definition, error) {
	def, renamed := &pb.Definition{}, map[string]string{}
	for _, raw := range s.Ops {
		op := &pb.Op{}
		if err := op.UnmarshalVT(raw); err != nil {
			return nil, err
		}
		for _, in := range op.Inputs {
			in.Digest = renamed[in.Digest]
		}
		preventRun(op)
		dt, err := op.MarshalVT()
		if err != nil {
			return nil, err
		}
		renamed[string(digest.FromBytes(raw))] = string(digest.FromBytes(dt))
		def.Def = append(def.Def, dt)
	}
	end := &pb.Op{Inputs: []*pb.Input{{Digest: renamed[out.Digest], Index: out.Index}}}
	dt, err := end.MarshalVT()
	def.Def = append(def.Def, dt)
	return def, err
}

// preventRun keeps a command from running, while the engine still finds it in its cache. BuildKit
// offers no way to ask for that. So the command gets a proxy with a NUL: the cache key does not count
// proxies (solver/llbsolver/ops/exec.go, CacheMap), and no system starts a process with a NUL in its
// environment.
func preventRun(op *pb.Op) {
	if exec := op.GetExec(); exec != nil && exec.Meta != nil {
		exec.Meta.ProxyEnv = &pb.ProxyEnv{NoProxy: guard}
	}
}

const guard = "\x00"

// isGone says whether an engine returned an error because a step is no longer in its cache.
func isGone(err error) bool {
	for _, text := range []string{
		errNoRecord.Error(),                                        // which comes back from the engine
		"did not complete successfully", "executor failed running", // a command, because of the guard
		"no active session", "no local sources enabled", // a source, because this session sends no files
	} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
