package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
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

// A secret that a step prints in pieces is not in what is kept of its output.
func TestSecretInPieces(t *testing.T) {
	s, kept := remembering(t, embeddedSite(t))
	dir := workspace(t, "Dockerfile", base(t)+"RUN --mount=type=secret,id=s v=$(cat /run/secrets/s); printf ${v%pieces}; sleep 1; echo pieces; exit 3\n", "token", "hunter2-in-pieces")
	e := edit(t, s.env, dir)
	r := buildNow(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile", "secrets": []map[string]string{{"id": "s", "src": "token"}}, "noCache": true})
	out := logOf(t, e, r)
	e.Shutdown()
	files, err := filepath.Glob(filepath.Join(kept, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	record, err := os.ReadFile(files[0])
	if all := out + string(record) + r.Error.Message + r.Error.Log; err != nil || strings.Contains(all, "hunter2") || strings.Count(all, "***") < 4 {
		t.Errorf("%v: %s", err, all)
	}
}

// A step may use the keys of the author's SSH agent, and those that are named.
func TestSSH(t *testing.T) {
	list := identities(t)
	key := sshKey(t)
	onEachKind(t, func(t *testing.T, s site) {
		socket := sshAgent(t, "key-of-the-author")
		dir := workspace(t, "identities", list, "key", key, "Dockerfile", base(t)+"COPY --chmod=755 identities /\n"+
			"RUN --mount=type=ssh /identities\nRUN --mount=type=ssh,id=deploy /identities | sed s/identity/deploys/\n")
		e := editorOf(t, program(t, append(s.env, "SSH_AUTH_SOCK="+socket)), dir)
		r := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile", "ssh": []map[string]any{{"id": "default"}, {"id": "deploy", "paths": []string{"key"}}}, "noCache": true})
		if out := logOf(t, e, r); !strings.Contains(out, "identity ssh-ed25519 key-of-the-author\n") || !strings.Contains(out, "deploys ssh-ed25519 ") {
			t.Errorf("log %q", out)
		}
		e.Shutdown()
		out, err := program(t, s.env, "build", "--no-cache", "--progress", "plain", "--ssh", "default="+socket, "--ssh", "deploy="+dir+"/key", dir).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "identity ssh-ed25519 key-of-the-author\n") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// identities is a program that lists the keys of an agent.
func identities(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identities")
	cmd := exec.Command("go", "build", "-o", file, "./testdata/identities")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(program)
}

// sshKey is a private key as ssh-keygen writes it.
func sshKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "deploy")
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
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
