package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// readYAML reads a file of the repository.
func readYAML(t *testing.T, name string, to any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../..", name))
	if err == nil {
		err = yaml.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestAction runs the steps of the GitHub action as GitHub does: with bash, and the inputs in the
// environment. A server in this process has the release.
func TestAction(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("SKIPPED, needs bash")
	}
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Steps []struct {
				Run string
				Env map[string]string
			}
		}
	}
	readYAML(t, "action.yml", &action)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprintf(w, "#!/bin/sh\nexec '%s' \"$@\"\n", program(t, nil).Path) // which is too large to be sent so often
	w.Close()
	name := "buildls-" + runtime.GOOS + "-" + runtime.GOARCH + ".gz"
	sums := fmt.Sprintf("%x  %s\n", sha256.Sum256(packed.Bytes()), name)
	release := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/latest/download/SHA256SUMS", "/download/v1.2.3/SHA256SUMS":
			fmt.Fprint(w, sums)
		case "/download/v6.6.6/SHA256SUMS":
			fmt.Fprintf(w, "%064d  %s\n", 0, name)
		case "/latest/download/" + name, "/download/v1.2.3/" + name, "/download/v6.6.6/" + name:
			w.Write(packed.Bytes())
		default:
			http.NotFound(w, r)
		}
	}))
	defer release.Close()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := workspace(t, "a b/Dockerfile", "FROM scratch as x\n", "c/Dockerfile", "FROM scratch\nRUNN\n")
	for _, c := range []struct {
		with map[string]string
		fail bool
		says string
	}{
		{map[string]string{"version": "v1"}, true, "::error file=c/Dockerfile,line=2"},
		{map[string]string{"version": "v1.2.3", "path": "a b\n"}, false, "::warning file=a b/Dockerfile,line=1"},
		{map[string]string{"version": "v1.2.3", "path": "a b", "failure-threshold": "warning", "format": "text", "rules": "all"}, true, "a b/Dockerfile:1:14: warning"},
		{map[string]string{"version": "v1.2.3", "path": "a b\nc", "failure-threshold": "none"}, false, "::error file=c/Dockerfile,line=2"},
		{map[string]string{"version": "v6.6.6"}, true, "is not what SHA256SUMS says"},
		{map[string]string{"version": "v7.7.7"}, true, "cannot fetch"},
	} {
		temp := t.TempDir()
		out, failed := "", false
		for _, step := range action.Runs.Steps {
			cmd := exec.Command(bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Dir, cmd.Env = dir, append(program(t, nil).Env, "GITHUB_ACTION_PATH="+root, "RUNNER_TEMP="+temp, "BUILDLS_RELEASES="+release.URL)
			for name, value := range step.Env {
				input := strings.TrimSuffix(strings.TrimPrefix(value, "${{ inputs."), " }}")
				declared, ok := action.Inputs[input]
				if !ok {
					t.Fatalf("%s: %s is no input", name, value)
				}
				given, ok := c.with[input]
				if !ok {
					given = declared.Default
				}
				cmd.Env = append(cmd.Env, name+"="+given)
			}
			text, err := cmd.CombinedOutput()
			out += string(text)
			if failed = err != nil; failed {
				break
			}
		}
		if failed != c.fail || !strings.Contains(out, c.says) {
			t.Errorf("%v: failed %v\n%s", c.with, failed, out)
		}
	}
}

// TestPreCommitHooks runs what the hooks of pre-commit run, on the files that it names.
func TestPreCommitHooks(t *testing.T) {
	var hooks []struct{ ID, Entry, Language string }
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	dir := workspace(t, "Dockerfile", "from scratch\ncopy a  /\n")
	for _, h := range hooks {
		words := strings.Fields(h.Entry)
		if words[0] != "buildls" || h.Language != "golang" {
			t.Errorf("%+v", h)
		}
		cmd := program(t, nil, append(words[1:], "Dockerfile")...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", h.ID, err, out)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "Dockerfile")); err != nil || len(hooks) != 2 || string(text) != "FROM scratch\nCOPY a /\n" {
		t.Errorf("%q %v", text, err)
	}
}
