package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// newTerminal is a desk without an editor: builds are made in a terminal, and remembered.
func newTerminal(t *testing.T, s site, text string, files ...string) *desk {
	dir := workspace(t, files...)
	d := &desk{T: t, site: s, dir: dir, uri: "file://" + dir + "/Dockerfile"}
	d.write("Dockerfile", strings.NewReplacer("BASE", enginetest.Registry(t)+"/base", "SALT", dir).Replace(text))
	return d
}

// inTerminal is expect for a build in a terminal. It compares also what `buildls why` says.
func (d *desk) inTerminal(args []string, want ...string) {
	d.Helper()
	r, said, _ := resultIn(d.T, d.env, append(args, d.dir)...)
	d.compare(r, said, want)
	var kept struct{ Steps []reason }
	if err := json.Unmarshal([]byte(terminal(d.T, d.env, d.dir, "why", "--json", r.ID)), &kept); err != nil {
		d.Fatal(err)
	}
	for _, s := range kept.Steps {
		if s.Why != r.Steps[s.Step].Why {
			d.Errorf("buildls why: %q, the build: %q", s.Why, r.Steps[s.Step].Why)
		}
	}
}

// firstInTerminal builds in a terminal what no build that is remembered has built.
func (d *desk) firstInTerminal() {
	d.Helper()
	r, said, _ := resultIn(d.T, d.env, d.dir)
	if text := whys(r); !contains(text, "3 first build", "4 first build") {
		d.Errorf("%s\n%s", text, said)
	}
}

const terminalText = `FROM BASE
ARG VERSION=1
ARG API_TOKEN
COPY a.txt b.txt /
RUN echo $VERSION SALT
`

// A build in a terminal says why its steps ran, by what the one before was, whoever made that; and
// so does the first build of an editor's session.
func TestWhyTerminal(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		s, state := remembering(t, s)
		d := newTerminal(t, s, terminalText, "a.txt", "1", "b.txt", "b"+t.TempDir())
		const ran = "4 the step it stands on was not cached either: [2/3] COPY"
		d.firstInTerminal()
		d.inTerminal(nil)
		d.write("a.txt", "22")
		d.inTerminal(nil, "3 a.txt changed", ran)
		d.write("b.txt", "b2"+d.dir)
		d.write("a.txt", "22") // touched
		d.inTerminal(nil, "3 b.txt changed", ran)
		d.inTerminal([]string{"--build-arg", "VERSION=2"}, `4 build arg VERSION was not given before, and is now "2"`)
		d.inTerminal([]string{"--build-arg", "VERSION=3"}, `4 build arg VERSION changed from "2" to "3"`)
		d.write("Dockerfile", strings.Replace(d.read("Dockerfile"), "RUN echo", "RUN echo also", 1))
		d.inTerminal([]string{"--build-arg", "VERSION=3"}, "4 the text of the instruction was changed")

		// In an editor, then in a terminal, then there again.
		d.write("a.txt", "333")
		d.e = edit(t, s.env, d.dir)
		d.e.Open(d.uri, "dockerfile", d.read("Dockerfile"))
		version := map[string]any{"buildArgs": map[string]string{"VERSION": "3"}, "target": ""}
		d.expect(version, "3 a.txt changed", ran)
		d.expect(version)
		d.write("a.txt", "4444")
		d.inTerminal([]string{"--build-arg", "VERSION=3"}, "3 a.txt changed", ran)
		d.write("b.txt", "b3"+d.dir)
		d.expect(version, "3 b.txt changed", ran)

		// After a build of an older buildls, nothing is said.
		d.inTerminal([]string{"--build-arg", "VERSION=3"})
		withoutMadeOf(t, state)
		d.write("a.txt", "666666")
		if text := whys(buildNow(t, d.e, version)); !contains(text, "3 \n4 \n") {
			t.Error(text)
		}
		d.e.Shutdown()

		// A secret is told from another, and not kept.
		token := func(v string) []string {
			return []string{"--build-arg", "VERSION=3", "--build-arg", "API_TOKEN=" + v + d.dir}
		}
		d.inTerminal(token("s3cret"), "4 build arg API_TOKEN changed")
		d.inTerminal(token("s4cret"), "4 build arg API_TOKEN changed")
		d.inTerminal(token("s4cret"))

		s.prune(t)
		d.inTerminal(token("s4cret"), "3 nothing has changed since the last build, but the engine no longer has it", ran)
		if err := os.RemoveAll(state); err != nil {
			t.Fatal(err)
		}
		d.write("a.txt", "55555")
		d.firstInTerminal()
	})
}

// withoutMadeOf makes the newest build that is kept one of the format that does not say what it was
// made of.
func withoutMadeOf(t *testing.T, state string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(state, "*.build"))
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	newest := list[len(list)-1]
	text, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	lengths, rest, _ := bytes.Cut(text, []byte("\n"))
	fields := strings.Fields(string(lengths))
	var at [3]int // how long the header, the details, and what it was made of are
	for i := range at {
		if at[i], err = strconv.Atoi(fields[1+i]); err != nil {
			t.Fatal(err)
		}
	}
	fields[0] = "buildls-build-2"
	old := strings.Join(slices.Delete(fields, 3, 4), " ") + "\n" + string(rest[:at[0]+at[1]]) + string(rest[at[0]+at[1]+at[2]:])
	if err := os.WriteFile(newest, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read is a file of the workspace.
func (d *desk) read(name string) string {
	d.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}
