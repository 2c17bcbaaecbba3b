package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Lenses stand over services and targets, and build them; what cannot be read is said.
func TestProfileLenses(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\n")
	e := edit(t, nil, dir)
	compose, bake := "file://"+dir+"/compose.yaml", "file://"+dir+"/docker-bake.hcl"
	e.Open(compose, "yaml", "services:\n  db: {image: x}\n  api: {build: .}\n")
	e.Open(bake, "hcl", "group \"default\" { targets = [\"app\"] }\ntarget \"app\" {}\n")
	for uri, want := range map[string]string{compose: "▷ Build service api 2 api", bake: "▷ Bake app 1 app"} {
		lenses := e.Lenses(uri)
		if len(lenses) != 1 {
			t.Fatalf("%s: %+v", uri, lenses)
		}
		l := lenses[0]
		if got := fmt.Sprint(l.Command.Title, " ", l.Range.Start.Line, " ", l.Command.Arguments[0]["profile"]); got != want || l.Command.Command != "buildls.build" {
			t.Errorf("%q, not %q", got, want)
		}
	}
	e.Replace(bake, "target \"app\" {\n  tgas = []\n}\n")
	e.Await("what is wrong with the bake file", func() bool {
		d := e.Diagnostics(bake)
		return len(d) == 1 && d[0].Code == "bake" && d[0].Range.Start.Line == 1 && strings.Contains(d[0].Message, "tgas")
	})
	e.Replace(compose, "services:\n  api:\n    build: {contxt: .}\n")
	e.Await("what is wrong with the compose file", func() bool {
		d := e.Diagnostics(compose)
		return len(d) == 1 && d[0].Code == "compose" && d[0].Range.Start.Line == 2
	})
	e.Replace(bake, "target \"app\" {}\n")
	e.Await("nothing wrong any more", func() bool { return len(e.Diagnostics(bake)) == 0 })
	e.Shutdown()
}

// What is wrong with one target is marked on its attribute and refused, and the others keep
// their lenses. One that is no build has none.
func TestProfileOfWrongTarget(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\n")
	e := edit(t, nil, dir)
	bake := "file://" + dir + "/docker-bake.hcl"
	e.Open(bake, "hcl", "target \"t1\" {\n  annotations = [\"abc\"]\n}\ntarget \"t2\" {\n  tags = [\"x:2\"]\n}\ntarget \"lint\" {\n  call = \"check\"\n}\n")
	e.Await("the marks", func() bool {
		d := e.Diagnostics(bake)
		return len(d) == 2 && d[0].Severity == 1 && d[0].Range.Start.Line == 1 && d[0].Range.Start.Character == 17 && d[0].Range.End.Character == 22 && strings.Contains(d[0].Message, "KEY=VALUE") &&
			d[1].Severity == 3 && d[1].Range.Start.Line == 7 && d[1].Range.Start.Character == 9
	})
	var titles []string
	for _, l := range e.Lenses(bake) {
		titles = append(titles, l.Command.Title)
	}
	if got := fmt.Sprint(titles); got != "[▷ Bake t1 ▷ Bake t2]" {
		t.Errorf("lenses %s", got)
	}
	for name, want := range map[string]string{"t1": "docker-bake.hcl:2: target t1: annotation \"abc\"", "lint": "docker-bake.hcl:8: target lint: call \"check\""} {
		if err := e.Execute("buildls.build", map[string]any{"profile": name}, nil); lsptest.Code(err) != -32602 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Shutdown()
}
