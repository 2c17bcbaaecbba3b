package handlers_test

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A file of another machine is checked as it is typed, but its context is not here: one
// sentence says so, unless no file of it is needed or a directory is named.
func TestContextElsewhere(t *testing.T) {
	here := lsptest.Workspace(t, "a", "x")
	for _, folder := range []string{here, "", "file://wsl%24/docker-desktop/tmp", "vscode-remote://wsl%2Bubuntu/home/me"} {
		for _, uri := range []string{
			"file://wsl%24/docker-desktop/tmp/Dockerfile", "file://wsl$/docker-desktop/tmp/Dockerfile", "file://wsl.localhost/Ubuntu-22.04/home/me/Dockerfile",
			"file://server/share/Dockerfile", "vscode-remote://wsl%2Bubuntu/home/me/Dockerfile", "vscode-vfs://github/a/b/Dockerfile", "untitled:Untitled-1",
		} {
			if uri == "untitled:Untitled-1" && !strings.Contains(folder, "://") { // which takes the folder that is open
				continue
			}
			t.Run(folder+" "+uri, func(t *testing.T) {
				opts := lsptest.Options{}
				if folder != "" {
					opts.Folders = []string{folder}
				}
				e := dial(t, nil, opts)
				e.Open(uri, "dockerfile", "FROM scratch\nCOPPY a /\nCOPY a /\n")
				e.Await("a mark", func() bool { return len(e.Diagnostics(uri)) > 0 })
				e.Replace(uri, "FROM scratch AS one\nCOPY . /app\n")
				var got struct{ Context string }
				if err := e.Execute("buildls.context", map[string]any{"uri": uri}, &got); err == nil || !strings.Contains(err.Error(), "is not on this machine") || !strings.Contains(err.Error(), "set buildls.context") {
					t.Errorf("the context is %q, %v", got.Context, err)
				}
				if err := e.Execute("buildls.context", map[string]any{"uri": uri, "context": here}, &got); err != nil || got.Context != here {
					t.Errorf("one that is named: %q, %v", got.Context, err)
				}
				var targets []struct{ Name string }
				if err := e.Execute("buildls.targets", map[string]any{"uri": uri}, &targets); err != nil || len(targets) != 1 {
					t.Errorf("targets: %v, %v", targets, err)
				}
				e.Replace(uri, "FROM scratch\nLABEL a=b\n")
				if err := e.Execute("buildls.context", map[string]any{"uri": uri}, &got); err != nil || got.Context != "" {
					t.Errorf("no file is needed: %q, %v", got.Context, err)
				}
			})
		}
	}
}
