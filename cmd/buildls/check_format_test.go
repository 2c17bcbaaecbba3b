package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runCheck runs `buildls check` in a folder.
func runCheck(t *testing.T, dir string, args ...string) (out string, code int) {
	t.Helper()
	cmd := program(t, nil, append([]string{"check"}, args...)...)
	cmd.Dir = dir
	data, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(data), cmd.ProcessState.ExitCode()
}

// What systems read that run checks. The texts have what each format must escape.
func TestCheckFormats(t *testing.T) {
	dir := workspace(t, "a,b/Dockerfile", "FROM scratch AS x\nRUNN \"%<&>\"\nFROM scratch as y\n", "ok/Dockerfile", "FROM scratch\n")
	t.Run("github", func(t *testing.T) {
		out, code := runCheck(t, dir, "--format", "github", ".")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if code != 1 || len(lines) != 2 || !strings.HasPrefix(lines[0], "::error file=a%2Cb/Dockerfile,line=2,endLine=2,col=1,endColumn=5,title=syntax::unknown instruction: RUNN") ||
			!strings.HasPrefix(lines[1], "::warning file=a%2Cb/Dockerfile,line=3,endLine=3,col=14,endColumn=16,title=FromAsCasing::") {
			t.Errorf("%d\n%s", code, out)
		}
	})
	t.Run("gitlab", func(t *testing.T) {
		out, _ := runCheck(t, dir, "--format", "gitlab", ".")
		var issues []gitlabIssue
		if err := json.Unmarshal([]byte(out), &issues); err != nil || len(issues) != 2 || issues[0].Location.Path != "a,b/Dockerfile" || issues[0].Location.Lines.Begin != 2 ||
			issues[0].Severity != "critical" || issues[1].Severity != "major" || issues[0].Fingerprint == issues[1].Fingerprint {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("checkstyle", func(t *testing.T) {
		out, _ := runCheck(t, dir, "--format", "checkstyle", ".")
		var report checkstyleReport
		if err := xml.Unmarshal([]byte(out), &report); err != nil || len(report.Files) != 2 || len(report.Files[0].Errors) != 2 ||
			report.Files[0].Errors[1] != (checkstyleError{3, 14, "warning", report.Files[0].Errors[1].Message, "FromAsCasing"}) {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("junit", func(t *testing.T) {
		out, _ := runCheck(t, dir, "--format", "junit", ".")
		var report junitReport
		if err := xml.Unmarshal([]byte(out), &report); err != nil || report.Tests != 3 || report.Failures != 2 || len(report.Suites) != 2 ||
			report.Suites[1].Cases[0].Failure != nil || !strings.Contains(report.Suites[0].Cases[0].Failure.Text, `RUNN "%<&>"`) {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// A path is what a repository calls the file, however it was given.
func TestCheckFormatPaths(t *testing.T) {
	dir := workspace(t, "a/Dockerfile", "RUNN\n")
	for _, name := range []string{"./a/Dockerfile", "a//Dockerfile", filepath.Join(dir, "a/Dockerfile"), "./a"} {
		for format, want := range map[string]string{"github": "file=a/Dockerfile,", "gitlab": `"path": "a/Dockerfile"`, "sarif": `"uri": "a/Dockerfile"`} {
			if out, _ := runCheck(t, dir, "--format", format, name); !strings.Contains(out, want) {
				t.Errorf("%s %s: %s", format, name, out)
			}
		}
	}
}

// What cannot be checked is an error, and no finding that passes. A key that is none is a note:
// hadolint passes over it.
func TestCheckRefuses(t *testing.T) {
	dir := workspace(t, "long/Dockerfile", "FROM a\nRUN "+strings.Repeat("x", 3<<20)+"\n", "Dockerfile", "FROM scratch\n", "keys/Dockerfile", "FROM a:1\n", "keys/.hadolint.yaml", "ignore: [DL3006]\n")
	for _, c := range [][]string{{"is not checked", "long"}, {"--context", "--context", "gone", "Dockerfile"}} {
		if out, code := runCheck(t, dir, c[1:]...); code != 2 || !strings.Contains(out, c[0]) {
			t.Errorf("%v: %d %.300s", c, code, out)
		}
	}
	if out, code := runCheck(t, dir, "keys"); code != 0 || !strings.Contains(out, "there is no key ignore") {
		t.Errorf("%d %s", code, out)
	}
}

func TestCheckThreshold(t *testing.T) {
	dir := workspace(t, "warning/Dockerfile", "FROM scratch as x\n", "error/Dockerfile", "RUNN\n")
	for _, c := range []struct {
		dir, threshold string
		code           int
	}{{"warning", "error", 0}, {"warning", "warning", 1}, {"warning", "info", 1}, {"error", "error", 1}, {"error", "none", 0}, {"error", "bad", 2}} {
		if out, code := runCheck(t, dir, "--failure-threshold", c.threshold, c.dir); code != c.code {
			t.Errorf("%+v: %d\n%s", c, code, out)
		}
	}
}

// A problem of the baseline is told again when its line changes, and not when that moves; of two
// that are the same, a third is told.
func TestCheckBaseline(t *testing.T) {
	dir := workspace(t, "app/Dockerfile", "FROM scratch as x\nRUNN\nRUNN\n")
	file := filepath.Join(dir, "app/Dockerfile")
	check := func(folder string, args ...string) (string, int) {
		return runCheck(t, filepath.Join(dir, folder), append([]string{"--strict"}, args...)...)
	}
	if out, code := check("", "--baseline", "known.json", "."); code != 2 || !contains(out, "there is no known.json", "--update-baseline") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := check("", "--update-baseline", "."); code != 2 || !contains(out, "--baseline FILE") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := check("", "--baseline", "known.json", "--update-baseline", "."); code != 0 || out != "" {
		t.Errorf("%d\n%s", code, out)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# moved\n\nFROM scratch as x\nRUNN\nRUNN\n")
	if out, code := check("app", "--baseline", "../known.json", "Dockerfile"); code != 0 || out != "" {
		t.Errorf("%d\n%s", code, out)
	}
	write("FROM scratch as other\nRUNN\nRUNN\nRUNN\n")
	if out, code := check("", "--baseline", "known.json", "."); code != 1 || !contains(out, "Dockerfile:1:14: warning", "Dockerfile:4:1: error") || strings.Contains(out, "Dockerfile:3:") {
		t.Errorf("%d\n%s", code, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "known.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := check("", "--baseline", "known.json", "."); code != 2 || !contains(out, "cannot read known.json") {
		t.Errorf("%d\n%s", code, out)
	}
}
