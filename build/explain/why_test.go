package explain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/sent"
	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
)

// An image on which two stages stand is one vertex: the last build needed it, whichever of the
// two is left.
func TestWhySharedImage(t *testing.T) {
	def, err := llb.Image("a").Run(llb.Shlex("true")).Root().Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	record := func(text string, idle map[string]int) *Record {
		step := recordedStep{build.Step{Name: "[1/2] FROM a", Status: build.Done}, digest.FromBytes(def.Def[0]), keyOf(text), text}
		return &Record{Engine: "one", steps: []recordedStep{step}, defs: []build.Definition{{Definition: def}}, idle: idle}
	}
	last, now := record("FROM a AS b\n", map[string]int{keyOf("FROM a\n"): 1}), record("FROM a\n", nil)
	if why := now.Explain(last); !strings.HasPrefix(why[0], "an image is looked up in every build") {
		t.Error(why)
	}
}

func TestNameDifferences(t *testing.T) {
	var list []sent.Difference
	for i := range 12 {
		list = append(list, sent.Difference{Path: fmt.Sprintf("f%d", i), What: "changed"})
	}
	list[1].What = "is new"
	if got := nameDifferences(list); got != "f0, f2, f3, f4, f5, f6, f7, f8, f9 changed; f1 is new; and 2 more" {
		t.Error(got)
	}
}

func TestMatcherOf(t *testing.T) {
	for _, c := range []struct {
		path    dockerfile.ContextPath
		yes, no string
	}{
		{dockerfile.ContextPath{Path: "/"}, "a a/b", ""},
		{dockerfile.ContextPath{Path: "/src/"}, "src src/a src/a/b", "srcs a/src"},
		{dockerfile.ContextPath{Path: "src/*.go", Wildcards: true}, "src/a.go src/a.go/b", "src/a.c src a.go"},
		{dockerfile.ContextPath{Path: "/", Include: []string{"a/*.go"}, Exclude: []string{"a/b.go"}}, "a/c.go", "a/b.go a b"},
		{dockerfile.ContextPath{Path: "/src", Exclude: []string{"b"}}, "src/a", "src/b src/b/c"},
	} {
		match, err := matcherOf(c.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(c.yes) {
			if !match(name) {
				t.Errorf("%+v does not take %s", c.path, name)
			}
		}
		for _, name := range strings.Fields(c.no) {
			if match(name) {
				t.Errorf("%+v takes %s", c.path, name)
			}
		}
	}
}
