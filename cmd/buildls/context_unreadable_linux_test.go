package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A directory that the author may not read is nobody's project and is in nobody's way, unless
// a COPY asks for it: then that is said, at the COPY.
func TestUnreadableNeighbours(t *testing.T) {
	u := enginetest.OrdinaryUser(t)
	daemon := enginetest.StartBuildkitd(t)
	socket := strings.TrimPrefix(daemon.Address, "unix://")
	for _, path := range []string{filepath.Dir(socket), socket} {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	const text = "FROM scratch\nCOPY app /app\n"
	home := u.Home(t)
	dir := filepath.Join(home, "ctx")
	for _, d := range []string{"app", "private/deep", "noted"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("Dockerfile", text, 0o644)
	write("app/x", "1", 0o644)
	write("private/compose.yaml", "services: {a: {build: ..}}\n", 0o644)
	if err := os.Chmod(filepath.Join(dir, "private"), 0o700); err != nil {
		t.Fatal(err)
	}
	server, self := program(t, nil), filepath.Join(home, "buildls")
	if out, err := exec.Command("install", "-m", "755", server.Path, self).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server.Path, server.Args[0] = self, self
	u.Run(server, home)
	server.Env = append(server.Env, "BUILDLS_ENGINE="+daemon.Address)
	e := newEditor(t, server, lsptest.Options{Folders: []string{dir}})
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", text)

	type report struct {
		Files         int
		Unreadable    []string
		ByInstruction []struct {
			Files int
			Error string
		}
	}
	context := func() (r report) {
		t.Helper()
		if err := e.Execute("buildls.context", map[string]any{"uri": uri}, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	lens := func(want string) {
		t.Helper()
		e.Await(want, func() bool {
			return slices.ContainsFunc(e.Lenses(uri), func(l lsptest.Lens) bool { return l.Command.Title == want })
		})
	}
	if r := mustBuild(t, e, map[string]any{"uri": uri}); len(warningsOf(r, "profiles")) > 0 {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	lens("1 file, 1 B")
	if r := context(); r.Files != 1 || r.ByInstruction[0].Files != 1 || r.ByInstruction[0].Error != "" || !slices.Equal(r.Unreadable, []string{"private/"}) {
		t.Errorf("%+v", r)
	}

	e.Insert(uri, 2, 0, "COPY . /all\n")
	lens("2 files, 40 B · private/: permission denied") // the Dockerfile, and x
	if r := context(); r.ByInstruction[0].Error != "" || !strings.Contains(r.ByInstruction[1].Error, "private/: permission denied") {
		t.Errorf("%+v", r)
	}
	if h := e.Hover(uri, 2, 1); h == nil || !strings.Contains(h.Contents.Value, "permission denied") {
		t.Errorf("hover: %+v", h)
	}
	r := buildNow(t, e, map[string]any{"uri": uri})
	if r.Error == nil || !strings.Contains(r.Error.Message, "private") || !strings.Contains(r.Error.Message, "permission denied") || r.Error.Range == nil || r.Error.Range.Start.Line != 2 {
		text, _ := json.Marshal(r.Error)
		t.Errorf("%s: %s", r.Status, text)
	}
	e.Await("the error at the COPY", func() bool { return e.Codes(uri) == "2:build" })

	e.Delete(uri, 2, 0, 3, 0)
	write("noted/compose.yaml", "services: {a: {build: ..}}\n", 0o600) // this one is the author's
	if r := mustBuild(t, e, map[string]any{"uri": uri}); len(warningsOf(r, "profiles")) != 1 {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	e.Shutdown()
}

// warningsOf are those of a code.
func warningsOf(r result, code string) (list []string) {
	for _, w := range r.Warnings {
		if w.Code == code {
			list = append(list, w.Message)
		}
	}
	return list
}
