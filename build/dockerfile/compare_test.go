package dockerfile

import (
	"fmt"
	"strings"
	"testing"
)

const comparedDockerfile = `ARG VERSION=1
FROM golang AS build
ARG VERSION
WORKDIR /src
COPY go.mod .
RUN --mount=type=cache,id=mod,target=/go/pkg go mod download
ARG TAGS=none
COPY . .
RUN go build
FROM golang AS test
RUN go test
FROM golang
LABEL a=b
ENV MODE=fast
COPY --from=build /src/app /
RUN /app --init
CMD ["/app"]
`

// compared says of the lines of an edited text which keep what was built (1k) and which
// would be built again (1R).
func compared(t *testing.T, b *Baseline, now string) string {
	t.Helper()
	var all []string
	for _, p := range b.Compare(t.Context(), Parse([]byte(now))) {
		switch {
		case p.Rebuild:
			all = append(all, fmt.Sprintf("%dR", p.Lines.First+1))
		case len(p.Built) > 0:
			all = append(all, fmt.Sprintf("%dk", p.Lines.First+1))
		}
	}
	return strings.Join(all, " ")
}

// An edit invalidates what BuildKit would not find in its cache, and nothing else.
func TestCompare(t *testing.T) {
	const all = "2k 4k 5k 6k 8k 9k 12k 15k 16k"
	for _, c := range []struct{ old, new, want string }{
		{"WORKDIR", "workdir", all},
		{"go build", " go   build", "2k 4k 5k 6k 8k 12k 15R 16R"}, // the shell sees it
		{"RUN go build", "RUN    go build", all},
		{"RUN go build", "RUN \\\n  # why\n  go build", "2k 4k 5k 6k 8k 9k 14k 17k 18k"},
		{"ARG VERSION=1", "# a comment\n# of two lines\nARG VERSION=1", "4k 6k 7k 8k 10k 11k 14k 17k 18k"},
		{"LABEL a=b", "LABEL a=c", all},
		{"CMD [\"/app\"]", "ENTRYPOINT [\"/app\"]\nEXPOSE 80", all},
		{"AS build\n", "AS maker\n", "12k 15R 16R"},   // what is taken from is now an image
		{"FROM", "FRM", "4R 5R 6R 8R 9R 12R 15R 16R"}, // while it is typed
		{"MODE=fast", "MODE=slow", "2k 4k 5k 6k 8k 9k 12k 15k 16R"},
		{"VERSION=1", "VERSION=2", "2k 4k 5k 6R 8R 9R 12k 15R 16R"},
		{"TAGS=none", "TAGS=x", "2k 4k 5k 6k 8k 9R 12k 15R 16R"},
		{"ARG TAGS=none\n", "", "2k 4k 5k 6k 7k 8R 11k 14R 15R"},
		{"COPY go.mod .", "COPY go.mod go.sum ./", "2k 4k 6R 8R 9R 12k 15R 16R"},
		{"COPY . .", "COPY --chmod=700 . .", "2k 4k 5k 6k 9R 12k 15R 16R"},
		{"FROM golang AS build", "FROM rust AS build", "4R 5R 6R 8R 9R 12k 15R 16R"},
		{"FROM golang\n", "FROM alpine\n", "2k 4k 5k 6k 8k 9k 15R 16R"},
		{"id=mod", "id=modules", all}, // what a cache mount is called is no part of the key
		{"target=/go/pkg", "target=/go/pkg/mod", "2k 4k 5k 8R 9R 12k 15R 16R"},
		{"RUN go test", "RUN go vet", all}, // it is not built
		{"RUN /app --init", "RUN /app --init\nRUN echo", all},
		{"COPY go.mod", "RUN echo new\nCOPY go.mod", "2k 4k 6R 7R 9R 10R 13k 16R 17R"},
		{"/src/app", "/src/bin", "2k 4k 5k 6k 8k 9k 12k 16R"},
	} {
		b := &Baseline{File: Parse([]byte(comparedDockerfile))}
		now := strings.Replace(comparedDockerfile, c.old, c.new, 1)
		if got := compared(t, b, now); got != c.want {
			t.Errorf("%q for %q:\n got %s\nwant %s", c.new, c.old, got, c.want)
		}
		if got := compared(t, b, comparedDockerfile); got != "1k 2k 3k 4k 5k 6k 7k 8k 9k 10k 11k 12k 13k 14k 15k 16k 17k" {
			t.Errorf("%q undone: %s", c.new, got)
		}
	}
}

// The platforms and the arguments of the build decide what a text becomes.
func TestCompareOptions(t *testing.T) {
	const text = "FROM alpine AS base-amd64\nRUN echo amd\nFROM alpine AS base-arm64\nRUN echo arm\nFROM base-$TARGETARCH\nARG A=1\nRUN echo $A\n"
	for _, c := range []struct {
		baseline *Baseline
		old, new string
		want     string
	}{
		{&Baseline{Platforms: []string{"linux/amd64"}}, "echo arm", "echo ARM", "1k 2k 7k"},
		{&Baseline{Platforms: []string{"linux/arm64"}}, "echo arm", "echo ARM", "3k 7R"},
		{&Baseline{Platforms: []string{"linux/amd64", "linux/arm64"}}, "echo amd", "echo AMD", "1k 3k 4k 7R"},
		{&Baseline{Platforms: []string{"linux/amd64"}}, "A=1", "A=2", "1k 2k 7R"},
		{&Baseline{Platforms: []string{"linux/amd64"}, BuildArgs: map[string]string{"A": "3"}}, "A=1", "A=2", "1k 2k 7k"},
		{&Baseline{Platforms: []string{"linux/amd64"}, Target: "base-arm64"}, "A=1", "A=2", "3k 4k"},
	} {
		b := c.baseline
		b.File = Parse([]byte(text))
		if got := compared(t, b, strings.Replace(text, c.old, c.new, 1)); got != c.want {
			t.Errorf("%q for %q with %v, %v, %q:\n got %s\nwant %s", c.new, c.old, b.Platforms, b.BuildArgs, b.Target, got, c.want)
		}
	}
}
