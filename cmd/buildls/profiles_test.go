package main

import (
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
	e := lsptest.New(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{
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

func mustRead(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Lenses stand over services and targets, and build them; what cannot be read is said.
func TestProfileLenses(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
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

// With onSave, a Dockerfile that is saved is built; nothing else is, and never twice.
func TestOnSave(t *testing.T) {
	s := embeddedSite(t)
	sleep := newSleep()
	dir := workspace(t, "Dockerfile", base(t), "other.txt", "x")
	uri := "file://" + dir + "/Dockerfile"
	e := lsptest.New(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{"onSave": "build"}})
	e.Open("file://"+dir+"/other.txt", "text", "y")
	e.Open(uri, "dockerfile", base(t)+"RUN "+sleep+"\n")
	save := func(uri string) {
		e.Notify("textDocument/didSave", map[string]any{"textDocument": map[string]any{"uri": uri}})
	}
	builds := func() (list []result) {
		if err := e.Execute("buildls.builds", nil, &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	save("file://" + dir + "/other.txt")
	save(uri)
	awaitSleep(t, sleep)
	save(uri) // of the same text: the build goes on
	e.Replace(uri, base(t)+"RUN echo saved\n")
	save(uri)
	e.Await("the newer build", func() bool {
		list := builds()
		return len(list) == 2 && list[0].Status == "succeeded" && list[1].Status == "canceled"
	})
	awaitNoSleep(t, sleep)
	e.Shutdown()
}

// Wrong settings are complained of by name.
func TestProfileSettings(t *testing.T) {
	for _, c := range []struct {
		settings map[string]any
		want     string
	}{
		{map[string]any{"profiles": map[string]any{"ci": map[string]any{"tagz": 1}}}, `setting buildls.profiles: ci: unknown field "tagz"`},
		{map[string]any{"profiles": map[string]any{"ci": map[string]any{"tags": 1}}}, `setting buildls.profiles: ci: "tags" must not be a JSON number`},
		{map[string]any{"profiles": []int{1}}, "setting buildls.profiles: it must be an object"},
		{map[string]any{"build": map[string]any{"!x": map[string]any{}}}, `setting buildls.build: "!x" is no pattern`},
		{map[string]any{"build": map[string]any{"x": map[string]any{"uri": "y"}}}, `setting buildls.build: x: "uri" has no place there`},
		{map[string]any{"onSave": "maybe"}, `setting buildls.onSave: "maybe" is not one of nothing, build`},
	} {
		e := lsptest.New(t, program(t, nil), lsptest.Options{Settings: c.settings})
		e.Await(c.want, func() bool {
			all := ""
			for _, m := range e.All("window/showMessage") {
				all += strings.ReplaceAll(string(m.Params), `\"`, `"`)
			}
			return strings.Contains(all, c.want)
		})
		e.Shutdown()
	}
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

// What is wrong with one target is marked on its attribute and refused, and the others keep
// their lenses. One that is no build has none.
func TestOneTargetIsWrong(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
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
