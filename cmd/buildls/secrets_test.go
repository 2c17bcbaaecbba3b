package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Secrets reach the steps that mount them, and nothing else.
func TestSecrets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		const fromFile, fromEnv = "hunter2-of-the-file", "hunter2-of-the-environment"
		text := base(t) + "RUN --mount=type=secret,id=f --mount=type=secret,id=e echo sizes $(wc -c </run/secrets/f) $(wc -c </run/secrets/e)\n"
		dir := workspace(t, "Dockerfile", text, "token", fromFile+"\n",
			"leak.Dockerfile", base(t)+"RUN --mount=type=secret,id=f --mount=type=secret,id=e cat /run/secrets/f; echo with $(cat /run/secrets/e); exit 3\n")
		log := filepath.Join(t.TempDir(), "log")
		cmd := program(t, append(s.env, "SECRET_OF_TEST="+fromEnv), "--log-file", log)
		e := editorOf(t, cmd, dir)
		secrets := []map[string]string{{"id": "f", "src": "token"}, {"id": "e", "env": "SECRET_OF_TEST"}}
		r := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile", "secrets": secrets, "noCache": true})
		if out := logOf(t, e, r); !strings.Contains(out, "sizes 20 26\n") {
			t.Errorf("log %q", out)
		}
		r = buildNow(t, e, map[string]any{"uri": "file://" + dir + "/leak.Dockerfile", "secrets": secrets, "noCache": true})
		if r.Status != "failed" || !strings.Contains(r.Error.Log, "with ***") {
			t.Errorf("a step that prints its secrets: %+v", r.Error)
		}
		out := logOf(t, e, r)
		e.Shutdown()
		for _, m := range e.All("") {
			out += string(m.Params)
		}
		written, err := os.ReadFile(log)
		if err != nil || len(written) == 0 || len(out) < 500 {
			t.Fatalf("%d bytes of messages; log: %v", len(out), err)
		}
		if strings.Contains(out+string(written)+r.Error.Log+r.Error.Message, "hunter2") {
			t.Errorf("a secret was shown: %s\n%s", out, written)
		}
	})
}

// A step may use the author's SSH agent.
func TestSSH(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		socket := filepath.Join(t.TempDir(), "agent")
		agent, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer agent.Close()
		dir := workspace(t, "Dockerfile", base(t)+"RUN --mount=type=ssh test -S $SSH_AUTH_SOCK && echo agent there\n")
		e := editorOf(t, program(t, append(s.env, "SSH_AUTH_SOCK="+socket)), dir)
		r := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile", "ssh": []map[string]any{{"id": "default"}}, "noCache": true})
		if out := logOf(t, e, r); !strings.Contains(out, "agent there") {
			t.Errorf("log %q", out)
		}
		e.Shutdown()
		out, err := program(t, s.env, "build", "--no-cache", "--progress", "plain", "--ssh", "default="+socket, dir).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "agent there") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// What is wrong with a secret or an agent is said before anything is built.
func TestWrongSecrets(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n", "large", strings.Repeat("x", 500*1024+1))
	for _, c := range [][]string{
		{"--secret", "id=a,src=" + dir + "/gone", "does not exist"},
		{"--secret", "id=a,src=" + dir, "is a directory"},
		{"--secret", "id=a,src=" + dir + "/large", "512001 bytes"},
		{"--secret", "id=a,env=NOT_SET_IN_TESTS", "NOT_SET_IN_TESTS is not set"},
		{"--secret", "id=a,type=env,src=NOT_SET_IN_TESTS", "NOT_SET_IN_TESTS is not set"},
		{"--secret", "id=a,src=x,env=y", "not both"},
		{"--secret", "src=x", "lacks its id"},
		{"--secret", "id=a,what=x", "unknown key"},
		{"--ssh", "default", "SSH_AUTH_SOCK is not set"},
		{"--ssh", "default=" + dir + "/gone", "no such file"},
	} {
		out, err := program(t, []string{"SSH_AUTH_SOCK="}, "build", c[0], c[1], dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c[2]) {
			t.Errorf("%q: %v\n%s", c, err, out)
		}
	}
}
