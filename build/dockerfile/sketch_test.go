package dockerfile

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// needOfWhole is what ContextNeeds says, by a conversion of the whole text.
func needOfWhole(ctx context.Context, f *File, given Given) (*ContextNeed, error) {
	text := append(slices.Clip(f.text), "\nFROM scratch\n"...)
	for i := range stagesOf(f.Instructions()) {
		text = fmt.Appendf(text, "COPY --from=%d / /\n", i)
	}
	return Parse(text).contextNeed(ctx, given)
}

// agree says what two ways find, if the whole text can be converted. It remembers what was found
// before in needs.
func agree(t *testing.T, needs *ContextNeeds, text string, given Given) (taken int) {
	t.Helper()
	whole, err := needOfWhole(t.Context(), Parse([]byte(text)), given)
	if err != nil {
		return 0
	}
	got, err := needs.OfAll(t.Context(), Parse([]byte(text)), given)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, uses := range [][]ContextUse{got.Uses, whole.Uses} {
		for i := range uses { // of several that are one op, either has the name
			uses[i].Name, _, _ = strings.Cut(uses[i].Name, " ")
		}
	}
	if a, b := fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", *whole); a != b {
		t.Fatalf("got  %s\nwant %s\n%s", a, b, text)
	}
	return len(whole.Uses)
}

// BuildKit's own Dockerfiles.
func TestSketchOfBuildKit(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	err = filepath.WalkDir(strings.TrimSpace(string(dir)), func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "Dockerfile") && !e.IsDir() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			taken += agree(t, new(ContextNeeds), string(text), Given{})
		}
		return err
	})
	if err != nil || taken < 40 {
		t.Fatal(err, taken)
	}
}

// randomLines are what Dockerfiles at random are made of.
var randomLines = []string{
	"FROM a", "FROM a AS b", "FROM b AS c", "FROM $V AS d", "FROM c$W AS e", "FROM \"b\" AS f", "FROM --platform=linux/arm64 d", "FROM known AS g", "FROM c1 as c2", "FROM c AS C1",
	"ARG V=b", "ARG W=1", "ARG W", "ENV P=src W=2", "ENV P=$P/x", "WORKDIR /w", "WORKDIR $P", "# a comment", "", "USER u", "LABEL a=b", "CMD x", "RUN make",
	"COPY a /", "COPY $P $W.txt /", "COPY --from=b a /", "COPY --from=0 a /", "COPY --from= a /", "COPY --link --chown=$V x\\\n# c\n  y /z/", "COPY <<E /x\nFROM q\nE", "COPY [\"a b\", \"/\"]",
	"ADD https://example.com/a /", "ADD a http://example.com/b /", "ADD https://example.com/a c /", "ADD --exclude=*.md . .",
	"RUN --mount=target=. make", "RUN --mount=type=cache,target=/c make", "RUN --mount=from=b,target=/b --mount=type=bind,source=$P,target=t make", "RUN --mount=type=tmpfs,target=/t x", "RUN --mount=type=secret,id=x x",
	"RUN --mount=type=$V,target=/b x", "RUN --mount=type=cache,type=bind,target=/b x", "RUN --mount=\"target=/q,source=q\" <<E\nCOPY no\nE", "RUN --mount=from=B,target=/q --mount=source=r,target=/r x", "RUN --mount=\"from=C,target=/q\" x", "RUN --mount=from=Up_,source=$P,target=/q x", "FROM a AS Up_", "COPY --from=+0 a /",
	"ONBUILD COPY o /", "ONBUILD RUN --mount=target=/o x",
}

// withTriggers are images of which one has a trigger.
var withTriggers = Images{"docker.io/library/known:latest": []byte(`{"os":"linux","architecture":"amd64","config":{"Env":["P=image"],"OnBuild":["COPY triggered /"]}}`)}

// Stages at random, edited line by line.
func TestSketchRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range enginetest.Some(60) {
		var needs ContextNeeds
		var text []string
		for range 5 + rnd.IntN(25) {
			text = append(text, randomLines[rnd.IntN(len(randomLines))])
		}
		text = append([]string{"ARG V=c", "ARG W", "FROM a AS first"}, text...)
		given := Given{}
		if rnd.IntN(2) == 0 {
			given = Given{Args: map[string]string{"W": "1"}, Images: withTriggers}
		}
		for range 10 {
			taken += agree(t, &needs, strings.Join(text, "\n"), given)
			text[2+rnd.IntN(len(text)-2)] = randomLines[rnd.IntN(len(randomLines))]
			text[2] = "FROM a AS first"
		}
	}
	if t.Log(taken, "instructions take something"); taken < enginetest.Some(100) {
		t.Error("nearly nothing could be converted")
	}
}

// What a build needs of a Dockerfile has the keys that it has in the whole.
func TestReachedRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	stages, less := 0, 0
	for range enginetest.Some(6000) {
		text := []string{"ARG V=c", "ARG W", "FROM a AS first"}
		for range 5 + rnd.IntN(25) {
			text = append(text, randomLines[rnd.IntN(len(randomLines))])
		}
		f := Parse([]byte(strings.Join(text, "\n")))
		b := &Baseline{File: f, Target: []string{"", "b", "E"}[rnd.IntN(3)]}
		if rnd.IntN(2) == 0 {
			b.Images = withTriggers
		}
		whole := f.sketch(f.Instructions())
		want := b.keysOf(t.Context(), f)
		if want == nil {
			continue
		}
		if got := b.cacheKeys(t.Context(), f); !maps.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v\n%q of %s", got, want, b.Target, f)
		}
		stages++
		if len(f.reached(b.Target, b.triggers()).rows) < len(whole.rows) {
			less++
		}
	}
	if t.Logf("%d are converted, %d of them not whole", stages, less); less < enginetest.Some(50) {
		t.Error("nearly all are converted whole")
	}
}
