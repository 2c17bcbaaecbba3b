package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// A terminal says of an editor's builds why their steps ran, in the same words, and why one failed.
func TestWhyInTerminal(t *testing.T) {
	s, _ := remembering(t, embeddedSite(t))
	dir := workspace(t, "a", "1")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	e.Open(uri, "dockerfile", base(t)+"COPY a /\nRUN echo "+dir+"\n")
	first := mustBuild(t, e, nil)
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	second := mustBuild(t, e, nil)
	e.Replace(uri, base(t)+"RUN echo "+dir+" && exit 7\n")
	buildNow(t, e, nil)
	e.Shutdown()

	var told struct {
		ID, Status string
		Steps      []struct {
			Step              int
			Name, Status, Why string
		}
		Error *struct{ ExitCode *int }
	}
	for _, want := range []result{first, second} {
		if err := json.Unmarshal([]byte(terminal(t, s.env, dir, "why", "--json", want.ID[:10])), &told); err != nil || told.ID != want.ID || told.Error != nil {
			t.Fatalf("%+v, %v", told, err)
		}
		copied := stepNamed(t, want, "COPY a /")
		if i := len(told.Steps) - 2; i < 0 || told.Steps[i].Step != copied || told.Steps[i].Why != want.Steps[copied].Why || told.Steps[i].Why == "" {
			t.Errorf("%+v, of %+v", told.Steps, want.Steps)
		}
	}
	if out := terminal(t, s.env, dir, "why", second.ID[:8]); !contains(out, second.ID, "COPY a /", second.Steps[stepNamed(t, second, "COPY a /")].Why) {
		t.Errorf("%s", out)
	}
	if out := terminal(t, s.env, dir, "why"); !contains(out, "failed", "exit 7", "\nerror: RUN failed with exit code 7") {
		t.Errorf("the last build: %s", out)
	}
	if out, said, code := outputOf(t, s.env, "why", "zzz"); code != 1 || out != "" || !contains(said, `no build "zzz"`) {
		t.Errorf("%d %q %q", code, out, said)
	}
}

// A terminal says of a context what an editor says, and asks no engine.
func TestContextInTerminal(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch AS one\nCOPY src /\nFROM scratch\nARG from=gone\nCOPY $from /\n",
		".dockerignore", "# junk\n**/*.log\n", "src/a", "four", "src/key.log", "x", "key.pem", "-----BEGIN PRIVATE KEY-----\n")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	text, err := os.ReadFile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	e.Open(uri, "dockerfile", string(text))
	for _, target := range []string{"", "one"} {
		var editor, told any
		if err := e.Execute("buildls.context", map[string]any{"uri": uri, "target": target}, &editor); err != nil {
			t.Fatal(err)
		}
		out := terminal(t, nil, dir, "context", "--json", "--target", target, ".")
		if err := json.Unmarshal([]byte(out), &told); err != nil || !reflect.DeepEqual(told, editor) {
			t.Errorf("%s\nan editor: %v, %v", out, editor, err)
		}
	}
	e.Shutdown()
	if out := terminal(t, nil, dir, "context", "--target", "one", "."); !contains(out, dir+": 1 file, 4B", "line 2  COPY src /  1 file, 4B", "line 2  **/*.log") {
		t.Errorf("%s", out)
	}
	if out := terminal(t, nil, dir, "context", "--build-arg", "from=src", "."); !contains(out, "line 5  COPY src /  1 file") {
		t.Errorf("%s", out)
	}
	for says, args := range map[string][]string{
		"is fetched by the engine": {"https://127.0.0.1:1/x.git"},
		"unknown target":           {"--target", "three", dir},
		"no Dockerfile at":         {"-f", dir + "/gone", dir},
	} {
		if out, said, code := outputOf(t, nil, append([]string{"context"}, args...)...); code != 1 || out != "" || !contains(said, says) {
			t.Errorf("%q: %d %q %q", args, code, out, said)
		}
	}
}
