package language

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// TestCompleteTags completes at the |: behind the name of an image somebody is asked, elsewhere
// nobody.
func TestCompleteTags(t *testing.T) {
	for text, want := range map[string]string{
		"FROM alpine:|":  "tags of alpine: 3 3.20 edge",
		"FROM alpine:3|": "tags of alpine: 3 3.20",
		"FROM --platform=linux/arm64 localhost:1/a/b:|":   "tags of localhost:1/a/b: 3 3.20 edge",
		"FROM a\nCOPY --from=alpine:e|":                   "tags of alpine: edge",
		"FROM a\nRUN --mount=from=alpine:|,target=/x":     "tags of alpine: 3 3.20 edge",
		"# syntax=docker/dockerfile:3.|":                  "tags of docker/dockerfile: 3.20",
		"FROM alpine@|":                                   "digest of alpine: sha256:ab",
		"FROM alpine:3@sha256:|":                          "digest of alpine:3: sha256:ab",
		"FROM alpine:3@sha256:b|":                         "digest of alpine:3:",
		"FROM \\\n  alpine:|":                             "tags of alpine: 3 3.20 edge",
		"FROM alpine|":                                    "",
		"FROM registry.example.com:|":                     "",
		"FROM registry.example.com:50|":                   "",
		"FROM localhost:|":                                "",
		"FROM localhost:1/a|":                             "",
		"FROM scratch:|":                                  "",
		"FROM $base:|":                                    "",
		"FROM ${a:-b}:|":                                  "",
		"FROM Alpine:|":                                   "",
		"FROM https://x:|":                                "",
		"FROM :|":                                         "",
		"FROM @|":                                         "",
		"FROM a AS base\nFROM base:|":                     "",
		"FROM a AS base\nCOPY --from=Base:|":              "",
		"FROM alpine:3 a:|":                               "",
		"FROM a\nRUN alpine:|":                            "",
		"FROM a\nRUN --mount=type=cache,target=alpine:|":  "",
		"# escape=alpine:|":                               "",
		"FROM a\n# alpine:|":                              "",
		"FROM a\nCOPY --chown=alpine:|":                   "",
		"FROM a\nCOPY <<E /\nFROM alpine:|\nE":            "",
		"FROM a\nONBUILD COPY --from=alpine:3| /src /dst": "tags of alpine: 3 3.20",
	} {
		before, after, _ := strings.Cut(text, "|")
		asked := ""
		given := Given{
			Tags:   func(image string) []string { asked += "tags of " + image + ":"; return []string{"3", "3.20", "edge"} },
			Digest: func(image string) string { asked += "digest of " + image + ":"; return "sha256:ab" },
		}
		for _, item := range NamesOf(dockerfile.Parse([]byte(before+after))).Complete(len(before), given) {
			if asked != "" {
				asked += " " + item.Text
			}
		}
		if asked != want {
			t.Errorf("%q: %q, want %q", text, asked, want)
		}
	}
}
