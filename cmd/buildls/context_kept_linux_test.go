package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A largeContext is an editor on a context that is large enough for it to be remembered what
// the engine has of it.
type largeContext struct {
	*testing.T
	e        *lsptest.Editor
	dir, log string
	text     string
	builds   int
}

func newLargeContext(t *testing.T, s site) *largeContext {
	t.Helper()
	files := []string{".dockerignore", "Dockerfile\n*.log\nout\n", "Dockerfile", "", "app.log", "", "out/x", "", "script", "#!/bin/sh\n"}
	for i := range 1200 {
		files = append(files, fmt.Sprintf("src/dir%d/file%d", i/100, i), fmt.Sprint(i))
	}
	c := &largeContext{T: t, dir: workspace(t, files...), log: filepath.Join(t.TempDir(), "log"), text: base(t) + "COPY . /src\nENV n "}
	c.write("nonce", t.Name()+time.Now().String())
	c.e = newEditor(t, program(t, s.env, "--log-file", c.log), lsptest.Options{Folders: []string{c.dir}, Init: map[string]any{"logLevel": "debug"}})
	c.e.Open(c.uri(), "dockerfile", c.text+"0\n")
	return c
}

func (c *largeContext) uri() string { return "file://" + c.dir + "/Dockerfile" }

func (c *largeContext) path(name string) string { return filepath.Join(c.dir, name) }

func (c *largeContext) write(name, text string) {
	c.Helper()
	c.ok(os.WriteFile(c.path(name), []byte(text), 0o644))
}

func (c *largeContext) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// build changes the Dockerfile's last line and builds it; sent is what the engine was sent of
// the context: "everything", "changes" or "nothing".
func (c *largeContext) build(argument map[string]any) (r result, sent string) {
	c.Helper()
	c.builds++
	c.e.Replace(c.uri(), fmt.Sprint(c.text, c.builds, "\n"))
	c.write("out/Dockerfile", fmt.Sprint(c.text, c.builds, "\n"))
	argument["uri"] = c.uri()
	r = mustBuild(c.T, c.e, argument)
	_, sent, _ = strings.Cut(c.said(r.ID), `"sent": "`)
	sent, _, _ = strings.Cut(sent, `"`)
	return r, sent
}

// said is what the log says of the context of a build.
func (c *largeContext) said(id string) string {
	data, err := os.ReadFile(c.log)
	c.ok(err)
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, "context") && strings.Contains(line, `"build": "`+id) {
			return line
		}
	}
	c.Fatalf("the log says nothing of the context of %s:\n%s", id, data)
	return ""
}

// settled builds until nothing is sent: what was just written is not trusted yet.
func (c *largeContext) settled(argument map[string]any) {
	c.Helper()
	for start := time.Now(); time.Since(start) < time.Minute; {
		if _, sent := c.build(argument); sent == "nothing" {
			return
		}
	}
	c.Fatal("a context that does not change is sent again and again")
}

// Once an engine has a large context, nothing is sent as long as that has not changed, and then
// what has. An engine may drop what it has at any time, to free its disk, but not each time.
func TestKeptContext(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		c, out := newLargeContext(t, s), t.TempDir()
		var seen []string
		for i := range 3 {
			if s.old { // it knows no sessions but the build's own
				c.build(map[string]any{})
			} else {
				c.settled(map[string]any{})
			}
			text := fmt.Sprint("changed ", i)
			c.write("src/dir7/file777", text)
			r, sent := c.build(map[string]any{"outputs": []any{map[string]any{"type": "local", "dest": out}}})
			if data, err := os.ReadFile(filepath.Join(out, "src/src/dir7/file777")); string(data) != text {
				t.Errorf("%q, %v", data, err)
			}
			if sent == whatIs(s, "changes") {
				return
			}
			seen = append(seen, c.said(r.ID))
		}
		t.Errorf("a changed file: what was sent is never %s:\n%s", whatIs(s, "changes"), strings.Join(seen, ""))
	})
}

// whatIs is what an engine is sent where one that can do with less is sent that.
func whatIs(s site, less string) string {
	if s.name != "embedded" {
		return "everything"
	}
	return less
}

// After changes of all kinds, noticed or not, an image is what buildctl makes of the same
// files: its digest is. What the engine has dropped is sent again.
func TestKeptContextSameAsTerminal(t *testing.T) {
	t.Run("buildkitd", func(t *testing.T) {
		t.Parallel()
		s := buildkitdSite(enginetest.StartBuildkitd(t))
		keptSameAsTerminal(t, s, s.engine)
	})
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		s, dir := ownEmbedded(t)
		keptSameAsTerminal(t, s, "unix://"+dir+"/buildls/engine.sock")
	})
}

