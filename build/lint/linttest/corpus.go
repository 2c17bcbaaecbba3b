// Package linttest has Dockerfiles for the tests of lint and of what stands below it.
package linttest

import (
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A Sheet is a Dockerfile of the corpus, with the .dockerignore beside it.
type Sheet struct {
	Name, Dockerfile, Ignore string
}

// Bytewise are Dockerfiles that an editor would spoil.
var Bytewise = []Sheet{
	{Name: "BOM", Dockerfile: "\ufeffFROM scratch AS Base\nRUN true\n"},
	{Name: "BOM before a directive", Dockerfile: "\ufeff# check=skip=StageNameCasing\nFROM scratch AS Base\n"},
	{Name: "BOM before a comment", Dockerfile: "\ufeff# text\nFROM scratch as Base\nSTOPSIGNAL x\n"},
	{Name: "CRLF", Dockerfile: "# escape=`\r\nFROM scratch AS Base\r\nRUN a `\r\n  b\r\nENV a b\r\nCMD x\r\n"},
	{Name: "CRLF and heredoc", Dockerfile: "FROM scratch\r\nRUN <<EOF\r\nfoo\r\nEOF\r\nCMD x\r\n"},
	{Name: "CRLF and mistakes", Dockerfile: "FROM scratch\r\nRUNN x\r\nSTOPSIGNAL x\r\n"},
	{Name: "CRLF and an empty continuation", Dockerfile: "FROM scratch\r\nRUN a \\\r\n\r\n b\r\n"},
	{Name: "CR alone", Dockerfile: "FROM scratch\rRUN a\n"},
	{Name: "tabs", Dockerfile: "FROM\tscratch\tAS\tBase\n\tENV\ta\tb\nCMD\tx\n"},
	{Name: "form feed", Dockerfile: "FROM scratch\n\fENV a b\n"},
	{Name: "no final newline", Dockerfile: "FROM scratch\nCMD x"},
	{Name: "no final newline after a mistake", Dockerfile: "FROM scratch\nRUNN x"},
	{Name: "no final newline after a backslash", Dockerfile: "FROM scratch\nRUN x \\"},
	{Name: "no final newline in a heredoc", Dockerfile: "FROM scratch\nRUN <<EOF\nx\nEOF"},
	{Name: "NUL", Dockerfile: "FROM scratch\nLABEL a=\x00\n"},
	{Name: "broken UTF-8", Dockerfile: "FROM scratch\nLABEL a=\xff\xfe b=$\xff\nENV \xe3\x81 x\n"},
	{Name: "no-break space", Dockerfile: "FROM scratch\nENV\u00a0a b\n"},
	{Name: "a line of 64 KiB less one", Dockerfile: "FROM scratch\nRUN " + strings.Repeat("x", 64*1024-6) + "\nCMD x\n"},
	{Name: "a line of 64 KiB", Dockerfile: "FROM scratch\nRUN " + strings.Repeat("x", 64*1024) + "\nCMD x\n"},
	{Name: "one byte", Dockerfile: "x"},
	{Name: "a hash", Dockerfile: "#"},
	{Name: "a newline", Dockerfile: "\n"},
	{Name: "a backslash", Dockerfile: "\\"},
	{Name: "an open heredoc at the end", Dockerfile: "FROM scratch\nRUN <<"},
	{Name: "deep stages", Dockerfile: deep(60, "FROM s%d AS s%d\nENV A%d=1\n", "CMD x\n")},
	{Name: "deep cycle", Dockerfile: deep(40, "FROM scratch AS s%[2]d\nCOPY --from=s%[1]d / /\n", "FROM scratch AS s0\nCOPY --from=s40 / /\n")},
}

// deep repeats a form for each number and the one before it, behind a stage s0.
func deep(n int, form, end string) string {
	var b strings.Builder
	if !strings.Contains(end, "AS s0") {
		b.WriteString("FROM scratch AS s0\n")
	}
	for i := 1; i <= n; i++ {
		line := strings.NewReplacer("%[1]d", strconv.Itoa(i-1), "%[2]d", strconv.Itoa(i)).Replace(form)
		for _, v := range []int{i - 1, i, i} {
			line = strings.Replace(line, "%d", strconv.Itoa(v), 1)
		}
		b.WriteString(line)
	}
	return b.String() + end
}

// Corpus is all that agreement is tested on.
func Corpus(t testing.TB) []Sheet {
	t.Helper()
	all := append(Written(t), Bytewise...)
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	parserDir := filepath.Join(strings.TrimSpace(string(dir)), "frontend", "dockerfile", "parser")
	err = filepath.WalkDir(parserDir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(file, "testfile") || !strings.EqualFold(filepath.Base(file), "Dockerfile") {
			return err
		}
		text, err := os.ReadFile(file)
		all = append(all, Sheet{Name: "BuildKit/" + filepath.Base(filepath.Dir(file)), Dockerfile: string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

//go:embed testdata/corpus
var texts embed.FS

// Written are the sheets of testdata/corpus: "==== name" begins one, "---- .dockerignore"
// what is beside it.
func Written(t testing.TB) []Sheet {
	t.Helper()
	files, err := fs.Glob(texts, "testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	var all []Sheet
	for _, file := range files {
		text, err := texts.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theme := strings.TrimSuffix(path.Base(file), ".txt")
		for _, part := range strings.Split("\n"+string(text), "\n==== ")[1:] {
			name, body, _ := strings.Cut(part, "\n")
			s := Sheet{Name: theme + "/" + name}
			dockerfile, ignore, found := strings.Cut(body, "---- .dockerignore\n")
			if s.Dockerfile = dockerfile; !found && body != "" {
				s.Dockerfile += "\n" // Split took it
			}
			s.Ignore = ignore
			all = append(all, s)
		}
	}
	return all
}
