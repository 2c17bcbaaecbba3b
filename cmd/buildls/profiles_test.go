package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// What a compose service or a bake target says of its build is how its Dockerfile is
// built, on every engine.
func TestProfiles(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dockerfile := base(t) + "ARG WHO\n" + strings.Replace(base(t), "\n", " AS dev\n", 1) + "ARG WHO\nCOPY here /\nRUN echo hello $WHO $(cat /here)\n" + base(t) + "RUN exit 3\n"
		dir := workspace(t, "api/Dockerfile", dockerfile, "api/here", "in api",
			"compose.yaml", "services:\n  api:\n    build:\n      context: api\n      target: dev\n      args: {WHO: \"${WHO}\"}\n    image: shop/api:1\n", ".env", "WHO=compose\n",
			"web/Dockerfile", dockerfile, "web/here", "in web",
			"docker-bake.hcl", "variable \"WHO\" { default = \"bake\" }\ntarget \"web\" {\n  context = \"web\"\n  target = \"dev\"\n  args = { WHO = WHO }\n  tags = [\"shop/web:1\"]\n}\n")
		e := edit(t, s.env, dir)
		for _, c := range []struct{ name, file, says, tag string }{
			{"api", "compose.yaml", "hello compose in api", "docker.io/shop/api:1"}, {"web", "docker-bake.hcl", "hello bake in web", "docker.io/shop/web:1"},
		} {
			uri := "file://" + dir + "/" + c.name + "/Dockerfile"
			for _, argument := range []map[string]any{{"uri": uri, "noCache": true}, {"profile": c.name, "noCache": true}} {
				r := mustBuild(t, e, argument)
				if log := logOf(t, e, r); !strings.Contains(log, c.says) {
					t.Errorf("%v: log %q", argument, log)
				}
				if r.Profile == nil || r.Profile.Name != c.name || r.Profile.Source != "file://"+dir+"/"+c.file || r.URI != uri || r.Target != "dev" || r.Context != dir+"/"+c.name {
					t.Errorf("%v: %+v", argument, r)
				}
				if s.store && (len(r.Tags) != 1 || r.Tags[0] != c.tag) {
					t.Errorf("%v: tags %v", argument, r.Tags)
				}
			}
		}
		e.Shutdown()
	})
}

const shop = `services:
  api:
    build: {context: api, dockerfile: ../Dockerfile, args: {WHO: service}, labels: {a: b}}
`

// The argument goes over the profile, that over the setting build, that over the
// defaults; the text of an unsaved compose file counts.
func TestProfilePrecedence(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t)+"ARG WHO\nARG OTHER=none\nRUN echo $WHO, $OTHER, $(ls /)\nRUN --mount=target=/c echo context $(cat /c/where)\n",
		"compose.yaml", shop, "api/where", "api", "where", "the folder", "other/where", "other")
	uri := "file://" + dir + "/Dockerfile"
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{
		"build":    map[string]any{"**": map[string]any{"buildArgs": map[string]any{"WHO": "glob", "OTHER": "glob"}}, "nowhere/**": map[string]any{"target": "x"}},
		"profiles": map[string]any{"ci": map[string]any{"uri": "Dockerfile2", "buildArgs": map[string]any{"WHO": "settings"}, "context": "other"}},
	}})
	says := func(argument map[string]any, profile string, want ...string) {
		t.Helper()
		argument["noCache"] = true
		if argument["uri"] == nil {
			argument["uri"] = uri
		}
		r := mustBuild(t, e, argument)
		log := logOf(t, e, r)
		for _, w := range want {
			if !strings.Contains(log, w) {
				t.Errorf("%v: %q is not in %s", argument, w, log)
			}
		}
		if name := ""; r.Profile != nil && r.Profile.Name != profile || r.Profile == nil && name != profile {
			t.Errorf("%v: profile %+v", argument, r.Profile)
		}
	}
	says(map[string]any{}, "api", "service, glob", "context api")
	says(map[string]any{"buildArgs": map[string]any{"WHO": "argument"}}, "api", "argument, glob", "context api")
	says(map[string]any{"context": "other"}, "", "glob, glob", "context other")
	says(map[string]any{"context": "other", "profile": "api"}, "api", "service, glob", "context other")
	says(map[string]any{"profile": "ci"}, "ci", "settings, glob", "context other")

	e.Open("file://"+dir+"/compose.yaml", "yaml", strings.Replace(shop, "service}", "buffer}", 1))
	says(map[string]any{}, "api", "buffer, glob", "context api")
	e.Replace("file://"+dir+"/compose.yaml", "services: {api: {image: x}}\n")
	says(map[string]any{}, "", "glob, glob", "context the folder")

	e.Replace("file://"+dir+"/compose.yaml", "services: {api: {build: {contxt: api}}}\n")
	r := mustBuild(t, e, map[string]any{"uri": uri})
	if !slices.ContainsFunc(r.Warnings, func(w struct{ Message, Code string }) bool {
		return w.Code == "profiles" && strings.Contains(w.Message, "compose.yaml:1: ") && strings.Contains(w.Message, "contxt")
	}) {
		t.Errorf("a compose file that is wrong: %+v", r.Warnings)
	}
	e.Shutdown()
}

