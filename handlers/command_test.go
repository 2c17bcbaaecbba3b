package handlers_test

import (
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Wrong arguments are InvalidParams, and the message names what is wrong.
func TestWrongArguments(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch AS base\nFROM base AS app\n")
	e := edit(t, nil, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch AS base\nFROM base AS app\n")
	for _, c := range []struct {
		argument map[string]any
		want     string
	}{
		{map[string]any{"tagets": 1}, `unknown field "tagets"`},
		{map[string]any{"target": 1}, `"target" must not be a JSON number`},
		{map[string]any{"target": "nope"}, `unknown target "nope" in Dockerfile; it has base, app`},
		{map[string]any{"uri": "file://" + dir + "/gone"}, "no such file"},
		{map[string]any{"uri": "untitled:gone"}, "untitled:gone is not open"},
		{map[string]any{"tags": []string{"UPPER"}}, `tag "UPPER"`},
		{map[string]any{"platforms": []string{"linux/vax/1/2"}}, `platform "linux/vax/1/2"`},
		{map[string]any{"engine": "nope"}, `unknown engine "nope"`},
		{map[string]any{"context": "/nowhere/at/all"}, "does not exist"},
		{map[string]any{"context": "ftp://example.com/x.git"}, "ftp:// is not known"},
		{map[string]any{"contexts": map[string]string{"a": "/nowhere/at/all"}}, "a: context /nowhere/at/all does not exist"},
	} {
		err := e.Execute("buildls.build", c.argument, nil)
		if lsptest.Code(err) != jsonrpc2.CodeInvalidParams || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want InvalidParams with %q", c.argument, err, c.want)
		}
	}
	e.Close(uri)
	if err := e.Execute("buildls.build", nil, nil); lsptest.Code(err) != jsonrpc2.CodeInvalidParams || !strings.Contains(err.Error(), "no Dockerfile is open") {
		t.Errorf("nothing open: %v", err)
	}
	if err := e.Execute("buildls.nope", nil, nil); lsptest.Code(err) != jsonrpc2.CodeInvalidParams {
		t.Errorf("unknown command: %v", err)
	}
	e.Shutdown()
}
