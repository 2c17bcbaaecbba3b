package handlers_test

import (
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// What is no Dockerfile has no lens and no hint, and neither has what is not open.
func TestLensesOfOtherFiles(t *testing.T) {
	e := edit(t, nil, lsptest.Workspace(t))
	e.Open("untitled:notes", "plaintext", "FROM scratch\n")
	for _, uri := range []string{"untitled:notes", "untitled:closed"} {
		if lenses, hints := e.Lenses(uri), e.Hints(uri, 0, 9); len(lenses)+len(hints) > 0 {
			t.Errorf("%s: %+v, %+v", uri, lenses, hints)
		}
	}
	e.Shutdown()
}
