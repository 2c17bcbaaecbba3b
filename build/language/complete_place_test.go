package language

import (
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// A \r ends a line for the editor, and not for BuildKit: each place can be completed.
func TestCompleteBehindCarriageReturn(t *testing.T) {
	for _, text := range []string{"\r", "a\r", "#\r", "# c\r", "FROM a\nCOPY --from=\r", "RUN <<E\nx\r", "RUN <<E\nE\r", "RUN a \\\n\r", "RUN x\r\r\nRUN y\n", "a\r\r"} {
		names := NamesOf(dockerfile.Parse([]byte(text)))
		for offset := range len(text) + 1 {
			for _, item := range names.Complete(offset, Given{}) {
				if item.Span.Start < 0 || item.Span.Start > item.Span.End || item.Span.End > len(text) {
					t.Errorf("%q at %d: %+v", text, offset, item)
				}
			}
		}
	}
}
