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

// What lies outside of the context is not sent, whatever leads there: what the
// terminal's own tool refuses is refused, and what it builds does not hold it.
func TestNothingFromOutside(t *testing.T) {
	const outside = "a line of a file outside of the context"
	p := newParity(t)
	buildkitd := buildkitdSite(enginetest.Buildkitd(t))
	sites := []terminalSite{{site: buildkitd, peer: p.buildctl(buildkitd.engine)}}
	for _, version := range []string{"20.10", "28"} {
		s := dockerSite(enginetest.Docker(t, version), version)
		sites = append(sites, terminalSite{site: s, peer: p.docker(s.docker)})
	}
	root := workspace(t, "outside/secret", outside+"\n", "outside/Dockerfile", "FROM scratch\nCOPY inside /\n", "outside/ignore", "inside\n")
	search := base(t) + "COPY . /ctx\nRUN --mount=target=/mounted ls -laR /ctx /mounted; ! grep -r '" + outside[:len(outside)-1] + "[t]' /ctx /mounted\n"
	inside, link := "FROM scratch\nCOPY inside /\n", "FROM scratch\nCOPY link /\n"
	for i, c := range []struct {
		name, dockerfile string
		links            []string // and their targets
		built            bool
	}{
		{"all", search, []string{"relative", "../outside/secret", "absolute", root + "/outside/secret", "dir", "../outside", "chain", "relative", "loop", "loop"}, true},
		{"relative", link, []string{"link", "../outside/secret"}, false},
		{"absolute", "FROM scratch\nADD link /\n", []string{"link", root + "/outside/secret"}, false},
		{"chain", link, []string{"link", "two", "two", "../outside/secret"}, false},
		{"directory", "FROM scratch\nCOPY link/secret /\n", []string{"link", "../outside"}, false},
		{"whole directory", "FROM scratch\nCOPY link/ /\n", []string{"link", "../outside"}, false},
		{"wildcard", "FROM scratch\nCOPY link/s* /\n", []string{"link", "../outside"}, false},
		{"dots", "FROM scratch\nCOPY ../outside/secret /\n", nil, false},
		{"absolute path", "FROM scratch\nCOPY " + root + "/outside/secret /\n", nil, false},
		{"mount", base(t) + "RUN --mount=source=link,target=/m true\n", []string{"link", "../outside/secret"}, false},
		{"mounted directory", base(t) + "RUN --mount=source=link,target=/m true\n", []string{"link", root + "/outside"}, false},
		{"ignore file", inside, []string{".dockerignore", "../outside/ignore"}, true},
		{"own ignore file", inside, []string{"Dockerfile.dockerignore", "../outside/ignore"}, true},
		{"Dockerfile", "", []string{"Dockerfile", "../outside/Dockerfile"}, false},
		{"Dockerfile within", "", []string{"Dockerfile", "other", "inside", "nowhere"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(root, c.name)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{"inside": "inside\n", "other": "FROM scratch\nCOPY other /\n", "Dockerfile": c.dockerfile} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for i := 0; i < len(c.links); i += 2 {
				os.Remove(filepath.Join(dir, c.links[i]))
				if err := os.Symlink(c.links[i+1], filepath.Join(dir, c.links[i])); err != nil {
					t.Fatal(err)
				}
			}
			for j, s := range sites {
				if !enginetest.Pairs(i, j) {
					continue
				}
				theirs, refused := s.peer(dir, "Dockerfile", filepath.Join(t.TempDir(), "metadata"), parityArgument{}).CombinedOutput()
				ours, err := program(t, s.env, "build", "--progress", "rawjson", dir).CombinedOutput()
				if (err == nil) != c.built || (refused == nil) != c.built {
					t.Errorf("%s: the terminal: %v\n%s\nbuildls: %v\n%s", s.name, refused, theirs, err, ours)
				}
			}
		})
	}
}