// Of several profiles that differ none is taken, and the result says so; with a target
// that one of them builds, that is.
func TestSeveralProfiles(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t)+strings.Replace(base(t), "\n", " AS one\n", 1)+"ARG A\nRUN echo one $A\n"+strings.Replace(base(t), "\n", " AS two\n", 1)+"ARG A\nRUN echo two $A\n",
		"docker-bake.hcl", "group \"all\" { targets = [\"one\", \"two\"] }\ngroup \"just\" { targets = [\"one\"] }\ntarget \"one\" {\n  target = \"one\"\n  args = { A = \"first\" }\n}\ntarget \"two\" {\n  inherits = [\"one\"]\n  target = \"two\"\n}\n")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	r := mustBuild(t, e, map[string]any{"uri": uri})
	if r.Profile != nil || len(r.Warnings) == 0 || !strings.Contains(r.Warnings[0].Message+r.Warnings[len(r.Warnings)-1].Message, "one, two") {
		t.Errorf("%+v, %+v", r.Profile, r.Warnings)
	}
	if r := mustBuild(t, e, map[string]any{"uri": uri, "target": "one"}); r.Profile == nil || r.Profile.Name != "one" || !strings.Contains(logOf(t, e, r), "one first") {
		t.Errorf("target one: %+v", r.Profile)
	}
	if r := mustBuild(t, e, map[string]any{"profile": "just"}); r.Profile == nil || r.Profile.Name != "one" {
		t.Errorf("the group of one: %+v", r.Profile)
	}
	for _, c := range []struct{ profile, want string }{{"all", "one, two"}, {"nope", "there are one, two"}} {
		err := e.Execute("buildls.build", map[string]any{"profile": c.profile}, nil)
		if lsptest.Code(err) != -32602 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.profile, err)
		}
	}
	e.Shutdown()
}

// An entitlement that a file asks for is the author's to grant.
func TestProfileEntitlements(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t)+"RUN --security=insecure echo may\n", "docker-bake.hcl", "target \"app\" { entitlements = [\"security.insecure\"] }\n")
	e := edit(t, s.env, dir)
	err := e.Execute("buildls.build", map[string]any{"profile": "app", "wait": true}, nil)
	if lsptest.Code(err) != -32602 || !strings.Contains(err.Error(), "security.insecure") || !strings.Contains(err.Error(), "allow") {
		t.Errorf("not granted: %v", err)
	}
	mustBuild(t, e, map[string]any{"profile": "app", "allow": []string{"security.insecure"}})
	e.Shutdown()
}

// A Dockerfile in a compose or bake file is built, and its errors stand where it does.
func TestInlineDockerfile(t *testing.T) {
	s := embeddedSite(t)
	bake := "target \"app\" {\n  dockerfile-inline = <<EOT\n" + base(t) + "COPY a /\nRUN cat /a\nEOT\n}\n"
	dir := workspace(t, "a", "the file\n", "docker-bake.hcl", bake, "compose.yaml", "services:\n  web:\n    build:\n      dockerfile_inline: |\n        "+base(t)+"        LABEL a=$$A b=${B:-c}\n        RUN exit 7\n")
	e := edit(t, s.env, dir)
	if log := logOf(t, e, mustBuild(t, e, map[string]any{"profile": "app", "noCache": true})); !strings.Contains(log, "the file") {
		t.Errorf("log %q", log)
	}
	uri := "file://" + dir + "/compose.yaml"
	e.Open(uri, "yaml", "# one line more\n"+mustRead(t, dir+"/compose.yaml"))
	r := buildNow(t, e, map[string]any{"profile": "web"})
	if r.Error == nil || r.Error.Range == nil || r.Error.Range.Start.Line != 7 || r.Error.Range.Start.Character != 8 || r.Error.URI != uri {
		t.Errorf("%+v", r.Error)
	}
	e.Await("the error in the compose file", func() bool {
		d := e.Diagnostics(uri)
		return len(d) == 2 && d[0].Code == "UndefinedVar" && d[0].Range.Start.Line == 6 && d[0].Range.Start.Character == 16 && d[0].Range.End.Character == 19 && d[1].Range.Start.Line == 7
	})
	e.Shutdown()
}

