package handlers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Whatever a client sends as its folder, the context is a directory that the author has
// opened, or the Dockerfile's own, or none: never a whole disk or home.
func TestContextNobodyChose(t *testing.T) {
	home := lsptest.Workspace(t, "Dockerfile", copyAll, "app/Dockerfile", copyAll, "app/one", "1", "app/sub/Dockerfile", copyAll, "file", "")
	app := filepath.Join(home, "app")
	for name, to := range map[string]string{"toRoot": "/", "toHome": "."} {
		if err := os.Symlink(to, filepath.Join(home, name)); err != nil {
			t.Fatal(err)
		}
	}
	folder := func(uris ...string) map[string]any {
		list := []map[string]any{}
		for _, u := range uris {
			list = append(list, map[string]any{"uri": u, "name": ""})
		}
		return map[string]any{"workspaceFolders": list}
	}
	root := func(uri any) map[string]any { return map[string]any{"rootUri": uri} }
	file := "file://" + home
	for name, params := range map[string]map[string]any{
		"empty root": root(""), "no root": root(nil), "nothing": {}, "no folders": folder(), "null folders": {"workspaceFolders": nil, "rootUri": ""},
		"empty folder": folder(""), "root": root("file:///"), "folder root": folder("file:///"), "many slashes": folder("file://///"), "host alone": root("file://"),
		"folder host alone": folder("file://"), "root by path": {"rootPath": "/", "rootUri": nil}, "root by dots": {"rootPath": "/tmp/.."}, "empty path": {"rootPath": ""},
		"gone": folder(file + "/gone"), "a file": folder(file + "/file"), "link to the root": folder(file + "/toRoot"), "link to the home": folder(file + "/toHome"),
		"home": folder(file), "home with a slash": root(file + "/"), "home by path": {"rootPath": home, "rootUri": nil},
		"root and home": folder("file:///", file),
		"an odd one":    folder("file://wsl$/Ubuntu/x", "http://[::1"),
	} {
		t.Run(name, func(t *testing.T) {
			e := connect(t, []string{"HOME=" + home}, lsptest.Options{})
			params["capabilities"], params["processId"] = map[string]any{}, nil
			if err := e.Call("initialize", params, new(json.RawMessage)); err != nil {
				t.Fatal(err)
			}
			e.Notify("initialized", map[string]any{})
			context := func(uri, chosen string) (string, string) {
				var got struct{ Context string }
				err := e.Execute("buildls.context", map[string]any{"uri": uri, "context": chosen}, &got)
				if err != nil {
					return "", err.Error()
				}
				return got.Context, ""
			}
			for uri, want := range map[string]string{file + "/app/Dockerfile": app, file + "/app/sub/Dockerfile": app + "/sub"} {
				if got, wrong := context(uri, ""); got != want {
					t.Errorf("%s: the context is %q, %s; want %q", uri, got, wrong, want)
				}
			}
			e.Open(file+"/Dockerfile", "dockerfile", copyAll)
			if got, wrong := context(file+"/Dockerfile", ""); got != "" || !strings.Contains(wrong, home) || !strings.Contains(wrong, "buildls.context") {
				t.Errorf("in the home directory: %q, %q", got, wrong)
			}
			if err := e.Execute("buildls.build", map[string]any{"uri": file + "/Dockerfile", "wait": true}, new(any)); err == nil || !strings.Contains(err.Error(), "this build has no context: Dockerfile lies in "+home) {
				t.Errorf("building in the home directory: %v", err)
			}
			if got, wrong := context(file+"/Dockerfile", home); got != home {
				t.Errorf("a home directory that is named: %q, %s", got, wrong)
			}
			e.Open("untitled:new", "dockerfile", "FROM scratch\nCOPY . /\n")
			if got, wrong := context("untitled:new", ""); got != "" || !strings.Contains(wrong, "open a folder") {
				t.Errorf("not saved: %q, %q", got, wrong)
			}
			e.Replace("untitled:new", "FROM scratch\nLABEL a=b\n")
			if got, wrong := context("untitled:new", ""); got != "" || wrong != "" {
				t.Errorf("not saved, and no files are needed: %q, %q", got, wrong)
			}
		})
	}
}

const copyAll = "FROM scratch\nCOPY . /\n"
