package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// trap listens, and counts who calls.
func trap(t *testing.T, calls *atomic.Int32, network, address string) net.Addr {
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

// To open a workspace, to edit in it and to look at it runs nothing, starts no engine and
// speaks to nobody, whatever its files say.
func TestLookingRunsNothing(t *testing.T) {
	var calls atomic.Int32
	home := t.TempDir()
	engine, registry := trap(t, &calls, "unix", filepath.Join(home, "s")), trap(t, &calls, "tcp", "127.0.0.1:0")
	text := fmt.Sprintf("# syntax=docker/dockerfile:1\nARG BASE=%[1]s/base\nFROM $BASE AS a\nADD http://%[1]s/x /\nADD http://%[1]s/x.git /\nRUN touch %[2]s/ran\nCOPY --from=%[1]s/other . /\nMAINTAINER me\n", registry, home)
	dir := workspace(t, "Dockerfile", text, "sub/file", "x",
		"compose.yaml", "services: {app: {build: {context: ., args: {A: $(touch "+home+"/ran)}}}}\n",
		"docker-bake.hcl", "target \"app\" {\n  context = \"http://"+registry.String()+"/x.git\"\n}\n",
		".vscode/settings.json", `{"buildls.engine": "tcp://`+registry.String()+`", "buildls.onSave": "build", "buildls.buildOn": "type", "buildls.path": "`+home+`/ran"}`,
		".git/config", "[core]\nfsmonitor = touch "+home+"/ran\n")
	e := newEditor(t, program(t, []string{"DOCKER_HOST=unix://" + engine.String(), "BUILDKIT_HOST=unix://" + engine.String(), "XDG_RUNTIME_DIR=" + home, "XDG_DATA_HOME=" + home}),
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

// To look at what a profile builds asks for nothing that only its build needs: no agent is
// dialed, no secret is read, no output is opened; and what can be told is told, whether
// these are there or not.
func TestLookingTouchesNoSecret(t *testing.T) {
	const text = "ARG BASE=scratch\nFROM $BASE AS a\nWORKDIR app\nCOPY file /\n"
	for _, c := range []struct{ name, file, content string }{
		{"compose", "compose.yaml", "services:\n  app:\n    build:\n      context: sub\n      dockerfile: ../Dockerfile\n      ssh: [default, \"key=%[1]s/gone\"]\n" +
			"      secrets: [fifo, gone, env]\n      privileged: true\n      cache_from: [\"type=local,src=%[1]s/gone\"]\n" +
			"secrets:\n  fifo: {file: %[1]s/fifo}\n  gone: {file: %[1]s/gone}\n  env: {environment: NOT_SET_ANYWHERE}\n"},
		{"bake", "docker-bake.hcl", "target \"app\" {\n  context = \"sub\"\n  dockerfile = \"../Dockerfile\"\n  ssh = [\"default\", \"key=%[1]s/gone\"]\n" +
			"  secret = [\"id=fifo,src=%[1]s/fifo\", \"id=gone,src=%[1]s/gone\"]\n  entitlements = [\"security.insecure\"]\n  output = [\"type=local,dest=/proc/nowhere\"]\n}\n"},
		{"settings", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int32
			home := t.TempDir()
			agent, fifo := trap(t, &calls, "unix", filepath.Join(home, "agent")), filepath.Join(home, "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			opened := make(chan struct{})
			go func() { // opening it for writing waits for who reads
				if f, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
					f.Close()
				}
				close(opened)
			}()
			dir := workspace(t, "Dockerfile", text, "sub/file", "x")
			o := lsptest.Options{Folders: []string{dir}, Capabilities: showingAll}
			if c.file != "" {
				if err := os.WriteFile(filepath.Join(dir, c.file), fmt.Appendf(nil, c.content, home), 0o600); err != nil {
					t.Fatal(err)
				}
			} else {
				o.Settings = map[string]any{"build": map[string]any{"**": map[string]any{"context": "sub", "allow": []string{"security.insecure"}, "ssh": []any{map[string]any{"id": "default"}},
					"secrets": []any{map[string]any{"id": "a", "src": fifo}, map[string]any{"id": "b", "src": "gone"}}, "outputs": []any{map[string]any{"type": "local", "dest": "/proc/nowhere"}}}}}
			}
			e := newEditor(t, program(t, []string{"SSH_AUTH_SOCK=" + agent.String(), "XDG_DATA_HOME=" + home}), o)
			uri := "file://" + dir + "/Dockerfile"
			e.Open(uri, "dockerfile", text)
			e.Await("what is wrong with the Dockerfile", func() bool { return len(e.Diagnostics(uri)) > 0 })
			for i := range 3 {
				e.Insert(uri, 3, 0, "LABEL a=b\n")
				e.Await("a lens over the COPY", func() bool {
					return slices.ContainsFunc(e.Lenses(uri), func(l lsptest.Lens) bool { return strings.HasPrefix(l.Command.Title, "1 file") })
				})
				if h := e.Hover(uri, 4+i, 1); h == nil || !strings.Contains(h.Contents.Value, "1 file") {
					t.Errorf("hover: %+v", h)
				}
				e.Hints(uri, 0, 8)
			}
			for _, command := range []string{"buildls.check", "buildls.targets", "buildls.context", "buildls.profiles"} {
				var answer any
				if err := e.Execute(command, map[string]any{"uri": uri}, &answer); err != nil {
					t.Errorf("%s: %v", command, err)
				}
			}
			var actions any
			if err := e.Call("textDocument/codeAction", map[string]any{"textDocument": map[string]any{"uri": uri}, "context": map[string]any{"diagnostics": []any{}},
				"range": map[string]any{"start": map[string]any{"line": 0, "character": 0}, "end": map[string]any{"line": 9, "character": 0}}}, &actions); err != nil {
				t.Error(err)
			}
			if n := calls.Load(); n != 0 {
				t.Errorf("the agent was dialed %d times", n)
			}
			select {
			case <-opened:
				t.Error("a secret was read")
			default:
			}
			e.Shutdown()
			if f, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil { // lets the writer go
				<-opened
				f.Close()
			}
		})
	}
}
