package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestCheckCommand(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\nRUNN\n", "ok/Dockerfile", "FROM scratch\n", "warn/api.Dockerfile", "FROM scratch as x\nCOPY é 😀 secret /\n",
		"warn/.dockerignore", "secret\n", "main.go", "package main\n")
	run := func(stdin string, args ...string) (string, int) {
		cmd := program(t, nil, append([]string{"check"}, args...)...)
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if exit, ok := err.(*exec.ExitError); ok {
			return string(out), exit.ExitCode()
		}
		return string(out), 0
	}
	if out, code := run("", "."); code != 1 || !contains(out, "Dockerfile:2:1: error: unknown instruction: RUNN", "api.Dockerfile:1:", "    RUNN\n    ^^^^", "CopyIgnoredFile") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := run("", "ok"); code != 0 || out != "" {
		t.Errorf("%d\n%s", code, out)
	}
	if _, code := run("", "warn"); code != 0 {
		t.Errorf("warnings: %d", code)
	}
	if _, code := run("", "warn", "--strict"); code != 1 {
		t.Errorf("warnings, strict: %d", code)
	}
	if out, code := run("FROM scratch\nRUNN\n", "-"); code != 1 || !contains(out, "-:2:1: error") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := run("", "gone"); code != 2 || !contains(out, "gone") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, code := run("", "--format", "yaml", "."); code != 2 || !contains(out, "usage") {
		t.Errorf("%d\n%s", code, out)
	}
	out, _ := run("", "--format", "json", "warn")
	var found []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 2 || found[0].Code != "FromAsCasing" || found[1].StartLine != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	out, _ = run("", "--format", "sarif", "warn")
	var log sarifLog
	if err := json.Unmarshal([]byte(out), &log); err != nil || log.Version != "2.1.0" || len(log.Runs[0].Results) != 2 || log.Runs[0].Results[1].Locations[0].Physical.Artifact.URI != "warn/api.Dockerfile" {
		t.Errorf("%v\n%s", err, out)
	}
}

// A Dockerfile or an ignore file in UTF-16 is one error that says so, with nothing of its
// bytes; other bytes that are no UTF-8 are none.
func TestCheckEncodings(t *testing.T) {
	wide := func(text string, order binary.AppendByteOrder) string {
		var out []byte
		for _, c := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, c)
		}
		return string(out)
	}
	good := "FROM scratch\r\nCOPY sec /\r\n"
	for _, c := range []struct{ dockerfile, ignore, want string }{
		{wide("\ufeff"+good, binary.LittleEndian), "", "1:1: error: the file is in UTF-16"},
		{wide(good, binary.LittleEndian), "", "1:1: error: the file is in UTF-16"},
		{wide("\ufeff"+good, binary.BigEndian), "", "1:1: error: the file is in UTF-16"},
		{wide(good, binary.BigEndian) + "x", "", "1:1: error: the file is in UTF-16"},
		{good, wide("\ufeffsec\r\n", binary.LittleEndian), "1:1: error: line 1 of the .dockerignore: the file is in UTF-16"},
		{good, wide("sec\r\n", binary.BigEndian), "1:1: error: line 1 of the .dockerignore: the file is in UTF-16"},
		{good, "ok\na\x00b\n", "1:1: error: line 2 of the .dockerignore"},
		{good, "caf\xe9*\nx\ufeff*\n", ""},
		{"FROM scratch\nLABEL a=\"caf\xe9\" b=$NOPE\n", "", "2:18: warning"},
	} {
		dir := workspace(t, "Dockerfile", c.dockerfile)
		if c.ignore != "" {
			if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(c.ignore), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range []string{"text", "json"} {
			cmd := program(t, nil, "check", "--format", format, "Dockerfile")
			cmd.Dir = dir
			out, _ := cmd.CombinedOutput()
			if (cmd.ProcessState.ExitCode() == 1) != strings.Contains(c.want, "error") {
				t.Errorf("%q, %q: %v", c.dockerfile, c.ignore, cmd.ProcessState)
			}
			if strings.Contains(string(out), "\x00") || !utf8.Valid(out) || strings.Contains(string(out), "<input>") {
				t.Errorf("%q, %q: %q", c.dockerfile, c.ignore, out)
			}
			var list []any
			switch {
			case format == "text" && strings.Count(string(out), "Dockerfile:") != min(1, len(c.want)) || format == "text" && !strings.Contains(string(out), c.want):
				t.Errorf("%q, %q: %q", c.dockerfile, c.ignore, out)
			case format == "json" && (json.Unmarshal(out, &list) != nil || len(list) != min(1, len(c.want))):
				t.Errorf("%q, %q: %q", c.dockerfile, c.ignore, out)
			}
		}
	}
}
