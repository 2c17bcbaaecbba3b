//go:build linux && !portable

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/moby/buildkit/cache"
	"github.com/moby/buildkit/cache/contenthash"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/snapshot"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/source"
	"github.com/moby/buildkit/source/local"
	"github.com/sirupsen/logrus"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/engine/embedded/delta"
)

// localSource is BuildKit's source of contexts, but that a client which knows what has changed
// since its last build is asked for that alone (see delta).
type localSource struct {
	source.Source
	cache cache.Accessor

	mu       sync.Mutex
	contexts map[string]*contextState // by shared key
}

// A contextState is what is known of a context.
type contextState struct {
	begun int          // transfers
	sent  *sentContext // by the last of them; nil: it has not ended, or not well
}

// A sentContext is what a client has sent.
type sentContext struct {
	ref      string // the mutable reference that holds it
	session  string
	patterns string // that it was asked with
}

func newLocalSource(cache cache.Accessor) (*localSource, error) {
	inner, err := local.NewSource(local.Opt{CacheAccessor: cache})
	return &localSource{Source: inner, cache: cache, contexts: map[string]*contextState{}}, err
}

// Resolve implements [source.Source].
func (s *localSource) Resolve(ctx context.Context, id source.Identifier, sessions *session.Manager, v solver.Vertex) (source.SourceInstance, error) {
	inner, err := s.Source.Resolve(ctx, id, sessions, v)
	l, ok := id.(*local.LocalIdentifier)
	if err != nil || !ok || l.SessionID == "" || l.MetadataOnly || l.Differ != fsutil.DiffMetadata {
		return inner, err
	}
	return &localInstance{inner, s, l, sessions}, nil
}

type localInstance struct {
	source.SourceInstance
	source   *localSource
	id       *local.LocalIdentifier
	sessions *session.Manager
}

// Snapshot implements [source.SourceInstance].
func (i *localInstance) Snapshot(ctx context.Context, job solver.JobContext) (cache.ImmutableRef, error) {
	wait, cancel := context.WithTimeout(ctx, 5*time.Second) // as BuildKit
	defer cancel()
	client, err := i.sessions.Get(wait, i.id.SessionID, false)
	if err != nil {
		return i.SourceInstance.Snapshot(ctx, job)
	}
	// As in BuildKit's source/local, the function snapshot.
	key := i.id.Name + ":" + i.id.SharedKeyHint + ":" + client.SharedKey()
	now := sentContext{session: i.id.SessionID, patterns: fmt.Sprintf("%q %q %q", i.id.IncludePatterns, i.id.ExcludePatterns, i.id.FollowPaths)}
	last, turn := i.source.begin(key)
	if last != nil && last.patterns == now.patterns && delta.Offered(client) {
		ref, err := i.source.update(ctx, client, i.id.Name, last, func() bool { return i.source.isTurn(key, turn) })
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil {
			now.ref = last.ref
			i.source.end(key, turn, now)
			return ref, nil
		}
		logrus.Debugf("%s is asked for as a whole: %v", i.id.Name, err)
	}
	ref, err := i.SourceInstance.Snapshot(ctx, job)
	if err == nil {
		// Of several that have the key, it is not known which.
		if refs, err := i.source.cache.Search(ctx, "local.sharedKey:"+key, false); err == nil && len(refs) == 1 {
			now.ref = refs[0].ID()
			i.source.end(key, turn, now)
		}
	}
	return ref, err
}

// begin takes what is known of a context: it is no longer so once somebody sends it again.
func (s *localSource) begin(key string) (last *sentContext, turn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.contexts[key]
	if state == nil {
		state = &contextState{}
		s.contexts[key] = state
	}
	last, state.sent = state.sent, nil
	state.begun++
	return last, state.begun
}

// isTurn says whether nobody else has begun since.
func (s *localSource) isTurn(key string, turn int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contexts[key].begun == turn
}

func (s *localSource) end(key string, turn int, now sentContext) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state := s.contexts[key]; state.begun == turn {
		state.sent = &now
	}
}

var errNotTold = errors.New("it is not known what has changed")

// update brings a context up to date. It is BuildKit's function snapshot, in its source/local,
// with another transfer.
func (s *localSource) update(ctx context.Context, client session.Caller, name string, last *sentContext, isTurn func() bool) (_ cache.ImmutableRef, err error) {
	ref, err := s.cache.GetMutable(ctx, last.ref)
	if err != nil {
		return nil, err
	}
	touched := false
	defer func() {
		if err == nil {
			return
		}
		if touched { // what it holds is not known any more
			if err := ref.SetCachePolicyDefault(); err != nil {
				logrus.WithError(err).Warn("a context that was not updated is kept")
			}
			contenthash.ClearCacheContext(ref)
		}
		go ref.Release(context.WithoutCancel(ctx)) // as BuildKit: removing it may take long
	}()
	if !isTurn() { // somebody may have had it meanwhile
		return nil, errNotTold
	}
	receive, err := delta.Ask(ctx, client, name, last.session)
	if err != nil {
		return nil, err
	}
	if receive == nil {
		return nil, errNotTold
	}
	m, err := ref.Mount(ctx, false, nil)
	if err != nil {
		return nil, err
	}
	if m.IdentityMapping() != nil {
		return nil, errors.New("users are mapped")
	}
	sums, err := contenthash.GetCacheContext(ctx, ref)
	if err != nil {
		return nil, err
	}
	mounter := snapshot.LocalMounter(m)
	dir, err := mounter.Mount()
	if err != nil {
		return nil, err
	}
	touched = true
	err = receive(dir, fsutil.ReceiveOpt{
		NotifyHashed:  sums.HandleChange,
		ContentHasher: contenthash.NewFromStat,
		Filter:        func(path string, stat *types.Stat) bool { return differs(filepath.Join(dir, path), stat) },
	})
	if err := errors.Join(err, mounter.Unmount()); err != nil {
		return nil, err
	}
	if err := contenthash.SetCacheContext(ctx, ref, sums); err != nil {
		return nil, err
	}
	return ref.Commit(ctx)
}

// differs says whether BuildKit would take a file for changed (fsutil's diff_containerd.go,
// the functions sameFile and compareStat). What was not sent before is not wanted now.
func differs(path string, stat *types.Stat) bool {
	now, err := fsutil.Stat(path)
	if err != nil {
		return false
	}
	mode := fs.FileMode(stat.Mode)
	if now.Mode != stat.Mode || now.Uid != stat.Uid || now.Gid != stat.Gid {
		return mode.IsDir() == fs.FileMode(now.Mode).IsDir()
	}
	return !mode.IsDir() && (now.Size != stat.Size || now.ModTime != stat.ModTime || now.Linkname != stat.Linkname)
}