// buildls.profiles lists what there is, those of the Dockerfile first, and no value of a
// .env file.
func TestProfileList(t *testing.T) {
	dir := workspace(t, "a/Dockerfile", "FROM scratch\n", "b/Dockerfile", "FROM scratch\n", ".env", "TOKEN=hunter2\n",
		"compose.yaml", "services:\n  a: {build: {context: a, args: {T: \"${TOKEN}\", U: plain}}}\n  b: {build: b}\n", "b/docker-bake.hcl", "target \"b\" { description = \"The b\" }\n")
	e := edit(t, nil, dir)
	var list []struct {
		Name, Description, Source, URI string
		Range                          *lsptest.Range
		Argument                       map[string]any
	}
	if err := e.Execute("buildls.profiles", map[string]any{"uri": "file://" + dir + "/b/Dockerfile"}, &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		got = append(got, p.Name+" "+p.Description+" "+strings.TrimPrefix(p.Source, "file://"+dir)+" "+strings.TrimPrefix(p.URI, "file://"+dir)+fmt.Sprint(" ", p.Range.Start.Line))
	}
	want := "compose.yaml:b  /compose.yaml /b/Dockerfile 2, b/docker-bake.hcl:b The b /b/docker-bake.hcl /b/Dockerfile 0, a  /compose.yaml /a/Dockerfile 1"
	if strings.Join(got, ", ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
	for _, m := range e.All("") {
		if strings.Contains(string(m.Params), "hunter2") {
			t.Errorf("a value of .env: %s", m.Params)
		}
	}
	if args := list[2].Argument["buildArgs"].(map[string]any); args["T"] != "***" || args["U"] != "plain" {
		t.Errorf("args %v", args)
	}
	e.Shutdown()
}

// What a profile would leave elsewhere is left if it was named, not if it merely applies;
// nor are its tags given to another target.
func TestUnaskedOutputs(t *testing.T) {
	s := dockerSite(enginetest.Docker(t, "28"), "28")
	dir := workspace(t, "Dockerfile", strings.Replace(base(t), "\n", " AS first\n", 1)+strings.Replace(base(t), "\n", " AS second\n", 1)+"COPY Dockerfile /made\n",
		"docker-bake.hcl", "target \"app\" {\n  target = \"second\"\n  output = [\"out\"]\n  tags = [\"mine:1\"]\n}\n")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	if r := mustBuild(t, e, map[string]any{"uri": uri}); r.Profile == nil || len(r.Tags) != 1 || r.Tags[0] != "docker.io/library/mine:1" {
		t.Errorf("it does not apply: %+v", r)
	}
	if r := mustBuild(t, e, map[string]any{"uri": uri, "target": "first"}); r.Profile == nil || len(r.Tags) != 1 || strings.Contains(r.Tags[0], "mine") {
		t.Errorf("another target: %+v", r)
	}
	if _, err := os.Stat(dir + "/out"); err == nil {
		t.Error("an output was written unasked")
	}
	mustBuild(t, e, map[string]any{"profile": "app"})
	if _, err := os.Stat(dir + "/out/made"); err != nil {
		t.Error(err)
	}
	e.Shutdown()
}

// A terminal builds a profile as the editor does; what its flags say goes over the profile.
func TestTerminalProfile(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t)+"ARG WHO\nRUN echo hello $WHO\nCOPY where /\n", "compose.yaml", shop,
		"api/where", "api", "other/where", "other",
		"docker-bake.hcl", "target \"out\" {\n  context = \"other\"\n  dockerfile = \"../Dockerfile\"\n  output = [\"made\"]\n}\n")
	inDir := func(args ...string) (stdout, stderr string, code int) {
		cmd := program(t, s.env, append([]string{"build"}, args...)...)
		cmd.Dir = dir
		return runOut(t, cmd)
	}
	build := func(args ...string) (r result, said string) {
		t.Helper()
		out, said, code := inDir(append([]string{"--json", "--progress", "plain"}, args...)...)
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 {
			t.Fatalf("%q: %d %v\n%s%s", args, code, err, out, said)
		}
		return r, said
	}
	e := edit(t, s.env, dir)
	mustBuild(t, e, map[string]any{"profile": "api"})
	e.Shutdown()
	r, _ := build("--profile", "api")
	for _, step := range r.Steps {
		if step.Status != "cached" && !strings.Contains(step.Name, "FROM ") { // a base is looked up each time
			t.Errorf("%s is %s after the editor's build", step.Name, step.Status)
		}
	}
	if r.Profile == nil || r.Profile.Name != "api" || len(r.Tags) > 0 {
		t.Errorf("%+v", r)
	}
	if r, said := build("--profile", "api", "--build-arg", "WHO=flag", "other"); r.Context != dir+"/other" || !strings.Contains(said, "hello flag") {
		t.Errorf("%s\n%s", r.Context, said)
	}
	build("--profile", "out")
	if data, err := os.ReadFile(dir + "/made/where"); err != nil || string(data) != "other" {
		t.Errorf("the output of the target: %q, %v", data, err)
	}
	if out, said, code := inDir("--profile", "out", "-o", "-"); code != 0 || !strings.Contains(out, "where\x00") {
		t.Errorf("-o -: %d %d bytes\n%s", code, len(out), said)
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{`no profile "apo"; there are api, out`, []string{"--profile", "apo"}},
		{"takes one CONTEXT, not 2", []string{"--profile", "api", ".", "."}},
		{"leave out - or --profile", []string{"--profile", "api", "-"}},
		{"takes no --profile", []string{"--profile", "api", "--check", "."}},
	} {
		if out, said, code := inDir(c.args...); code != 2 || !strings.Contains(said, c.says) {
			t.Errorf("%q: %d, wanted 2 and %q\n%s%s", c.args, code, c.says, out, said)
		}
	}
}
