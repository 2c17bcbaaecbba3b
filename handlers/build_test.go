package handlers_test

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A Dockerfile may be closed before its build has begun.
func TestClosedBeforeItIsBuilt(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\n")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, []string{"BUILDLS_ENGINE=unix://" + dir + "/none.sock"}, dir)
	for range 50 {
		e.Open(uri, "dockerfile", "FROM scratch\nMAINTAINER me\n")
		answer := e.Send("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{map[string]any{"uri": uri, "wait": true}}})
		e.Close(uri)
		var r struct {
			Status string
			Error  struct{ Message string }
		}
		if err := answer(&r); err != nil || r.Status != "failed" || !strings.Contains(r.Error.Message, "none.sock") {
			t.Fatalf("%v: %+v", err, r.Error)
		}
		e.Await("nothing shown", func() bool { return len(e.Diagnostics(uri)) == 0 })
	}
	e.Shutdown()
}
