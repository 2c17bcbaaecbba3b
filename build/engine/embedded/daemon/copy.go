//go:build linux && !portable

package daemon

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/frontend"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
	"github.com/sirupsen/logrus"
	fscopy "github.com/tonistiigi/fsutil/copy"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/embedded/daemon/treecopy"
)

// A copyWorker is BuildKit's worker, but for copies of a directory, which it makes in
// parallel (see treecopy). What comes of them is the same: cache keys are BuildKit's own, and
// so is the copy wherever there is anything out of the ordinary.
type copyWorker struct {
	*base.Worker
	flush  *flusher
	wishes *wishes
}

// Labels implements [worker.Worker]: they tell what the engine runs with.
func (w *copyWorker) Labels() map[string]string {
	labels := maps.Clone(w.Worker.Labels())
	labels[embedded.RunsLabel] = w.wishes.label()
	return labels
}

// ResolveOp implements [worker.Worker].
func (w *copyWorker) ResolveOp(v solver.Vertex, s frontend.FrontendLLBBridge, sm *session.Manager, proxy worker.ProxyOpt) (solver.Op, error) {
	op, err := w.Worker.ResolveOp(v, s, sm, proxy)
	sys, ok := v.Sys().(*pb.Op)
	if err != nil || !ok {
		return op, err
	}
	if action := directoryCopy(sys.GetFile()); action != nil {
		return &copyOp{Op: op, action: action, options: optionsOf(action.GetCopy()), worker: w, name: v.Name()}, nil
	}
	return op, nil
}

// directoryCopy is the one action of an operation, if it is the copy of what may be a directory
// with no more to it than treecopy knows.
func directoryCopy(op *pb.FileOp) *pb.FileAction {
	if len(op.GetActions()) != 1 {
		return nil
	}
	action := op.Actions[0]
	c := action.GetCopy()
	switch {
	case c == nil || action.Output != 0 || action.SecondaryInput < 0,
		!c.DirCopyContents || !c.CreateDestPath || c.AttemptUnpackDockerCompatibility,
		len(c.IncludePatterns)+len(c.ExcludePatterns) > 0,
		c.AllowWildcard && strings.ContainsAny(c.Src, `*?[\`),
		c.ModeStr != "",
		c.Owner != nil && (named(c.Owner.User) || named(c.Owner.Group)):
		return nil
	}
	return action
}

// named says whether a user must be looked up in the image.
func named(u *pb.UserOpt) bool {
	_, ok := u.GetUser().(*pb.UserOpt_ByName)
	return ok
}

// optionsOf reads a copy as BuildKit does (solver/llbsolver/file, and ops/user_linux.go).
func optionsOf(c *pb.FileActionCopy) treecopy.Options {
	o := treecopy.Options{Src: c.Src, Dest: c.Dest, Follow: c.FollowSymlink, Replace: c.AlwaysReplaceExistingDestPaths}
	if mode := int(c.Mode); mode != -1 {
		o.Mode = &mode
	}
	if c.Timestamp != -1 {
		t := time.Unix(c.Timestamp/1e9, c.Timestamp%1e9)
		o.Time = &t
	}
	if c.Owner != nil {
		o.Owner = &fscopy.User{}
		if u, ok := c.Owner.User.GetUser().(*pb.UserOpt_ByID); ok {
			o.Owner.UID, o.Owner.GID = int(u.ByID), int(u.ByID)
		}
		if g, ok := c.Owner.Group.GetUser().(*pb.UserOpt_ByID); ok {
			o.Owner.GID = int(g.ByID)
		}
	}
	return o
}

// A copyOp is BuildKit's operation with an execution of its own.
type copyOp struct {
	solver.Op
	action  *pb.FileAction
	options treecopy.Options
	worker  *copyWorker
	name    string
}

// Exec implements [solver.Op].
func (o *copyOp) Exec(ctx context.Context, job solver.JobContext, inputs []solver.Result) ([]solver.Result, error) {
	ref, err := o.copy(ctx, job.Session(), inputs)
	switch {
	case err == nil:
		return []solver.Result{worker.NewWorkerRefResult(ref, o.worker)}, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	logrus.Debugf("%s: %v", o.name, err)
	return o.Op.Exec(ctx, job, inputs)
}

func (o *copyOp) copy(ctx context.Context, g session.Group, inputs []solver.Result) (cache.ImmutableRef, error) {
	base, err := inputOf(inputs, o.action.Input)
	if err != nil {
		return nil, err
	}
	src, err := inputOf(inputs, o.action.SecondaryInput)
	if err != nil || src == nil {
		return nil, errors.Join(err, errNoSource)
	}
	m, err := src.Mount(ctx, true, g)
	if err != nil {
		return nil, err
	}
	mounter := snapshot.LocalMounter(m)
	root, err := mounter.Mount()
	if err != nil {
		return nil, err
	}
	defer mounter.Unmount()
	if err := o.options.Check(root); err != nil {
		return nil, err
	}

	// As solver/llbsolver/file, the type RefManager.
	ref, err := o.worker.CacheManager().New(ctx, base, g, cache.WithDescription(o.name), cache.CachePolicyRetain)
	if err != nil {
		return nil, err
	}
	err = o.copyInto(ctx, root, ref.ID())
	if err == nil {
		var copied cache.ImmutableRef
		if copied, err = ref.Commit(ctx); err == nil {
			return copied, nil
		}
	}
	if err := ref.SetCachePolicyDefault(); err != nil {
		logrus.WithError(err).Warn("a copy that failed is kept")
	}
	ref.Release(context.WithoutCancel(ctx))
	return nil, err
}

var errNoSource = errors.New("nothing is copied from")

func inputOf(inputs []solver.Result, index int64) (cache.ImmutableRef, error) {
	if index < 0 {
		return nil, nil
	}
	if int(index) >= len(inputs) {
		return nil, errors.New("an input is missing")
	}
	ref, ok := inputs[index].Sys().(*worker.WorkerRef)
	if !ok {
		return nil, errors.New("an input is of another kind")
	}
	return ref.ImmutableRef, nil
}

// copyInto copies into the snapshot of a new reference. These have the same id, and the
// reference's own Mount would hide where the files are.
func (o *copyOp) copyInto(ctx context.Context, root, id string) error {
	if o.worker.Snapshotter.IdentityMapping() != nil {
		return errors.New("users are mapped")
	}
	m, err := o.worker.Snapshotter.Mounts(ctx, id)
	if err != nil {
		return err
	}
	mounts, release, err := m.Mount()
	if err != nil {
		return err
	}
	defer release()
	noted, done := o.worker.flush.begin()
	defer done()
	if err := treecopy.Copy(ctx, root, mounts, o.options); err != nil {
		return err
	}
	return noted()
}
