package handlers_test

import (
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Two spellings of one document are one file: what is wrong with it is shown once, under the
// spelling that was touched last, also where the file is not of this machine.
func TestDiagnosticsOfTwoSpellings(t *testing.T) {
	for _, spellings := range [][2]string{
		{"file://wsl%24/docker-desktop/tmp/Dockerfile", "file://wsl$/docker-desktop/tmp/Dockerfile"},
		{"file://wsl.localhost/Ubuntu/Dockerfile", "file://WSL$/Ubuntu/Dockerfile"},
		{"vscode-remote://wsl%2Bubuntu/home/me/Dockerfile", "vscode-remote://wsl+ubuntu/home/me/Dockerfile"},
		{"file:///tmp/a%20b/Dockerfile", "file:///tmp/a b/Dockerfile"},
	} {
		t.Run(spellings[0], func(t *testing.T) {
			e := edit(t, nil, lsptest.Workspace(t))
			shows := func(uri, other string) {
				t.Helper()
				e.Await("marks under "+uri+" alone", func() bool { return len(e.Diagnostics(uri)) == 1 && len(e.Diagnostics(other)) == 0 })
			}
			a, b := spellings[0], spellings[1]
			e.Open(a, "dockerfile", "FROM scratch\nCOPPY a /\n")
			shows(a, b)
			e.Open(b, "dockerfile", "FROM scratch\n\nCOPPY a /\n")
			shows(b, a)
			e.Change(a, 1, 3, 1, 3, "P")
			shows(a, b)
			e.Close(a)
			shows(b, a)
			e.Close(b)
			e.Await("no marks", func() bool { return len(e.Diagnostics(a)) == 0 && len(e.Diagnostics(b)) == 0 })
		})
	}
}
