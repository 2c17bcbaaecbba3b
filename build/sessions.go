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
	"github.com/buildls/buildls/build/sent"
)

// A build may name the sessions in which its contexts were sent before: see the package sent.

// These are named in BuildKit's frontend/dockerui/config.go and session/session.go.
const (
	localSessionID  = "local-sessionid:"
	headerSessionID = "X-Docker-Expose-Session-Uuid"
)

// wantsAttestation says whether the build is attested. An attestation tells with which options an
// image was built, and the session of an earlier build must not be among them.
func wantsAttestation(attrs map[string]string) bool {
	for name := range attrs {
		if strings.HasPrefix(name, "attest:") {
			return true
		}
	}
	return false
}

// noteSession notes the session in which the engine is sent the contexts. The front end of an engine
// that cannot evaluate, such as Docker 20.10, takes no context from another session, so that nothing
// is noted.
func (r *Request) noteSession(g gateway.Client) {
	if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayEvaluate) != nil {
		return
	}
	for _, files := range r.recorders {
		files.NoteSession(g.BuildOpts().SessionID)
	}
}

// serveEarlierSessions opens the sessions again in which contexts were sent, so that the engine can
// ask there for files that it has dropped. The caller calls end when the build has ended.
func (r *Request) serveEarlierSessions(ctx context.Context, conn *engine.Conn, sharedKey string) (end func(), err error) {
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
		if files.Earlier == nil {
			continue
		}
		s, err := session.NewSession(ctx, sharedKey)
		if err != nil {
			end()
			return nil, err
		}
		s.Allow(filesProvider(map[string]fsutil.FS{name: files}))
		sessions = append(sessions, s)
		// An engine that can't be reached a second time asks the build's own session.
		eg.Go(func() error { return s.Run(ctx, dialAs(files.Earlier.Session, conn.Dialer())) })
	}
	return end, nil
}

// dialAs opens a session with the id of an earlier one.
func dialAs(id string, dial session.Dialer) session.Dialer {
	return func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
		meta[headerSessionID] = []string{id}
		return dial(ctx, proto, meta)
	}
}

// changesProvider serves the files that have changed. Only the embedded engine asks for them. It is
// nil if it is not known which have changed.
func (r *Request) changesProvider() session.Attachable {
	for _, files := range r.recorders {
		if files.Delta != nil {
			return delta.Answer(func(name, since string) fsutil.FS {
				if files := r.recorders[name]; files != nil {
					if changed := files.Changed(since); changed != nil {
						return ownerless{changed}
					}
				}
				return nil
			})
		}
	}
	return nil
}

// filesProvider serves the files of contexts, as files of root. BuildKit's client does the same
// (client/solve.go, the function prepareSyncedFiles), but it looks at all files for it, also at those
// that are excluded.
func filesProvider(mounts map[string]fsutil.FS) session.Attachable {
	dirs := filesync.StaticDirSource{}
	for name, files := range mounts {
		dirs[name] = ownerless{files}
	}
	return filesync.NewFSSyncProvider(dirs, func(name string, opt *fsutil.FilterOpt) error {
		if files, ok := mounts[name].(*sent.Recorder); ok {
			return files.Follow(opt)
		}
		return nil
	})
}

// ownerless shows files as files of root.
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
