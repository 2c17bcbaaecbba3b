package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A Dockerfile beside which a policy stands is not built, nor is what is built with it, as
// long as nobody says that the policy counts for nothing; a note tells so while typing.
func TestPolicy(t *testing.T) {
	const text, rego = "FROM scratch\nCOPY f /\n", "package docker\ndefault allow = false\n"
	s := embeddedSite(t)
	dir := workspace(t, "web.Dockerfile", text, "web.Dockerfile.rego", rego, "app/Dockerfile", "FROM base\nCOPY f /g\n", "f", "1",
		"docker-bake.hcl", "target \"web\" {\n  dockerfile = \"web.Dockerfile\"\n}\ntarget \"app\" {\n  dockerfile = \"app/Dockerfile\"\n  contexts = { base = \"target:web\" }\n}\n")
	e := edit(t, s.env, dir)
	web, app := "file://"+dir+"/web.Dockerfile", "file://"+dir+"/app/Dockerfile"
	refused := func(argument map[string]any, name string) {
		t.Helper()
		err := e.Execute("buildls.build", argument, new(any))
		if err == nil || !contains(err.Error(), name, "policy", "ignore") {
			t.Errorf("%v: %v", argument, err)
		}
	}
	e.Open(web, "dockerfile", text)
	e.Await("the note", func() bool { return e.Codes(web) == "0:policy" })
	refused(map[string]any{"uri": web, "wait": true}, "web.Dockerfile.rego")
	refused(map[string]any{"uri": app, "wait": true}, "web.Dockerfile.rego")
	refused(map[string]any{"uri": web, "policy": "obey"}, "obey")
	for _, uri := range []string{web, app} {
		mustBuild(t, e, map[string]any{"uri": uri, "policy": "ignore"})
	}
	if err := os.Remove(filepath.Join(dir, "web.Dockerfile.rego")); err != nil {
		t.Fatal(err)
	}
	e.Await("no note", func() bool { return e.Codes(web) == "" })
	mustBuild(t, e, map[string]any{"uri": web})
	e.Open(web+".rego", "rego", rego)
	e.Await("the note of a buffer", func() bool { return e.Codes(web) == "0:policy" })
	refused(map[string]any{"uri": web, "wait": true}, "web.Dockerfile.rego")
	e.Configure(map[string]any{"policy": "ignore"})
	e.Await("no note by the setting", func() bool { return e.Codes(web) == "" })
	mustBuild(t, e, map[string]any{"uri": web})
	refused(map[string]any{"uri": web, "policy": "refuse"}, "web.Dockerfile.rego")
	e.Shutdown()

	dir = workspace(t, "Dockerfile", text, "f", "1", "docker-bake.hcl", "target \"a\" {\n  policy = [{filename = \"p.rego\"}]\n}\n")
	e = edit(t, s.env, dir)
	refused(map[string]any{"profile": "a"}, "target a")
	refused(map[string]any{"uri": "file://" + dir + "/Dockerfile"}, "target a")
	mustBuild(t, e, map[string]any{"profile": "a", "policy": "ignore"})
	e.Shutdown()

	dir = workspace(t, "Dockerfile", text, "Dockerfile.rego", rego, "f", "1")
	for _, c := range []struct {
		flags string
		want  int
	}{{"", 2}, {"--policy refuse", 2}, {"--policy ignore", 0}, {"--policy disabled=true", 0}, {"--policy filename=x.rego", 2}} {
		cmd := program(t, s.env, append(append([]string{"build"}, strings.Fields(c.flags)...), dir)...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.want || c.want != 0 && !contains(string(out), "polic") {
			t.Errorf("%q: exit %d, %s", c.flags, code, out)
		}
	}
}
