package main

import (
	"os/user"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// The home is known although the environment does not say it, a folder that holds it is no
// context either, and a sentence says which folder was not taken.
func TestHomeIsKnown(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	above := workspace(t, "me/x", "", "Dockerfile", copyAll)
	for folder, c := range map[string]struct{ home, says string }{
		above:         {above + "/me", "the folder that is open is " + above + ", which holds your home directory"},
		above + "/me": {above + "/me", "your home directory, which is not taken unasked"},
		me.HomeDir:    {"", "your home directory"},
		"/":           {above, "the root of the file system, which is not taken unasked"},
	} {
		e := newEditor(t, program(t, []string{"HOME=" + c.home}), lsptest.Options{Folders: []string{folder}})
		e.Open("untitled:new", "dockerfile", copyAll)
		err := e.Execute("buildls.context", map[string]any{"uri": "untitled:new"}, new(any))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "open a folder in it") {
			t.Errorf("%s, HOME=%s: %v", folder, c.home, err)
		}
		if folder == above {
			err := e.Execute("buildls.context", map[string]any{"uri": "file://" + above + "/Dockerfile"}, new(any))
			if err == nil || !strings.Contains(err.Error(), "lies in "+above+", which holds your home directory") {
				t.Errorf("a Dockerfile beside the home: %v", err)
			}
		}
		e.Shutdown()
	}
}

const copyAll = "FROM scratch\nCOPY . /\n"

// A Dockerfile that is not saved builds without a folder, unless it takes files: then one
// sentence says what to do.
func TestBuildWithoutContext(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		e := newEditor(t, program(t, s.env), lsptest.Options{})
		for text, line := range map[string]int{
			"FROM scratch\nLABEL a=b\n": -1, "FROM scratch\n\nCOPY . /\n": 2, "FROM scratch\nCOPY a /\n": 1, "FROM scratch\nCOPY *.go /\n": 1,
		} {
			e.Open("untitled:new", "dockerfile", text)
			var got struct {
				Status string
				Error  *struct {
					Message string
					Range   *lsptest.Range
				}
			}
			if err := e.Execute("buildls.build", map[string]any{"uri": "untitled:new", "wait": true}, &got); err != nil {
				t.Fatal(err)
			}
			switch {
			case line < 0 && got.Status != "succeeded":
				t.Errorf("%q: %+v", text, got.Error)
			case line >= 0 && (got.Error == nil || got.Error.Range == nil || got.Error.Range.Start.Line != line || !strings.Contains(got.Error.Message, "save it, open a folder, or set buildls.context")):
				t.Errorf("%q: %s, %+v", text, got.Status, got.Error)
			}
		}
	})
}
