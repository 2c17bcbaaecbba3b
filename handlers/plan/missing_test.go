package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// Why a path is not found is said as it is.
func TestWhyMissing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"ctx/Dockerfile": "FROM scratch\n", "ctx/real/y": "", "ctx/.dockerignore": "# a comment\nreal/y\nhidden\n!hidden/not\n", "ctx/hidden/x": "", "ctx/hidden/not": "", "ctx/src/main.go": "", "ctx/requirements.txt": "",
		"other/.dockerignore": "z\n", "other/z": "", "real/x": ""} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "real", "out": "../other", "abs": "/opt/no/such", "dangling": "gone", "loop": "loop", "far": "link/../../real", "hidden/link": "../real", "to-hidden": "hidden"} {
		if err := os.Symlink(to, filepath.Join(dir, "ctx", link)); err != nil {
			t.Skip(err)
		}
	}
	in := filepath.Join(dir, "ctx")
	local := func(dir string) build.Context { return build.Context{Kind: build.LocalContext, Dir: dir} }
	p := &Plan{}
	p.Snapshot, p.Context = workspace.New().Snapshot(), local(in)
	p.Contexts = map[string]build.Context{"named": local(filepath.Join(dir, "other"))}
	path := filepath.Join(in, "Dockerfile")
	p.Doc = &workspace.Document{URI: workspace.FileURI(path), Path: path, Text: workspace.NewText("FROM scratch\n")}
	for _, c := range [][3]string{
		{"", "/nothere", "it is not there"},
		{"", "/real/z", "it is not there"},
		{"", "/real/y", `line 2 of .dockerignore, "real/y", keeps it out`},
		{"", "/link/y", `line 2 of .dockerignore, "real/y", keeps real/y, where it leads, out`},
		{"", "/hidden/x", `line 3 of .dockerignore, "hidden", keeps it out`},
		{"", "/hidden/link/y", `line 3 of .dockerignore, "hidden", keeps the link hidden/link, which it goes through, out`},
		{"", "/to-hidden/gone", "the link to-hidden leads to hidden/gone, which is not there"},
		{"", "/out/z", "the link out leads out of the context, and nothing outside of it is sent"},
		{"", "/abs/z", "the link abs leads out of the context, and nothing outside of it is sent"},
		{"", "/dangling", "the link dangling leads to gone, which is not there"},
		{"", "/loop/x", "the link loop leads back to itself"},
		{"", "/hidden/not", "it was not there when the context was sent"},
		{"", "/requirments.txt", `it is not there; did you mean "requirements.txt"?`},
		{"", "/Requirements.TXT", `it is not there; did you mean "requirements.txt"?`},
		{"", "/scr/main.go", `it is not there; did you mean "src/main.go"?`},
		{"", "/src/mian.go", `it is not there; did you mean "src/main.go"?`},
		{"", "/scr/mian.go", "it is not there"},
		{"", "/hiden/x", "it is not there"}, // which would not be sent
		{"named", "/z", `line 1 of .dockerignore, "z", keeps it out`},
		{"named", "/real/y", "it is not there"},
	} {
		if got := p.whyMissing(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c[0], c[1], got, c[2])
		}
	}
	p.Context = build.Context{}
	if got := p.whyMissing("", "/x"); got != "this build has no context" {
		t.Error(got)
	}
}
