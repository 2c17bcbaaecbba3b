package main

import (
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

func TestTargets(t *testing.T) {
	e := edit(t, nil, workspace(t))
	e.Open("untitled:Untitled-1", "dockerfile", "# compiles\nFROM golang AS build\nRUN make\nFROM --platform=linux/arm64 scratch\n")
	var targets []struct {
		Name, Base, Platform string
		Default              bool
		Range                lsptest.Range
	}
	if err := e.Execute("buildls.targets", nil, &targets); err != nil {
		t.Fatal(err)
	}
	if len(targets) != 2 || targets[0].Name != "build" || targets[0].Range.String() != "1:0-1:20" || !targets[1].Default || targets[1].Platform != "linux/arm64" {
		t.Errorf("%+v", targets)
	}
	e.Shutdown()
}
