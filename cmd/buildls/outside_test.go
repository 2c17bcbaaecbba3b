package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

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
	for _, c := range []struct {
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
			for _, s := range sites {
				theirs, refused := s.peer(dir, "Dockerfile", filepath.Join(t.TempDir(), "metadata"), parityArgument{}).CombinedOutput()
				ours, err := program(t, s.env, "build", "--progress", "rawjson", dir).CombinedOutput()
				if (err == nil) != c.built || (refused == nil) != c.built {
					t.Errorf("%s: the terminal: %v\n%s\nbuildls: %v\n%s", s.name, refused, theirs, err, ours)
				}
			}
		})
	}
}
