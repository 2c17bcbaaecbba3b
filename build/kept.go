package build

import (
	"context"
	"io/fs"
	"net"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/embedded/delta"
)

// An engine keeps the files of a context under the id of the session that sent them, and the
// patterns that it asked with (BuildKit's source/local, the function CacheKey). If the context
// still shows what it showed then, the next build names that session as the context's. Then
// nothing is walked, sent or compared, on either side. If the engine has dropped the files, it
// asks that session for them: a session with its id is there as long as the build lasts.
//
// A workspace.Trace tells whether the context still shows the same. If some files have changed
// and all names are the same, the trace tells which. The embedded engine, whose protocol we can
// extend, asks for these files alone (build/engine/embedded/delta), and compares what it gets as
// BuildKit does. Any other engine gets the whole context.
//
// Linux alone has this, for contexts of a thousand files and more. TestKeptContextSameAsTerminal
// compares the digests with those of buildctl.

// A Kept is a context that an engine was sent.
type Kept struct {
	session string
	sent    Sent
	changed bool // the engine had it, but for what has changed, and was sent that
}

// IsChanged says whether an engine was sent nothing but what has changed.
func (k *Kept) IsChanged() bool { return k.changed }

// A Delta is the files of a context that are no longer as an engine has them.
type Delta struct {
	Since *Kept
	Files fsutil.FS // these, and the directories above them
}

// These are named in BuildKit's frontend/dockerui/config.go and session/session.go.
const (
	localSessionID  = "local-sessionid:"
	headerSessionID = "X-Docker-Expose-Session-Uuid"
)

// attested says whether an attestation will tell with which options it was built, of which
// sessions are none of anybody's business.
func attested(attrs map[string]string) bool {
	for name := range attrs {
		if strings.HasPrefix(name, "attest:") {
			return true
		}
	}
	return false
}

// sentIn notes the session of a build. An engine that cannot evaluate, such as Docker 20.10,
// has a front end that does not take the context from another.
func (r *Request) sentIn(g gateway.Client) {
	if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayEvaluate) != nil {
		return
	}
	for _, files := range r.recorders {
		files.mu.Lock()
		files.session = g.BuildOpts().SessionID
		files.mu.Unlock()
	}
}

// keeps is what the engine keeps after the build: nil if it was sent nothing, or again what
// it was thought to have.
func (r *recorder) keeps() *Kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.kept != nil && !r.asked:
		return r.kept
	case r.delta != nil && !r.answered && !r.asked: // it was not needed
		return r.delta.Since
	case r.answered && !r.asked && r.session != "":
		return &Kept{session: r.session, changed: true}
	case r.kept == nil && r.asked && r.session != "":
		return &Kept{session: r.session}
	}
	return nil
}

// reopen serves contexts in the sessions in which they were sent, until the function that it
// returns is called.
func (r *Request) reopen(ctx context.Context, conn *engine.Conn, sharedKey string) (end func(), err error) {
	var eg errgroup.Group
	ctx, cancel := context.WithCancel(ctx)
	var sessions []*session.Session
	end = func() {
		cancel()
		for _, s := range sessions {
			s.Close()
		}
		eg.Wait()
	}
	for name, files := range r.recorders {
		if files.kept == nil {
			continue
		}
		s, err := session.NewSession(ctx, sharedKey)
		if err != nil {
			end()
			return nil, err
		}
		s.Allow(serving(map[string]fsutil.FS{name: files}))
		sessions = append(sessions, s)
		// An engine that can't be reached a second time asks the build's own session.
		eg.Go(func() error { return s.Run(ctx, dialAs(files.kept.session, conn.Dialer())) })
	}
	return end, nil
}

// dialAs gives a session the id of an earlier one.
func dialAs(id string, dial session.Dialer) session.Dialer {
	return func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
		meta[headerSessionID] = []string{id}
		return dial(ctx, proto, meta)
	}
}

// answering is the part of a session that sends what has changed, of which the embedded engine
// makes use; nil if nothing is known of that.
func (r *Request) answering() session.Attachable {
	for _, files := range r.recorders {
		if files.delta != nil {
			return delta.Answer(func(name, since string) fsutil.FS {
				if files := r.recorders[name]; files != nil && files.delta != nil && files.delta.Since.session == since {
					return ownerless{changedFiles{files}}
				}
				return nil
			})
		}
	}
	return nil
}

// serving is the part of a session that sends files. It is that of BuildKit's client
// (client/solve.go, the function prepareSyncedFiles), which shows them as root's; but that
// looks at all files in order to do so, those that are excluded as well.
func serving(mounts map[string]fsutil.FS) session.Attachable {
	dirs := filesync.StaticDirSource{}
	for name, files := range mounts {
		dirs[name] = ownerless{files}
	}
	return filesync.NewFSSyncProvider(dirs, func(name string, opt *fsutil.FilterOpt) error {
		if files, ok := mounts[name].(*recorder); ok {
			return files.follow(opt)
		}
		return nil
	})
}

// ownerless shows files as those of root.
type ownerless struct{ fsutil.FS }

// Walk implements [fsutil.FS].
func (o ownerless) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	return o.FS.Walk(ctx, target, func(path string, d fs.DirEntry, err error) error {
		if d != nil {
			d = ownerlessEntry{d}
		}
		return fn(path, d, err)
	})
}

type ownerlessEntry struct{ fs.DirEntry }

// Info implements [fs.DirEntry].
func (e ownerlessEntry) Info() (fs.FileInfo, error) {
	fi, err := e.DirEntry.Info()
	if err != nil {
		return nil, err
	}
	if stat, ok := fi.Sys().(*types.Stat); ok {
		stat.Uid, stat.Gid = 0, 0
	}
	return fi, nil
}
