package build

import (
	"strings"
	"testing"

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
		step := recordedStep{Step{Name: "[1/2] FROM a", Status: Done}, digest.FromBytes(def.Def[0]), text}
		return &Record{Engine: "one", steps: []recordedStep{step}, defs: []definition{{"", def}}, idle: idle}
	}
	last, now := record("FROM a AS b\n", map[string]int{"FROM a\n": 1}), record("FROM a\n", nil)
	if why := now.Explain(last); !strings.HasPrefix(why[0], "an image is looked up in every build") {
		t.Error(why)
	}
}
