package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// checkIn runs `buildls check` in a folder.
func checkIn(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := program(t, nil, append([]string{"check"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(e)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

func TestCheckFix(t *testing.T) {
	const bom = "\ufeff"
	dir := workspace(t, "Dockerfile", bom+"from debian:12 as Build\r\nRUN apt install curl\r\nRUNN x\r\n", "ok/Dockerfile", "FROM debian:12\n", "links/x", "")
	path := filepath.Join(dir, "Dockerfile")
	const fixed = bom + "FROM debian:12 AS build\r\nRUN apt-get install -y curl\r\nRUNN x\r\n"
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../Dockerfile", filepath.Join(dir, "links", "Dockerfile")); err != nil {
			t.Fatal(err)
		}
	}
	text := func() string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	before := text()
	diff := "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,3 +1,3 @@\n-" + bom + "from debian:12 as Build\r\n-RUN apt install curl\r\n+" + bom + "FROM debian:12 AS build\r\n+RUN apt-get install -y curl\r\n RUNN x\r\n"
	if out, stderr, code := checkIn(t, dir, "", "--rules", "all", "--diff", "Dockerfile", "ok"); out != diff || stderr != "" || code != 1 || text() != before {
		t.Errorf("%d: %q %q %q", code, out, stderr, text())
	}
	if out, _, code := checkIn(t, dir, "FROM a:1 as b\n", "--diff", "-"); code != 1 || !strings.Contains(out, "+FROM a:1 AS b") {
		t.Errorf("%d: %q", code, out)
	}
	if out, stderr, code := checkIn(t, dir, "", "--diff", "ok"); out != "" || stderr != "" || code != 0 {
		t.Errorf("%d: %q %q", code, out, stderr)
	}
	if out, stderr, code := checkIn(t, dir, "from a:1\n", "--fix", "-"); code != 2 || !strings.Contains(stderr, "--fix needs a file") {
		t.Errorf("%d: %q %q", code, out, stderr)
	}
	if _, stderr, code := checkIn(t, dir, "", "--fix", "--diff", "ok"); code != 2 || !strings.Contains(stderr, "--diff") {
		t.Errorf("%d: %q", code, stderr)
	}
	name := "links/Dockerfile"
	if runtime.GOOS == "windows" {
		name = "Dockerfile"
	}
	out, stderr, code := checkIn(t, dir, "", "--rules", "all", "--format", "json", "--fix", name)
	var found []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != 1 || text() != fixed || !strings.Contains(stderr, name+": fixed ") {
		t.Errorf("%d: %v %q %q %q", code, err, out, stderr, text())
	}
	codes := ""
	for _, f := range found {
		codes += f.Code + " "
	}
	if !strings.Contains(codes, "syntax") || !strings.Contains(codes, "DL3008") || strings.Contains(codes, "DL3014") {
		t.Errorf("left: %s", codes)
	}
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o640 {
		t.Errorf("the mode: %v, %v", st, err)
	}
	if _, stderr, _ := checkIn(t, dir, "", "--rules", "all", "--fix", "Dockerfile"); stderr != "" || text() != fixed {
		t.Errorf("again: %q %q", stderr, text())
	}
}

// A baseline is of what is left.
func TestCheckFixBaseline(t *testing.T) {
	dir := workspace(t, "Dockerfile", "from debian as Build\nCMD a\n")
	if out, _, code := checkIn(t, dir, "", "--baseline", "known.json", "--update-baseline", "--fix", "Dockerfile"); code != 0 || out != "" {
		t.Fatalf("%d: %q", code, out)
	}
	if out, stderr, code := checkIn(t, dir, "", "--baseline", "known.json", "--strict", "Dockerfile"); code != 0 || out != "" || stderr != "" {
		t.Errorf("%d: %q %q", code, out, stderr)
	}
	data, err := os.ReadFile(filepath.Join(dir, "known.json"))
	if err != nil || strings.Contains(string(data), "FromAsCasing") || !strings.Contains(string(data), "DL3006") {
		t.Errorf("%v: %s", err, data)
	}
}
