package main

import (
	"encoding/json"
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
		e := lsptest.New(t, program(t, nil), lsptest.Options{Settings: decode(c.answer), Init: decode(`{"lint": {"severity": {"JSONArgsRecommended": "off", "MaintainerDeprecated": null}}}`)})
		e.Open(uri, "dockerfile", "FROM scratch\nCMD serve\nRUNN a mistake\n")
		e.Notify("workspace/didChangeConfiguration", decode(c.pushed))
		want := strings.TrimSpace(c.said + " 2:syntax")
		e.Await(c.name+": "+want, func() bool { return codes(e, uri) == want })
		e.Notify("workspace/didChangeConfiguration", decode(c.pushed))
		if e.Execute("buildls.profiles", nil, new(any)) != nil || codes(e, uri) != want || e.Count("window/showMessage") > 0 {
			t.Errorf("%s: %s; %v", c.name, codes(e, uri), e.All("window/showMessage"))
		}
		e.Shutdown()
	}
}
