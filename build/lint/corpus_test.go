package lint

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A sheet is a Dockerfile of the corpus, with the .dockerignore beside it.
type sheet struct {
	name, dockerfile, ignore string
}

// bytewise are Dockerfiles that an editor would spoil.
var bytewise = []sheet{
	{name: "BOM", dockerfile: "\ufeffFROM scratch AS Base\nRUN true\n"},
	{name: "BOM before a directive", dockerfile: "\ufeff# check=skip=StageNameCasing\nFROM scratch AS Base\n"},
	{name: "BOM before a comment", dockerfile: "\ufeff# text\nFROM scratch as Base\nSTOPSIGNAL x\n"},
	{name: "CRLF", dockerfile: "# escape=`\r\nFROM scratch AS Base\r\nRUN a `\r\n  b\r\nENV a b\r\nCMD x\r\n"},
	{name: "CRLF and heredoc", dockerfile: "FROM scratch\r\nRUN <<EOF\r\nfoo\r\nEOF\r\nCMD x\r\n"},
	{name: "CRLF and mistakes", dockerfile: "FROM scratch\r\nRUNN x\r\nSTOPSIGNAL x\r\n"},
	{name: "CRLF and an empty continuation", dockerfile: "FROM scratch\r\nRUN a \\\r\n\r\n b\r\n"},
	{name: "CR alone", dockerfile: "FROM scratch\rRUN a\n"},
	{name: "tabs", dockerfile: "FROM\tscratch\tAS\tBase\n\tENV\ta\tb\nCMD\tx\n"},
	{name: "form feed", dockerfile: "FROM scratch\n\fENV a b\n"},
	{name: "no final newline", dockerfile: "FROM scratch\nCMD x"},
	{name: "no final newline after a mistake", dockerfile: "FROM scratch\nRUNN x"},
	{name: "no final newline after a backslash", dockerfile: "FROM scratch\nRUN x \\"},
	{name: "no final newline in a heredoc", dockerfile: "FROM scratch\nRUN <<EOF\nx\nEOF"},
	{name: "NUL", dockerfile: "FROM scratch\nLABEL a=\x00\n"},
	{name: "broken UTF-8", dockerfile: "FROM scratch\nLABEL a=\xff\xfe b=$\xff\nENV \xe3\x81 x\n"},
	{name: "no-break space", dockerfile: "FROM scratch\nENV\u00a0a b\n"},
	{name: "a line of 64 KiB less one", dockerfile: "FROM scratch\nRUN " + strings.Repeat("x", 64*1024-6) + "\nCMD x\n"},
	{name: "a line of 64 KiB", dockerfile: "FROM scratch\nRUN " + strings.Repeat("x", 64*1024) + "\nCMD x\n"},
	{name: "one byte", dockerfile: "x"},
	{name: "a hash", dockerfile: "#"},
	{name: "a newline", dockerfile: "\n"},
	{name: "a backslash", dockerfile: "\\"},
	{name: "an open heredoc at the end", dockerfile: "FROM scratch\nRUN <<"},
	{name: "deep stages", dockerfile: deep(60, "FROM s%d AS s%d\nENV A%d=1\n", "CMD x\n")},
	{name: "deep cycle", dockerfile: deep(40, "FROM scratch AS s%[2]d\nCOPY --from=s%[1]d / /\n", "FROM scratch AS s0\nCOPY --from=s40 / /\n")},
}

// deep repeats a form for each number and the one before it, behind a stage s0.
func deep(n int, form, end string) string {
	var b strings.Builder
	if !strings.Contains(end, "AS s0") {
		b.WriteString("FROM scratch AS s0\n")
	}
	for i := 1; i <= n; i++ {
		line := strings.NewReplacer("%[1]d", itoa(i-1), "%[2]d", itoa(i)).Replace(form)
		for _, v := range []int{i - 1, i, i} {
			line = strings.Replace(line, "%d", itoa(v), 1)
		}
		b.WriteString(line)
	}
	return b.String() + end
}

// corpus is all that agreement is tested on.
func corpus(t testing.TB) []sheet {
	t.Helper()
	all := append(written(t), bytewise...)
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	parserDir := filepath.Join(strings.TrimSpace(string(dir)), "frontend", "dockerfile", "parser")
	err = filepath.WalkDir(parserDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(path, "testfile") || !strings.EqualFold(filepath.Base(path), "Dockerfile") {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, sheet{name: "BuildKit/" + filepath.Base(filepath.Dir(path)), dockerfile: string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// written are the sheets of testdata/corpus: "==== name" begins one, "---- .dockerignore"
// what is beside it.
func written(t testing.TB) []sheet {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	var all []sheet
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theme := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, part := range strings.Split("\n"+string(text), "\n==== ")[1:] {
			name, body, _ := strings.Cut(part, "\n")
			s := sheet{name: theme + "/" + name}
			dockerfile, ignore, found := strings.Cut(body, "---- .dockerignore\n")
			if s.dockerfile = dockerfile; !found && body != "" {
				s.dockerfile += "\n" // Split took it
			}
			s.ignore = ignore
			all = append(all, s)
		}
	}
	return all
}
