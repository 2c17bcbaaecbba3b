package debug

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/build/redact"
)

func digestOf(in *pb.Input) digest.Digest { return digest.Digest(in.Digest) }

// failedFiles are the files that a failed step has left. An engine shows them through a container
// alone; an old one, only to a program in it.
func (v *View) failedFiles(ctx context.Context) (inspect.Files, error) {
	caps := v.t.d.build.Gateway.BuildOpts().Caps
	if caps.Supports(gwpb.CapGatewayExecFilesystem) != nil {
		return byShell{v}, nil
	}
	p, err := v.process(ctx)
	if err != nil {
		return nil, err
	}
	for i, m := range p.Mounts {
		if m.Dest == pb.RootMount {
			in, err := v.t.d.container(ctx, v.failed, p.NewContainerRequest)
			return inContainer{in, i}, err
		}
	}
	return nil, errNothing
}

// container is one that holds what a failed step has left, for as long as the build lasts.
func (d *Debugger) container(ctx context.Context, f *failure, request gateway.NewContainerRequest) (gateway.Container, error) {
	f.making.Lock()
	defer f.making.Unlock()
	if f.container != nil {
		return f.container, nil
	}
	c, err := d.build.Gateway.NewContainer(ctx, request)
	if err != nil {
		return nil, err
	}
	f.container = c
	d.spawn(func() {
		<-d.ctx.Done()
		c.Release(context.WithoutCancel(d.ctx))
	})
	return c, nil
}

// inContainer are the files of a mount of a container.
type inContainer struct {
	container gateway.Container
	mount     int
}

func (c inContainer) ReadFile(ctx context.Context, r gateway.ReadRequest) ([]byte, error) {
	return c.container.ReadFile(ctx, gateway.ReadContainerRequest{ReadRequest: r, MountIndex: c.mount})
}

func (c inContainer) StatFile(ctx context.Context, r gateway.StatRequest) (*types.Stat, error) {
	return c.container.StatFile(ctx, gateway.StatContainerRequest{StatRequest: r, MountIndex: c.mount})
}

func (c inContainer) ReadDir(ctx context.Context, r gateway.ReadDirRequest) ([]*types.Stat, error) {
	return c.container.ReadDir(ctx, gateway.ReadDirContainerRequest{ReadDirRequest: r, MountIndex: c.mount})
}

// byShell are files as the shell of the image sees them.
type byShell struct{ v *View }

// run runs a script with one argument.
func (s byShell) run(ctx context.Context, script, name string) (string, error) {
	var out strings.Builder
	code, err := s.v.Run(ctx, "set -- '"+strings.ReplaceAll(name, "'", `'\''`)+"'\n"+script, &out)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s: %s", name, strings.TrimSpace(out.String()))
	}
	return out.String(), err
}

// describe prints what a file is, in a letter, and how large, and its name.
const describe = `describe() {
  if [ -L "$1" ]; then printf 'l 0 %s\0' "$1"
  elif [ -d "$1" ]; then printf 'd 0 %s\0' "$1"
  elif [ -f "$1" ]; then printf 'f %s %s\0' "$(wc -c <"$1")" "$1"
  elif [ -e "$1" ]; then printf 'o 0 %s\0' "$1"
  fi
}
`

func (s byShell) ReadDir(ctx context.Context, r gateway.ReadDirRequest) (list []*types.Stat, err error) {
	out, err := s.run(ctx, describe+`cd -- "$1" || exit; for f in * .[!.]* ..?*; do describe "$f"; done`, r.Path)
	for line := range strings.SplitSeq(out, "\x00") {
		if st := described(line); st != nil {
			list = append(list, st)
		}
	}
	return list, err
}

func (s byShell) StatFile(ctx context.Context, r gateway.StatRequest) (*types.Stat, error) {
	out, err := s.run(ctx, describe+`describe "$1"`, r.Path)
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(out, "\x00")
	if st := described(line); st != nil {
		return st, nil
	}
	return nil, fmt.Errorf("%s: no such file", r.Path)
}

func (s byShell) ReadFile(ctx context.Context, r gateway.ReadRequest) ([]byte, error) {
	out, err := s.run(ctx, fmt.Sprintf(`head -c %d -- "$1"`, r.Range.Length), r.Filename)
	return []byte(out), err
}

func described(line string) *types.Stat {
	var kind string
	var size int64
	words := strings.SplitN(line, " ", 3)
	if len(words) != 3 {
		return nil
	}
	fmt.Sscan(words[0], &kind)
	fmt.Sscan(words[1], &size)
	mode := map[string]os.FileMode{"l": os.ModeSymlink | 0o777, "d": os.ModeDir | 0o755, "f": 0o644, "o": os.ModeDevice}[kind]
	return &types.Stat{Path: words[2], Mode: uint32(mode), Size: size}
}

// failedChanges compares the files that a failed step has left with those before it.
func (v *View) failedChanges(ctx context.Context) ([]inspect.Change, error) {
	after, err := v.failedFiles(ctx)
	if err != nil {
		return nil, err
	}
	if _, blind := after.(byShell); blind {
		return nil, fmt.Errorf("%s shows no times of what a failed step has left, so that changes cannot be told", v.t.d.build.Conn.Info)
	}
	before, err := (&View{t: v.t, place: v.place, frame: v.frame}).files(ctx)
	if err != nil {
		return nil, err
	}
	return inspect.CompareFiles(ctx, before, after)
}

// maskedWriter masks what is written, and holds back what may be the beginning of a secret.
type maskedWriter struct {
	out  io.Writer
	mask redact.Mask
	held []byte
}

func (w *maskedWriter) Write(p []byte) (int, error) {
	shown, held := w.mask.HidePiece(append(w.held, p...))
	w.held = held
	_, err := w.out.Write(shown)
	return len(p), err
}

// Close writes what was held back.
func (w *maskedWriter) Close() error {
	_, err := w.out.Write(w.held)
	w.held = nil
	return err
}

// open keeps a process from closing a writer.
type open struct{ io.Writer }

func (open) Close() error { return nil }
