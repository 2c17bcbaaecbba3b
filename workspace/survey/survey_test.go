package survey

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/workspace"
)

// lay makes a directory of files, each of as many bytes as its text; one that ends in "/"
// is a directory, "a -> b" a link.
func lay(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		name, text, _ := strings.Cut(f, "=")
		name, link, linked := strings.Cut(name, " -> ")
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case err != nil:
		case linked:
			if err = os.Symlink(link, path); err == nil {
				if _, gone := os.Lstat(path); gone != nil {
					t.Skip("SKIPPED, Wine says that it made a symbolic link, and did not")
				}
			}
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func ask(t *testing.T, dir string, q Question) *Answer {
	t.Helper()
	c, err := workspace.NewContextFS(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Of(t.Context(), c.MetadataOnly(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func excluded(lines []Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%d:%s %d+%d %v", l.Line, l.Pattern, l.Files, l.Dirs, l.Paths))
	}
	return strings.Join(out, "; ")
}

// What is kept out is told by line; a directory is not looked into without need.
func TestExcluded(t *testing.T) {
	dir := lay(t, "a.log=1", "src/a.go=22", "src/b.log=1", "node_modules/x/y.js=333", "node_modules/keep/z.js=4444", "README.md=5")
	for _, c := range []struct{ name, ignore, want, files string }{
		{"none", "", "", "6 326"},
		{"a directory", "# comment\n\n/node_modules/\n", "2:/node_modules/ 0+1 [node_modules/]", ""},
		{"files anywhere", "**/*.log\r\n*.md\r\n", "0:**/*.log 2+0 [a.log src/b.log]; 1:*.md 1+0 [README.md]", ""},
		{"all but", "*\n!src\n", "0:* 2+1 [README.md a.log node_modules/]", ""},
		{"an exception below", "node_modules\n!node_modules/keep\n", "0:node_modules 0+1 [node_modules/x/]", ""},
		{"an exception with wildcards", "*\n!**/*.go\n", "0:* 5+0 [README.md a.log node_modules/keep/z.js node_modules/x/y.js src/b.log]", ""},
		{"out again", "src\n!src\n*.log\nsrc/*.log\n", "2:*.log 1+0 [a.log]; 3:src/*.log 1+0 [src/b.log]", ""},
		{"nothing that is there", "gone\n!x\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, dir, Question{Ignore: []byte(c.ignore)})
			if got := excluded(a.Excluded); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	for _, bad := range []string{"!\n", "[\n", "ok\na[\n"} {
		c, _ := workspace.NewContextFS(dir, nil)
		if a, err := Of(t.Context(), c, Question{Ignore: []byte(bad)}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line %d ", strings.Count(bad, "\n"))) {
			t.Errorf("%q: %v, %+v", bad, err, a)
		}
	}
}

// What instructions take: literally, by wildcards, through links, by patterns.
func TestUses(t *testing.T) {
	dir := lay(t, "a.txt=1", "b.txt=22", "src/a.go=333", "src/deep/b.go=4444", "src/deep/c.txt=55555", "link -> src/deep", "src/up -> ../a.txt", "abs -> /b.txt",
		"loop -> loop", "out -> ../../../etc/passwd", "empty/", "[x].txt=1")
	all := func(p string) Path { return Path{Path: p, Wildcards: true} }
	for _, c := range []struct {
		name  string
		paths []Path
		want  string
	}{
		{"all", []Path{all("/")}, "11 16"},
		{"a file", []Path{all("/a.txt")}, "1 1"},
		{"a directory", []Path{all("/src/")}, "4 12"},
		{"an empty one", []Path{all("/empty")}, "0 0"},
		{"one that is not there", []Path{all("/gone"), all("/a.txt/x"), all("/a.txt")}, "1 1 missing gone, a.txt/x"},
		{"wildcards", []Path{all("/*.txt")}, "3 4"},
		{"wildcards deeper", []Path{all("/src/*/*.go")}, "1 4"},
		{"wildcards that match a directory", []Path{all("/s?c")}, "4 12"},
		{"wildcards that match nothing", []Path{all("/*.md")}, "0 0 missing *.md"},
		{"no wildcards", []Path{{Path: "/*.txt"}}, "0 0 missing *.txt"},
		{"an escape", []Path{all(`/\[x].txt`)}, `0 0 missing \[x].txt`},
		{"a class", []Path{all("/[[]x].txt")}, "1 1"},
		{"a link to a directory", []Path{all("/link")}, "2 9"},
		{"through a link", []Path{all("/link/b.go")}, "1 4"},
		{"a link to a file", []Path{all("/src/up")}, "1 1"},
		{"an absolute link", []Path{all("/abs")}, "1 2"},
		{"a loop", []Path{all("/loop")}, "0 0 missing loop"},
		{"a link that leads out", []Path{all("/out")}, "0 0 missing out"},
		{"once", []Path{all("/src"), all("/src/a.go"), all("/link")}, "4 12"},
		{"exclude", []Path{{Path: "/src", Wildcards: true, Exclude: []string{"**/*.txt", "up"}}}, "2 7"},
		{"parents", []Path{{Path: "/", Wildcards: true, Include: []string{"**/*.go"}}}, "2 7"},
		{"parents from a pivot", []Path{{Path: "/src", Wildcards: true, Include: []string{"deep"}}}, "2 9"},
		{"parents of nothing", []Path{{Path: "/src", Wildcards: true, Include: []string{"gone"}}}, "0 0 missing src/gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := ask(t, dir, Question{Uses: [][]Path{c.paths}}).Uses[0]
			got := fmt.Sprint(u.Files, " ", u.Bytes)
			if u.Missing != nil {
				got += " missing " + strings.Join(u.Missing, ", ")
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Only what is asked for is sent, and an instruction hears of the lines that concern it.
func TestFollow(t *testing.T) {
	dir := lay(t, "src/a.go=1", "src/a.log=22", "src/.env=A=1", "other/b.go=333", "lib -> other", "b.log=4444")
	q := Question{Ignore: []byte("**/*.log\nother/gone\n"), Follow: []string{"src", "lib"},
		Uses: [][]Path{{{Path: "/src", Wildcards: true}}, {{Path: "/lib", Wildcards: true}}, {{Path: "/src/a.log", Wildcards: true}}}}
	a := ask(t, dir, q)
	if a.Amount != (Amount{4, 7}) {
		t.Errorf("%+v", a.Amount)
	}
	if got := fmt.Sprint(a.Largest); got != "[{src/ 4} {src/.env 3} {other/b.go 3} {src/a.go 1}]" && got != "[{src/ 4} {other/b.go 3} {src/.env 3} {src/a.go 1}]" {
		t.Errorf("largest %s", got)
	}
	if !slices.Equal(a.Secrets, []string{"src/.env"}) || !slices.Equal(a.Uses[0].Secrets, a.Secrets) || a.Uses[1].Secrets != nil {
		t.Errorf("secrets %+v", a)
	}
	for i, want := range []string{"0:**/*.log 1+0 [src/a.log]", "", "0:**/*.log 1+0 [src/a.log]"} {
		if got := excluded(a.Uses[i].Excluded); got != want {
			t.Errorf("%d: %s", i, got)
		}
	}
	if fmt.Sprint(a.Uses[2].Missing) != "[src/a.log]" {
		t.Errorf("%+v", a.Uses[2])
	}
	if a := ask(t, dir, Question{Nothing: true, Uses: nil}); a.Files != 0 {
		t.Errorf("%+v", a)
	}
}

// The unsaved buffer counts, and secrets are told by name and content.
func TestOverlayAndSecrets(t *testing.T) {
	dir := lay(t, "a.txt=1", "cert.pem=-----BEGIN CERTIFICATE-----", "key.pem=x", ".npmrc=registry=x", "id_rsa=x", ".env.example=x", ".aws/credentials=x", "credentials=x", "new.ENV=x")
	overlays := []workspace.Overlay{
		{Path: filepath.Join(dir, "a.txt"), Data: []byte("22"), Modified: time.Now()},
		{Path: filepath.Join(dir, "key.pem"), Data: []byte("-----BEGIN RSA PRIVATE KEY-----"), Modified: time.Now()},
		{Path: filepath.Join(dir, "new", ".npmrc"), Data: []byte("//x/:_authToken=1"), Modified: time.Now()},
	}
	c, err := workspace.NewContextFS(dir, overlays)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Of(t.Context(), c, Question{Uses: [][]Path{{{Path: "/a.txt"}}, {{Path: "/new"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Uses[0].Amount != (Amount{1, 2}) || a.Uses[1].Amount != (Amount{1, 17}) {
		t.Errorf("%+v", a.Uses)
	}
	if want := []string{".aws/credentials", "id_rsa", "key.pem", "new/.npmrc"}; !slices.Equal(a.Secrets, want) {
		t.Errorf("%v", a.Secrets)
	}
}

func TestCanceled(t *testing.T) {
	c, err := workspace.NewContextFS(lay(t, "a=1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := Of(ctx, c, Question{}); err == nil {
		t.Errorf("%+v", a)
	}
}
