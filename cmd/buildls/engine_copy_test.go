package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// The embedded engine copies directories in its own way: the layers must be those of buildkitd.
func TestCopyAsBuildkitd(t *testing.T) {
	embedded, buildkitd := embeddedSite(t), buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t, "main.go", "package main", "pkg/deep/er/a.go", "a", "pkg/deep/b.go", "b", "pkg/c.go", "c",
		"docs/one.md", "1", "docs/two words.md", "2", "script.sh", "#!/bin/sh", "empty/.keep", "")
	for _, err := range []error{
		syscall.Chmod(filepath.Join(dir, "script.sh"), 0o4755),
		syscall.Chmod(filepath.Join(dir, "docs"), 0o2770),
		os.Symlink("../main.go", filepath.Join(dir, "pkg/main.go")),
		os.Link(filepath.Join(dir, "main.go"), filepath.Join(dir, "docs/linked.go")),
		syscall.Setxattr(filepath.Join(dir, "pkg"), "user.note", []byte("x"), 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	uri := "file://" + dir + "/Dockerfile"
	built := func(s site, text string) string {
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", text)
		r := mustBuild(t, e, map[string]any{"uri": uri, "buildArgs": map[string]any{"SOURCE_DATE_EPOCH": "1700000000"},
			"outputs": []any{map[string]any{"type": "image", "attrs": map[string]string{"rewrite-timestamp": "true"}}}})
		e.Shutdown()
		if r.Digest == nil {
			t.Fatalf("%s: no digest: %+v", s.name, r)
		}
		return *r.Digest
	}
	for _, text := range []string{
		"FROM scratch\nCOPY . /\n",
		base(t) + "COPY . /new/place\n",
		base(t) + "COPY pkg /\nCOPY . /\nCOPY docs /pkg/\n",
		base(t) + "RUN mkdir -p /app/pkg/deep && echo old >/app/main.go && ln -s app /link && chmod 2777 /app/pkg\nWORKDIR /link\nCOPY . .\n",
		base(t) + "RUN mkdir -p /app/pkg && touch /app/pkg/x\nRUN rm -r /app/pkg\nCOPY . /app/\n",
		base(t) + "COPY --chown=1000:7 . /owned\nCOPY --chmod=1750 . /moded\n",
		base(t) + "COPY --link . /linked\nCOPY --link --chown=1 pkg /linked/pkg\n",
		base(t)[:len(base(t))-1] + " AS one\nCOPY --chown=5 . /src\nRUN rm /src/pkg/c.go && mkfifo /src/fifo\n" + base(t) + "COPY --from=one /src/pkg /dst/\nCOPY --from=one /src /all\n",
	} {
		if ours, theirs := built(embedded, text), built(buildkitd, text); ours != theirs {
			t.Errorf("%s\n%s, by buildkitd %s", text, ours, theirs)
		}
	}
}
