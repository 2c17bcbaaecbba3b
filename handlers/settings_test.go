package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Null says nothing, however deep it stands, and takes away nothing that was said. What a
// client pushes counts, also if it has nothing to say when it is asked.
func TestSettingsNull(t *testing.T) {
	const rule = "JSONArgsRecommended"
	const uri = "file:///null/Dockerfile"
	decode := func(text string) (v map[string]any) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ name, answer, pushed, said string }{
		{"nothing", `null`, `{"settings": null}`, ""},
		{"an empty answer", `{}`, `{"settings": {}}`, ""},
		{"null", `null`, `{"settings": {"buildls": null}}`, ""},
		{"no settings", `null`, `{}`, ""},
		{"nulls", `{"lint": null, "engine": null, "build": {"**": null, "*": {"tags": [null], "secrets": null}}}`, `{"settings": {"buildls": {"lint": {"severity": null, "delay": null}}}}`, ""},
		{"a null in a map", `{"lint": {"severity": {"StageNameCasing": null}}}`, `{}`, "1:" + rule},
		{"a dotted name", `null`, `{"settings": {"buildls": {"lint.severity": {"StageNameCasing": null}}}}`, "1:" + rule},
		{"pushed", `null`, `{"settings": {"buildls": {"lint": {"severity": {}}}}}`, "1:" + rule},
		{"pushed beside an empty answer", `{}`, `{"settings": {"buildls": {"lint": {"severity": {}}}, "editor": {"size": 1}}}`, "1:" + rule},
		{"answered", `{"lint": {"severity": {}}}`, `{"settings": {"buildls": {"lint": {"severity": {"JSONArgsRecommended": "off"}}}}}`, "1:" + rule},
	} {
		e := dial(t, nil, lsptest.Options{Settings: decode(c.answer), Init: decode(`{"lint": {"severity": {"JSONArgsRecommended": "off", "MaintainerDeprecated": null}}}`)})
		e.Open(uri, "dockerfile", "FROM scratch\nCMD serve\nRUNN a mistake\n")
		e.Notify("workspace/didChangeConfiguration", decode(c.pushed))
		want := strings.TrimSpace(c.said + " 2:syntax")
		e.Await(c.name+": "+want, func() bool { return e.Codes(uri) == want })
		e.Notify("workspace/didChangeConfiguration", decode(c.pushed))
		if e.Execute("buildls.profiles", nil, new(any)) != nil || e.Codes(uri) != want || e.Count("window/showMessage") > 0 {
			t.Errorf("%s: %s; %v", c.name, e.Codes(uri), e.All("window/showMessage"))
		}
		e.Shutdown()
	}
}

// The settings that were sent last count, and what is typed meanwhile is checked by them,
// however close they follow each other.
func TestSettingsInOrder(t *testing.T) {
	const uri = "file:///order/Dockerfile"
	e := dial(t, nil, lsptest.Options{Capabilities: map[string]any{"workspace": map[string]any{}}})
	e.Open(uri, "dockerfile", "FROM scratch\nMAINTAINER me\n")
	for round := range 100 {
		severity := 0
		for i := range 4 {
			severity = 1 + (round+i)%4
			e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
				"lint": map[string]any{"severity": map[string]any{"MaintainerDeprecated": []string{"error", "warning", "info", "hint"}[severity-1]}}}}})
			e.Replace(uri, fmt.Sprintf("FROM scratch\nMAINTAINER me %d %d\n", round, i))
		}
		e.AwaitPublished(uri)
		e.Await(fmt.Sprintf("severity %d in round %d", severity, round), func() bool {
			d := e.Diagnostics(uri)
			return len(d) == 1 && d[0].Severity == severity
		})
		e.Forget()
	}
	e.Shutdown()
}

// Severities are the author's, from the start and when they change.
func TestLintSeverity(t *testing.T) {
	dir := lsptest.Workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{"workspace": map[string]any{}},
		Init: map[string]any{"lint": map[string]any{"severity": map[string]any{"FromAsCasing": "off"}, "delay": 1}}})
	e.Open(uri, "dockerfile", "FROM scratch as base\nENV a b\n")
	e.Await("one of the two", func() bool { return e.Codes(uri) == "1:LegacyKeyValueFormat" })
	e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
		"lint": map[string]any{"severity": map[string]any{"LegacyKeyValueFormat": "error"}}}}})
	e.Await("both", func() bool { return e.Codes(uri) == "0:FromAsCasing 1:LegacyKeyValueFormat" })
	if d := e.Diagnostics(uri); d[0].Severity != 2 || d[1].Severity != 1 {
		t.Errorf("%+v", d)
	}
	e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
		"lint": map[string]any{"severity": map[string]any{"LegacyKeyValueFormat": "loud"}, "delay": "soon"}}}})
	e.Await("the complaint", func() bool { return len(e.All("window/showMessage")) == 1 })
	if m := string(e.All("window/showMessage")[0].Params); !contains(m, "lint.severity", "loud", "lint.delay") {
		t.Errorf("%s", m)
	}
	e.Shutdown()
}

