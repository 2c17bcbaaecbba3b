package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A context may hold what no author would think of. What the terminal's own tool sends of it is
// sent the same, so that no step is built again; what that refuses is refused with a sentence.
func TestOddContexts(t *testing.T) {
	t.Parallel()
	p := newParity(t)
	buildkitd := buildkitdSite(enginetest.Buildkitd(t))
	sites := []terminalSite{{site: buildkitd, peer: p.buildctl(buildkitd.engine)}}
	for _, version := range []string{"20.10", "28"} {
		s := dockerSite(enginetest.Docker(t, version), version)
		sites = append(sites, terminalSite{site: s, peer: p.docker(s.docker)})
	}
	long := strings.Repeat("n", 255)
	write := func(path string) error { return os.WriteFile(path, []byte("1"), 0o644) }
	for _, c := range []struct {
		name string
		make func(dir string) error
	}{
		{"odd", func(dir string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "socket", Net: "unix"})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			l.Close()
			return errors.Join(
				syscall.Mkfifo(dir+"fifo", 0o644), syscall.Mknod(dir+"null", syscall.S_IFCHR|0o666, 1<<8|3), syscall.Mknod(dir+"disk", syscall.S_IFBLK|0o600, 7<<8),
				os.Symlink("b", dir+"a"), os.Symlink("a", dir+"b"), os.Symlink(".", dir+"self"), os.Mkdir(dir+"d", 0o755), os.Symlink("../d", dir+"d/up"),
				write(dir+long), os.Mkdir(dir+"d/"+long, 0o755), write(dir+"d/"+long+"/"+long),
				write(dir+"a\nb\r\tc"), write(dir+`a "b" 'c' * ? [d] \ $e`))
		}},
		{"broken UTF-8", func(dir string) error {
			return errors.Join(write(dir+"a\xffb"), os.Mkdir(dir+"d\xfe", 0o755), write(dir+"d\xfe/f"), os.Symlink("a\xffb", dir+"link"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := workspace(t, "Dockerfile", base(t)+"COPY . /ctx\nRUN ls -laR /ctx\n", "plain", c.name+"\n")
			if err := c.make(dir + "/"); err != nil {
				t.Fatal(err)
			}
			for _, s := range sites {
				theirs, refused := s.peer(dir, "Dockerfile", filepath.Join(t.TempDir(), "metadata"), parityArgument{}).CombinedOutput()
				e := edit(t, s.env, dir)
				r := buildNow(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile"})
				reportOf(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile"}) // that nothing breaks by it
				e.Shutdown()
				switch {
				case refused == nil && r.Status == "succeeded" && len(r.Steps) == 3 && r.Steps[1].Status == "cached" && r.Steps[2].Status == "cached":
				case refused != nil && r.Status == "failed" && contains(r.Error.Message, "cannot send", "is not UTF-8"):
					t.Logf("%s: %s", s.name, r.Error.Message)
				default:
					t.Errorf("%s: the terminal: %v\n%s\nbuildls: %s: %+v %+v", s.name, refused, theirs, r.Status, r.Error, r.Steps)
				}
			}
		})
	}
}
