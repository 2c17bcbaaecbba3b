package language

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
)

// TestCompletionParses completes at random places of BuildKit's own Dockerfiles, and after random
// edits of them: BuildKit's parser takes what a completion makes of a text that it took before.
func TestCompletionParses(t *testing.T) {
	given := Given{
		Args: map[string]string{"A": "1"}, Contexts: []string{"ctx"},
		Images:     func() []Image { return []Image{{Name: "example/image:1"}} },
		Files:      func(_, _ string) []File { return []File{{Name: "file"}, {"dir", true}} },
		StageFiles: func(StageRef, string) []File { return []File{{Name: "file"}, {"dir", true}} },
		Users:      func(StageRef) []string { return []string{"user"} },
		Shells:     func(StageRef) []string { return []string{"/bin/shell"} },
		Tags:       func(string) []string { return []string{"1.2"} },
		Digest:     func(string) string { return "sha256:" + strings.Repeat("0", 64) },
	}
	parses := func(text string) bool {
		_, err := parser.Parse(strings.NewReader(text))
		return err == nil
	}
	made := 0
	for i, text := range buildkits(t) {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		for round := range enginetest.Some(200) {
			now := text
			if round%2 > 0 {
				now = edited(r, text)
			}
			if len(now) > 4<<10 || now == "" {
				continue
			}
			offset := r.IntN(len(now))
			_, below, _ := strings.Cut(now[offset:], "\n")
			now = now[:offset] + "\n" + below // the author is writing the line
			if !parses(now) {
				continue
			}
			names := NamesOf(dockerfile.Parse([]byte(now)))
			for _, item := range names.Complete(offset, given) {
				if item.Doc == "directive escape" {
					continue // it changes what all below it is
				}
				if after := Apply(now, []Edit{{item.Span, item.Text}}); !parses(after) {
					t.Fatalf("%+v at %d of %q", item, offset, now)
				}
				made++
			}
		}
	}
	if t.Logf("%d completions", made); made < enginetest.Some(1000) {
		t.Error("hardly anything was completed")
	}
}
