package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// To open a workspace, to edit in it and to look at it runs nothing, starts no engine and
// speaks to nobody, whatever its files say.
func TestLookingRunsNothing(t *testing.T) {
	var calls atomic.Int32
	trap := func(network, address string) net.Addr {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				calls.Add(1)
				c.Close()
			}
		}()
		return l.Addr()
	}
	home := t.TempDir()
	engine, registry := trap("unix", filepath.Join(home, "s")), trap("tcp", "127.0.0.1:0")
	text := fmt.Sprintf("# syntax=docker/dockerfile:1\nARG BASE=%[1]s/base\nFROM $BASE AS a\nADD http://%[1]s/x /\nADD http://%[1]s/x.git /\nRUN touch %[2]s/ran\nCOPY --from=%[1]s/other . /\nMAINTAINER me\n", registry, home)
	dir := workspace(t, "Dockerfile", text, "sub/file", "x",
		"compose.yaml", "services: {app: {build: {context: ., args: {A: $(touch "+home+"/ran)}}}}\n",
		"docker-bake.hcl", "target \"app\" {\n  context = \"http://"+registry.String()+"/x.git\"\n}\n",
		".vscode/settings.json", `{"buildls.engine": "tcp://`+registry.String()+`", "buildls.onSave": "build", "buildls.path": "`+home+`/ran"}`,
		".git/config", "[core]\nfsmonitor = touch "+home+"/ran\n")
	e := lsptest.New(t, program(t, []string{"DOCKER_HOST=unix://" + engine.String(), "BUILDKIT_HOST=unix://" + engine.String(), "XDG_RUNTIME_DIR=" + home, "XDG_DATA_HOME=" + home}),
		lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", text)
	for _, name := range []string{"compose.yaml", "docker-bake.hcl"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		e.Open("file://"+dir+"/"+name, map[string]string{"compose.yaml": "yaml", "docker-bake.hcl": "hcl"}[name], string(data))
		e.Lenses("file://" + dir + "/" + name)
	}
	e.Await("what is wrong with the Dockerfile", func() bool { return len(e.Diagnostics(uri)) > 0 })
	e.Insert(uri, 7, 0, "RUN true\n")
	e.Notify("textDocument/didSave", map[string]any{"textDocument": map[string]any{"uri": uri}})
	for line := range 8 {
		e.Hover(uri, line, 1)
	}
	e.Lenses(uri)
	e.Hints(uri, 0, 8)
	for _, command := range []string{"buildls.check", "buildls.targets", "buildls.context", "buildls.profiles", "buildls.builds"} {
		var answer any
		argument := map[string]any{"uri": uri}
		if command == "buildls.builds" {
			argument = nil
		}
		if err := e.Execute(command, argument, &answer); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	if pid := childOf(e.Pid()); pid != 0 {
		t.Errorf("the server started the process %d", pid)
	}
	if _, err := os.Stat(filepath.Join(home, "ran")); err == nil {
		t.Error("something of the workspace was run")
	}
	if left, _ := os.ReadDir(home); len(left) != 1 { // the trap's socket
		t.Errorf("left behind: %v", left)
	}
	e.Shutdown()
}
