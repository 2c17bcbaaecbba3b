package lint

import (
	"context"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// TestLongLine checks a line that BuildKit's parser does not read, alone in its instruction, and
// what stands around it.
func TestLongLine(t *testing.T) {
	text := "FROM scratch\nRUN " + strings.Repeat("x", maxLine) + "\nRUNN y\n"
	problems := Check(context.Background(), File{Dockerfile: dockerfile.Parse([]byte(text))})
	if len(problems) != 2 || !strings.HasPrefix(problems[0].Message, "dockerfile line greater than max allowed size") || problems[0].Lines.First != 1 || problems[1].Lines.First != 2 {
		t.Errorf("%+v", problems)
	}
}
