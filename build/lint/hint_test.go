package lint

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// Of two names that are as much alike, the same is named each time, and once.
func TestSteadyHint(t *testing.T) {
	for range 20 {
		problems := Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte("ARG RIG=d:1\nARG RAG=1\nFROM ${REG}debian:12\nFROM ${REG}debian:13\n"))})
		said := 0
		for _, p := range problems {
			if p.Code == "UndefinedArgInFrom" {
				said++
				if !strings.Contains(p.Message, "did you mean RAG?") {
					t.Fatal(p.Message)
				}
			}
		}
		if said != 2 {
			t.Fatalf("%+v", problems)
		}
	}
}
