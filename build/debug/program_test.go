package debug

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
)

// programOf is the program of a text, without an engine. The images a, b and c have a layer each.
func programOf(t *testing.T, text, target string) *program {
	t.Helper()
	images := dockerfile.Images{}
	for _, name := range []string{"a", "b", "c"} {
		images["docker.io/library/"+name+":latest"] = []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`)
	}
	f := dockerfile.Parse([]byte(text))
	res, err := f.Convert(t.Context(), dockerfile2llb.ConvertOpt{Config: dockerui.Config{Target: target}, MetaResolver: images})
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProgram(t.Context(), build.Definition{Definition: def}, &dockerfile.Baseline{File: f, Target: target})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shown are the places of a program: the 1-based lines of the frames, the target first; the end of a
// stage is "end", and a place to which one has come back has a "<".
func (p *program) shown() string {
	var list []string
	for _, at := range p.places {
		var words []string
		for _, f := range at.frames {
			if in := f.instruction(); in != nil {
				words = append(words, fmt.Sprint(in.First+1))
			} else {
				words = append(words, "end")
			}
		}
		if at.back {
			words = append(words, "<")
		}
		list = append(list, strings.Join(words, "/"))
	}
	return strings.Join(list, " ")
}

func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct{ text, target, want string }{
		"one stage":       {"FROM a\nENV x=y\nRUN b\nCMD c\n", "", "1 3 end"},
		"stages":          {"FROM a AS one\nRUN b\nFROM one\nRUN c\nCOPY --from=one / /\n", "", "3 3/1 3/2 3/end 3/< 4 5 end"},
		"a target":        {"FROM a AS one\nRUN b\nFROM one\nRUN c\n", "ONE", "1 2 end"},
		"numbers, mounts": {"FROM a\nFROM b AS two\nFROM c\nRUN --mount=from=two,target=/y z\nCOPY --from=0 / /x\n", "", "3 4 4/2 4/end 4/< 5 5/1 5/end 5/< end"},
		"not needed":      {"FROM a AS no\nRUN b\nFROM c\nRUN d\n", "", "3 4 end"},
		"a variable":      {"ARG WHICH=one\nFROM a AS one\nRUN b\nFROM $WHICH\nRUN c\n", "", "4 4/2 4/3 4/end 4/< 5 end"},
		"nothing":         {"FROM scratch\nCMD x\n", "", "end"},
		"from nothing":    {"FROM scratch AS s\nFROM s\nCOPY --from=a /x /\n", "", "2 2/end 2/< 3 end"},
		"heredocs":        {"FROM a\nCOPY <<EOF /x\n1\nEOF\nRUN <<EOF\n2\nEOF\n", "", "1 2 5 end"},
		"links":           {"FROM a\nCOPY --link --from=b / /x\nWORKDIR /y\n", "", "1 2 3 end"},
		"twins":           {"FROM a AS one\nRUN b\nFROM a AS two\nRUN b\nFROM two\nCOPY --from=one / /x\n", "", "5 5/3 5/4 5/end 5/< 6 6/1 6/2 6/end 6/< end"},
	} {
		p := programOf(t, c.text, c.target)
		if got := p.shown(); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
		for i, at := range p.places { // what is built at a place is built at the next
			for _, in := range at.needs() {
				if _, err := p.graph.upTo(in); err != nil {
					t.Errorf("%s: place %d: %v", name, i, err)
				}
			}
		}
	}
}

// What is built beside a stop stands on nothing that waits there.
func TestFrontier(t *testing.T) {
	p := programOf(t, "FROM a AS one\nRUN 1\nFROM b AS two\nRUN 2\nFROM one\nRUN 3\nCOPY --from=two / /\n", "")
	names := func(line int) (list []string) {
		blocked := map[digest.Digest]bool{}
		for _, s := range p.stages {
			for _, in := range s.list {
				if in.First+1 == line {
					for _, o := range in.ops {
						blocked[o.digest] = true
					}
				}
			}
		}
		for _, in := range p.graph.frontier(blocked) {
			list = append(list, strings.Join(strings.Fields(p.of(digestOf(in), 0).Text), " "))
		}
		slices.Sort(list)
		return list
	}
	for line, want := range map[int]string{2: "[FROM a AS one RUN 2]", 6: "[RUN 1 RUN 2]", 7: "[RUN 2 RUN 3]", 99: "[COPY --from=two / /]"} {
		if got := fmt.Sprint(names(line)); got != want {
			t.Errorf("line %d: %s, not %s", line, got, want)
		}
	}
}