func keptSameAsTerminal(t *testing.T, s site, address string) {
	c := newLargeContext(t, s)
	less := whatIs(s, "changes")
	image := map[string]any{"outputs": []any{map[string]any{"type": "image"}}}
	file := c.path("src/dir3/file345")
	secretly := func() error { // neither size nor time tell of it, and no engine asks for it
		fi, err := os.Stat(file)
		c.ok(err)
		return errors.Join(os.WriteFile(file, []byte("A LINE\n"), 0o644), os.Chtimes(file, fi.ModTime(), fi.ModTime()))
	}
	for i, change := range []struct {
		name string
		do   func() error
		sent string
	}{
		{"nothing", func() error { return nil }, "nothing"},
		{"an excluded file", func() error { return os.WriteFile(c.path("app.log"), []byte("more"), 0o644) }, "nothing"},
		{"a file where it is excluded", func() error { return os.WriteFile(c.path("out/new"), nil, 0o644) }, "nothing"},
		{"a line", func() error { return os.WriteFile(file, []byte("a line\n"), 0o644) }, less},
		{"its content alone", secretly, less},
		{"a new file", func() error { return os.WriteFile(file+".new", nil, 0o644) }, "everything"},
		{"none any more", func() error { return os.Remove(file + ".new") }, "everything"},
		{"a mode", func() error { return os.Chmod(c.path("script"), 0o755) }, less},
		{"a directory's mode", func() error { return os.Chmod(c.path("src/dir4"), 0o700) }, less},
		{"a file that is saved by renaming", func() error {
			return errors.Join(os.WriteFile(file+".tmp", []byte("renamed\n"), 0o600), os.Rename(file+".tmp", file))
		}, less},
		{"an attribute", func() error { return unix.Setxattr(file, "user.a", []byte("b"), 0) }, less},
		{"a link", func() error { return errors.Join(os.Remove(c.path("script")), os.Symlink("nonce", c.path("script"))) }, "everything"},
		{"a second name", func() error { return os.Link(file, file+".second") }, "everything"},
		{"a directory's name", func() error { return os.Rename(c.path("src/dir5"), c.path("src/dir55")) }, "everything"},
		{"a time", func() error { return os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0)) }, "everything"},
		{"what a file is", func() error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o755)) }, "everything"},
		{"an ignore file", func() error {
			return os.WriteFile(c.path(".dockerignore"), []byte("Dockerfile\n*.log\nout\nsrc/dir6\n"), 0o644)
		}, "everything"},
	} {
		if s.name != "embedded" && !enginetest.Pairs(i, 1) { // it is sent everything, whatever changed
			continue
		}
		c.settled(image)
		c.ok(change.do())
		r, sent := c.build(image)
		if sent != change.sent {
			t.Errorf("%s: %s was sent, not %s", change.name, sent, change.sent)
		}
		if want := c.buildctl(address); r.Digest == nil || *r.Digest != want {
			t.Errorf("%s: buildctl makes %s of it, and the editor %v", change.name, want, r.Digest)
		}
	}
	c.settled(image)
	c.e.Open("file://"+c.path("nonce"), "plaintext", "unsaved")
	r, sent := c.build(image)
	c.write("nonce", "unsaved")
	if _, again := c.build(image); sent != less || again != less {
		t.Errorf("an unsaved file: %s was sent; once it is saved: %s", sent, again)
	}
	if r.Digest == nil || *r.Digest == c.buildctl(address) {
		t.Error("an unsaved file has the time of the saved one")
	}

	c.settled(image)
	c.write("src/dir8/file888", "changed")
	c.e.Replace(c.uri(), "FROM\n")
	if r := buildNow(t, c.e, map[string]any{"uri": c.uri()}); r.Status != "failed" {
		t.Errorf("a mistake: %+v", r)
	}
	if _, sent := c.build(image); sent != less {
		t.Errorf("a changed file, after a build that did not come to it: %s was sent", sent)
	}

	c.settled(image)
	engine, err := client.New(t.Context(), address)
	c.ok(err)
	defer engine.Close()
	c.ok(engine.Prune(t.Context(), nil, client.PruneAll))
	r, sent = c.build(image)
	if want := c.buildctl(address); sent != "everything" || r.Digest == nil || *r.Digest != want {
		t.Errorf("after the engine has dropped it: %s was sent, and %v, where buildctl makes %s", sent, r.Digest, want)
	}
}

// buildctl is the digest of what buildctl makes of the same.
func (c *largeContext) buildctl(address string) string {
	c.Helper()
	metadata := filepath.Join(c.TempDir(), "metadata")
	cmd := exec.Command(enginetest.Buildctl(c), "--addr", address, "build", "--frontend", "dockerfile.v0", "--local", "context="+c.dir,
		"--local", "dockerfile="+c.path("out"), "--output", "type=image", "--metadata-file", metadata)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(metadata)
	c.ok(err)
	var m struct {
		Digest string `json:"containerimage.digest"`
	}
	c.ok(json.Unmarshal(data, &m))
	return m.Digest
}
