package language

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// longScript is the longest that is read.
const longScript = 32 << 10

// TestHostile reads texts that are nested or repeated as far as they may be.
func TestHostile(t *testing.T) {
	for name, text := range map[string]string{
		"nested commands": "FROM scratch\nRUN " + strings.Repeat("$(", longScript/2-1) + "\n",
		"nested blocks":   "FROM scratch\nRUN " + strings.Repeat("(", longScript-1) + "\n",
		"too long":        "FROM scratch\nRUN <<E\n" + strings.Repeat("(", dockerfile.MaxBytes-100) + "\nE\n",
		"many places":     "FROM scratch\nENV A=1\nRUN " + strings.Repeat("$A ", 300_000) + "\n",
		"many variables":  "FROM scratch\n" + strings.Repeat("ENV A=$A\n", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			n := NamesOf(dockerfile.Parse([]byte(text)))
			at := strings.Index(text, "A=1")
			_, err := n.Rename(max(at, 0), "B")
			if at >= 0 && (err == nil || !strings.Contains(err.Error(), "more than 10000 places")) {
				t.Error(err)
			}
			n.Complete(len(text), Given{})
			n.Tokens(0, n.Rows()-1, nil)
			Selection(n.file, len(text)/2)
		})
	}
}
