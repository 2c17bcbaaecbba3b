package language

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
)

// buildkits are the Dockerfiles of BuildKit's own repository, those of its parser's tests too.
func buildkits(t testing.TB) (texts []string) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(strings.TrimSpace(string(dir)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(strings.ToLower(d.Name()), "dockerfile") || strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		texts = append(texts, string(text))
		return err
	})
	if err != nil || len(texts) < 20 {
		t.Fatalf("%d Dockerfiles: %v", len(texts), err)
	}
	return texts
}

// edited is a text after a few random edits.
func edited(r *rand.Rand, text string) string {
	for range 1 + r.IntN(4) {
		at, end := r.IntN(len(text)+1), 0
		end = min(len(text), at+r.IntN(8))
		with := []string{"", "$A", "${B}", " ", "\n", "\\\n", "<<E\n", "ARG A\n", "ENV B=$A\n", "FROM scratch AS a\n", "'", "\"", "#"}[r.IntN(13)]
		text = text[:at] + with + text[end:]
	}
	return text
}

// TestRename renames everything that has a name, in BuildKit's own Dockerfiles and after random
// edits of them. A rename and one back are nothing, and what is renamed converts to the same LLB
// but for the name.
func TestRename(t *testing.T) {
	renames, converted := 0, 0
	for i, text := range buildkits(t) {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		rounds := 1 + enginetest.Some(20)
		if len(text) > 4<<10 {
			rounds = 2
		}
		for round := range rounds {
			now := text
			if round > 0 {
				now = edited(r, text)
			}
			a, b := renameAll(t, now)
			renames, converted = renames+a, converted+b
		}
	}
	if t.Logf("%d renames, %d of them converted", renames, converted); converted < 50 {
		t.Error("hardly anything was renamed")
	}
}

const freshName = "qzq9"

func renameAll(t *testing.T, text string) (renames, converted int) {
	f := dockerfile.Parse([]byte(text))
	before := definition(f, "")
	names := NamesOf(f)
	for _, s := range names.Symbols {
		for _, o := range s.Occurrences {
			at, same := names.At(o.Start)
			if at == nil || same.Start != o.Start || at.Name != s.Name {
				t.Fatalf("%s at %d is not found at its own place, but %v\n%s", s.Name, o.Start, at, text[:o.End])
			}
			if d, ok := names.Definition(s, o); ok && !slices.ContainsFunc(s.Occurrences, func(o Occurrence) bool { return o.Span == d.Span }) {
				t.Fatalf("the definition of %s at %d is none of its places\n%s", s.Name, o.Start, text)
			}
		}
		at := s.Occurrences[len(s.Occurrences)-1].Start
		edits, err := names.Rename(at, freshName)
		if err != nil {
			continue
		}
		if renames++; renames%40 > 0 && len(text) > 4<<10 {
			continue
		}
		now := dockerfile.Parse([]byte(Apply(text, edits)))
		back := at
		for _, e := range edits {
			if e.Start < at {
				back += len(freshName) - (e.End - e.Start)
			}
		}
		old := text[s.Occurrences[0].Start:s.Occurrences[0].End]
		undo, err := NamesOf(now).Rename(back, old)
		same := !slices.ContainsFunc(s.Occurrences, func(o Occurrence) bool { return text[o.Start:o.End] != old })
		if same && variableName.MatchString(old) && (err != nil || Apply(now.String(), undo) != text) {
			t.Fatalf("%s renamed and back: %v\n%s\n----\n%s", old, err, text, now)
		}
		if before == nil {
			continue
		}
		converted++
		after := definition(now, s.Name)
		if !slices.Equal(before, after) {
			t.Fatalf("%s renamed: another LLB: %s\n%s", s.Name, firstDifference(before, after), now)
		}
	}
	return renames, converted
}

// definition are the operations of all that a Dockerfile builds, without their inputs, in which
// freshName is written as name; nil if it cannot be converted.
func definition(f *dockerfile.File, name string) []string {
	res, err := f.Convert(context.Background(), dockerfile2llb.ConvertOpt{MetaResolver: dockerfile.Images(nil)})
	if err != nil {
		return nil
	}
	def, err := res.State.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		return nil
	}
	var list []string
	for _, d := range def.Def {
		var op pb.Op
		if op.UnmarshalVT(d) != nil {
			return nil
		}
		op.Inputs = nil
		if source := op.GetSource(); source != nil {
			delete(source.Attrs, "local.unique")
		}
		list = append(list, strings.ReplaceAll(op.String(), freshName, name))
	}
	return list
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\nis now\n" + b[i]
		}
	}
	return ""
}