func TestSettings(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\n")
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Init: map[string]any{"engine": "unix://" + dir + "/initial.sock"},
		Settings: map[string]any{"overlay": "some", "colour": "blue", "logLevel": nil}})
	e.Await("the complaint", func() bool { return len(e.All("window/showMessage")) == 1 })
	if m := string(e.All("window/showMessage")[0].Params); !strings.Contains(m, "overlay") || !strings.Contains(m, "colour") {
		t.Errorf("%s", m)
	}
	var result struct{ Error struct{ Message string } }
	if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}, &result); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(result.Error.Message, "initial.sock") {
		t.Errorf("the initial setting was not used: %+v", result)
	}
	e.Shutdown()
}

// A client that never answers about its configuration still gets its build.
func TestMuteConfiguration(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\n")
	e := dial(t, []string{"BUILDLS_ENGINE=unix://" + dir + "/none.sock"}, lsptest.Options{Folders: []string{dir}, Mute: true})
	var result struct{ Status string }
	if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}, &result); err != nil || result.Status != "failed" {
		t.Errorf("%+v, %v", result, err)
	}
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
		{map[string]any{"engineConfig": "buildkitd.toml"}, `setting buildls.engineConfig: "buildkitd.toml" is no absolute path`},
		{map[string]any{"offlineFrontend": "perhaps"}, `setting buildls.offlineFrontend: "perhaps" is not one of fail, builtin`},
		{map[string]any{"build": map[string]any{"!x": map[string]any{}}}, `setting buildls.build: "!x" is no pattern`},
		{map[string]any{"build": map[string]any{"x": map[string]any{"uri": "y"}}}, `setting buildls.build: x: "uri" has no place there`},
		{map[string]any{"onSave": "maybe"}, `setting buildls.onSave: "maybe" is not one of nothing, build`},
		{map[string]any{"buildOn": "maybe"}, `setting buildls.buildOn: "maybe" is not one of command, save, type`},
		{map[string]any{"buildOnType": map[string]any{"stopAfter": -1}}, `setting buildls.buildOnType.stopAfter: it must be a number of minutes, from 0 to 1440`},
	} {
		e := dial(t, nil, lsptest.Options{Settings: c.settings})
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

// Which rules there are is the author's; hadolint's numbers name BuildKit's rules too.
func TestLintRules(t *testing.T) {
	dir := lsptest.Workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{"workspace": map[string]any{}}})
	set := func(rules string, severity map[string]any) {
		e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"buildls": map[string]any{
			"lint": map[string]any{"rules": rules, "severity": severity}}}})
	}
	e.Open(uri, "dockerfile", "FROM debian\nMAINTAINER me\nRUN cd /x\n")
	e.Await("what is recommended", func() bool { return e.Codes(uri) == "0:DL3006 1:MaintainerDeprecated" })
	if d := e.Diagnostics(uri)[0]; d.Severity != 3 || d.Range.Start.Character != 5 || d.Range.End.Character != 11 {
		t.Errorf("%+v", d)
	}
	set("buildkit", map[string]any{})
	e.Await("BuildKit's alone", func() bool { return e.Codes(uri) == "1:MaintainerDeprecated" })
	set("all", map[string]any{"DL4000": "off", "DL3057": "off", "DL3006": "error"})
	e.Await("all but some", func() bool { return e.Codes(uri) == "0:DL3006 2:DL3003" })
	if d := e.Diagnostics(uri)[0]; d.Severity != 1 {
		t.Errorf("%+v", d)
	}
	set("all", map[string]any{"DL4000": "off", "MaintainerDeprecated": "error"})
	e.Await("the name before the number", func() bool { return e.Codes(uri) == "0:DL3057 0:DL3006 1:MaintainerDeprecated 2:DL3003" })
	e.Shutdown()
}

// A name that a bake file gives to a context is no image without a tag.
func TestLintKnowsContexts(t *testing.T) {
	const text = "FROM scratch\nCOPY --from=lib /a /\nMAINTAINER me\n"
	dir := lsptest.Workspace(t, "docker-bake.json", `{"target": {"x": {"dockerfile": "Dockerfile", "contexts": {"lib": "./lib"}}}}`, "Dockerfile", text, "Dockerfile.alone", text, "lib/a", "")
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}})
	for name, want := range map[string]string{"Dockerfile.alone": "1:DL3022 2:MaintainerDeprecated", "Dockerfile": "2:MaintainerDeprecated"} {
		uri := "file://" + dir + "/" + name
		e.Open(uri, "dockerfile", text)
		e.AwaitPublished(uri)
		if got := e.Codes(uri); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	e.Shutdown()
}
