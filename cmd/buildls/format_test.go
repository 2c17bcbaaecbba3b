package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// formatIn runs `buildls format` in a folder.
func formatIn(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := program(t, nil, append([]string{"format"}, args...)...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(e)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// words are those of a command line, in which + is a blank in a word.
func words(line string) []string {
	list := strings.Fields(line)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "+", " ")
	}
	return list
}

func TestFormatCommand(t *testing.T) {
	dir := workspace(t, "Dockerfile", "from a\nENV A=1 \\\nB=2\n", "good.Dockerfile", "FROM a\n", "a b.Dockerfile", "from a\n", "sub/x.Dockerfile", "FROM  a\x1b]0;x\x07\nENV   x\n",
		"other/Dockerfile", "# syntax=example.com/x\nfrom a\n", "wide/Dockerfile", "F\x00R\x00O\x00M\x00 \x00a\x00\n\x00", ".editorconfig", "[*]\nindent_size=2\nindent_style=space\n[crlf/**]\nend_of_line=crlf\n", "crlf/Dockerfile", "FROM a\nRUN <<E\nx\nE\n")
	for _, c := range []struct {
		args           string
		stdin          string
		stdout, stderr string
		code           int
	}{
		{"Dockerfile", "", "FROM a\nENV A=1 \\\n  B=2\n", "", 0},
		{"-", "from   a\nENV A=1 \\\nB=2", "FROM a\nENV A=1 \\\n  B=2\n", "", 0},
		{"good.Dockerfile", "", "FROM a\n", "", 0},
		{"--check Dockerfile good.Dockerfile sub", "", "Dockerfile\nsub/x.Dockerfile\n", "sub/x.Dockerfile:2: left as it is: BuildKit cannot read it: ENV must have two arguments\n", 1},
		{"--check good.Dockerfile", "", "", "", 0},
		{"--diff Dockerfile good.Dockerfile", "", "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,3 +1,3 @@\n-from a\n+FROM a\n ENV A=1 \\\n-B=2\n+  B=2\n", "", 1},
		{"--diff a+b.Dockerfile", "", "--- a/a b.Dockerfile\t\n+++ b/a b.Dockerfile\t\n@@ -1,1 +1,1 @@\n-from a\n+FROM a\n", "", 1},
		{"--shell -", "FROM a\nRUN b&&c\nRUN d\n", "FROM a\nRUN b && c\nRUN d\n", "-: the shell is laid out; steps that run again: 2\n", 0},
		{"--shell --operators-last --diff -", "FROM a\nRUN b \\\n&& c\n", "--- a/-\n+++ b/-\n@@ -1,3 +1,3 @@\n FROM a\n-RUN b \\\n-&& c\n+RUN b && \\\n+  c\n", "steps that run again: 1", 1},
		{"--operators-last -", "FROM a\n", "", "about --shell", 2},
		{"--check --diff good.Dockerfile a+b.Dockerfile", "", "--- a/a b.Dockerfile\t\n+++ b/a b.Dockerfile\t\n@@ -1,1 +1,1 @@\n-from a\n+FROM a\n", "", 1},
		{"--write --check Dockerfile", "", "", "--write excludes --check and --diff", 2},
		{"Dockerfile good.Dockerfile", "", "", "there are 2 files, and it prints one", 2},
		{"", "", "", "it takes a FILE", 2},
		{"--write -", "from a\n", "", "-: --write needs a file", 2},
		{"--check gone good.Dockerfile", "", "", "gone does not exist", 2},
		{"--check wide", "", "", "wide/Dockerfile: the file is in UTF-16", 2},
		{"--check other", "", "", "other/Dockerfile:1: left as it is: the front end example.com/x reads the file", 0},
		{"sub/x.Dockerfile", "", "FROM a\x1b]0;x\x07\nENV   x\n", "left as it is", 0},
		{"crlf/Dockerfile", "", "FROM a\r\nRUN <<E\r\nx\nE\r\n", "crlf/Dockerfile:3: left as it is: the line breaks of a heredoc", 0},
	} {
		stdout, stderr, code := formatIn(t, dir, c.stdin, words(c.args)...)
		stderr = strings.ReplaceAll(stderr, `\`, "/")
		if runtime.GOOS == "windows" {
			stdout = strings.ReplaceAll(stdout, `sub\x`, "sub/x")
		}
		if stdout != c.stdout || code != c.code || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("format %s: %d, want %d\n%q\n%q", c.args, code, c.code, stdout, stderr)
		}
	}
}

// A file that is written keeps its mode, its links and its other names, and nothing is left beside
// it.
func TestFormatWrite(t *testing.T) {
	dir := workspace(t, "one/Dockerfile", "from a\n", "two/Dockerfile", "from a\n", "same/Dockerfile", "FROM a\n", "links/x", "")
	one, two, link := filepath.Join(dir, "one", "Dockerfile"), filepath.Join(dir, "two", "Dockerfile"), filepath.Join(dir, "links", "Dockerfile")
	err := os.Chmod(one, 0o640)
	if err == nil {
		err = os.Symlink("../one/Dockerfile", link)
	}
	if err == nil {
		err = os.Link(two, filepath.Join(dir, "links", "hard"))
	}
	if err != nil {
		t.Skip(err)
	}
	same, err := os.Stat(filepath.Join(dir, "same", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, code := formatIn(t, dir, "", "--write", "links/Dockerfile", "two", "same")
	if out != "links/Dockerfile\ntwo/Dockerfile\n" || stderr != "" || code != 0 {
		t.Errorf("%d: %q %q", code, out, stderr)
	}
	for _, path := range []string{one, two, link, filepath.Join(dir, "links", "hard")} {
		if text, err := os.ReadFile(path); err != nil || string(text) != "FROM a\n" {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link: %v, %v", st, err)
	}
	if st, err := os.Stat(one); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("the mode: %v, %v", st, err)
	}
	if st, err := os.Stat(filepath.Join(dir, "same", "Dockerfile")); err != nil || !os.SameFile(st, same) || st.ModTime() != same.ModTime() {
		t.Errorf("what does not change was written: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(one)); err != nil || len(entries) != 1 {
		t.Errorf("beside it: %v, %v", entries, err)
	}
}

// A file that somebody else has changed since it was read stays theirs.
func TestRewriteRefuses(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM b\n")
	path := filepath.Join(dir, "Dockerfile")
	if err := rewrite(path, []byte("from a\n"), []byte("FROM a\n")); err == nil || !strings.Contains(err.Error(), "was changed meanwhile") {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "FROM b\n" {
		t.Errorf("%q", text)
	}
}
