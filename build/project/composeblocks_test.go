package project

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestComposeBlocks edits a compose file at random, with one Reader, which must say what one says
// that reads it for the first time: also where everything is written.
func TestComposeBlocks(t *testing.T) {
	lines := strings.Split(`services:
  a:
  b:
  c: {build: ./c}
  d:  # a comment
    build: d
    build:
      context: x
      context: ${X}
      context: "x
      args: {V: 1, W: $W}
      args:
        V: "ü"
        - E
      - E=${X:-x}
      target: t
      target: |
      tags: [a, b,
      secrets: [s]
      isolation: hyperv
      dockerfile_inline: FROM scratch
      additional_contexts: {o: service:a}
      platforms: *p
    image: i
    image: &p i
    image: "b: y"
    platform: !reset linux/amd64
    extends: a
    <<: {image: m}
    labels: >-
  y"
 x: 1
# a comment
  # a comment

name: n
name: ${X}
include: [other.yaml]
secrets:
  s: {file: s}
  s: {environment: E}
volumes:
  v:
x-other: {a: [
  1: b
  null:
  - c
---
"e": f
	tab: 1`, "\n")
	rnd := rand.New(rand.NewPCG(7, 1))
	remembered := 0
	for range 100 {
		files := map[string]string{"other.yaml": "services: {o: {build: o}}\n"}
		env := map[string]string{}
		var text []string
		for i := range 6 {
			text = append(text, fmt.Sprintf("  s%d:\n    build:\n      context: s%d", i, i), "      args: {V: $X}")
		}
		text = append(append([]string{"services:"}, text...), "secrets:", "  s: {file: s}", "volumes:", "  v:", "")
		good := strings.Join(text, "\n")
		r := NewReader("/x")
		for range 30 {
			switch i, line := 1+rnd.IntN(len(text)-1), lines[rnd.IntN(len(lines))]; rnd.IntN(12) {
			case 0, 1, 2:
				text[i] = line
			case 3, 4:
				text[i] += " "
			case 5, 6:
				text = append(text[:i:i], append([]string{line}, text[i:]...)...)
			case 7:
				text = append(text[:i:i], text[i+1:]...)
			case 8:
				env["X"] = line
			case 9:
				files[".env"] = "W=w"
			default: // an author mends what is wrong
				text = strings.Split(good, "\n")
				delete(files, ".env")
			}
			if len(text) < 2 {
				text = strings.Split(good, "\n")
			}
			files["compose.yaml"] = strings.Join(text, "\n")
			was := r.blocks
			got, want := r.Read(sourceOf(files, env)), Read("/x", sourceOf(files, env))
			if was != nil && r.blocks == was {
				remembered++
			}
			for i := range min(len(got.Profiles), len(want.Profiles)) {
				for _, attr := range []string{"context", "args", "target", "tags", "secrets", "contexts", "platforms"} {
					a, ok := got.Profiles[i].Where(attr, "")
					b, ok2 := want.Profiles[i].Where(attr, "")
					if a != b || ok != ok2 {
						t.Fatalf("%s of %s is at %v, without a memory at %v\n%s", attr, got.Profiles[i].Name, a, b, files["compose.yaml"])
					}
				}
			}
			unplace(got)
			unplace(want)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v; without a memory %+v\n%s", got, want, files["compose.yaml"])
			}
			if len(want.Problems) == 0 {
				good = files["compose.yaml"]
			}
		}
	}
	if t.Log(remembered, "readings from memory"); remembered < 200 {
		t.Error("too few")
	}
}
