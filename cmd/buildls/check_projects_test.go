package main

import (
	"strings"
	"testing"
)

// A Dockerfile is checked as the compose and bake files around it build it, as in the editor.
func TestCheckProjects(t *testing.T) {
	const argument, context = "ARG BASE\nFROM $BASE\n", "FROM base\nCOPY --from=base /a /b\n"
	dir := workspace(t, "alone/Dockerfile", argument, "composed/Dockerfile", argument, "composed/compose.yaml", "services: {a: {build: {context: ., args: {BASE: 'alpine:3.20'}}}}\n",
		"baked/app/Dockerfile", context, "baked/docker-bake.hcl", "target \"x\" {\n  context = \"app\"\n  contexts = { base = \"docker-image://alpine:3.20\" }\n}\n",
		"twice/Dockerfile", "ARG BASE\nFROM scratch AS a\nFROM $BASE\n", "twice/compose.yaml", "services:\n  a: {build: {context: ., args: {BASE: 'alpine:3.20'}}}\n  b: {build: {context: ., target: a}}\n",
		"broken/Dockerfile", "FROM scratch\nRUNN\n", "broken/compose.yaml", "services: [\n", "baked/.git/HEAD", "")
	run := func(args ...string) (string, int) {
		cmd := program(t, nil, args...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	for name, want := range map[string]string{"alone": "should not be blank", "composed": "", "baked/app": "", "twice": "", "broken": "unknown instruction"} {
		out, code := run("check", "--strict", name)
		if want == "" && (code != exitOK || out != "") || want != "" && (code != exitFailed || !strings.Contains(out, want)) {
			t.Errorf("%s: %d\n%s", name, code, out)
		}
	}
	for _, c := range []struct {
		args string
		code int
	}{{"alone", exitFailed}, {"--build-arg BASE=alpine alone", exitOK}, {"composed", exitFailed}, {"--platform nonsense/x/y/z alone", exitUsage}} {
		if out, code := run(append([]string{"build", "--check"}, strings.Fields(c.args)...)...); code != c.code {
			t.Errorf("build --check %s: %d\n%s", c.args, code, out)
		}
	}
}
