package language

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// TestTokensRemembered edits BuildKit's own Dockerfiles at random: with a memory the tokens are those
// of who reads the text for the first time.
func TestTokensRemembered(t *testing.T) {
	for i, text := range buildkits(t) {
		if len(text) > 8<<10 {
			continue
		}
		r, memory := rand.New(rand.NewPCG(5, uint64(i))), &TokenMemory{}
		for range 40 {
			n := NamesOf(dockerfile.Parse([]byte(text)))
			want := n.Tokens(0, n.Rows()-1, nil)
			if got := n.Tokens(0, n.Rows()-1, memory); !slices.Equal(got, want) {
				t.Fatalf("from memory %v, and not %v, of %q", got, want, text)
			}
			text = edited(r, text)
		}
	}
}
