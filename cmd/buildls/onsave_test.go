package main

import (
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// With buildOn save, or onSave as it was called, a Dockerfile that is saved is built; nothing else
// is, and never twice.
func TestOnSave(t *testing.T) {
	for name, value := range map[string]string{"buildOn": "save", "onSave": "build"} {
		t.Run(name, func(t *testing.T) { savesWith(t, map[string]any{name: value}) })
	}
}

func savesWith(t *testing.T, settings map[string]any) {
	s := embeddedSite(t)
	sleep := newSleep()
	dir := workspace(t, "Dockerfile", base(t), "other.txt", "x")
	uri := "file://" + dir + "/Dockerfile"
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Settings: settings})
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
