package format

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint/linttest"
)

// layered takes each image for one with a layer and a shell's environment.
type layered struct{}

func (layered) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, digest.FromString(ref), []byte(`{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin","BASE=1"]},"rootfs":{"type":"layers","diff_ids":["` + digest.FromString(ref) + `"]}}`), nil
}

// builds are what BuildKit's converter makes of each stage of a text: the steps without what is
// said of them, and the image's configuration without its history.
func builds(ctx context.Context, text string) (all []string, err error) {
	f := dockerfile.Parse([]byte(text))
	stages, err := f.Stages()
	if err != nil {
		return nil, err
	}
	targets := []string{""}
	for _, s := range stages {
		if s.Name != "" {
			targets = append(targets, s.Name)
		}
	}
	for _, target := range targets {
		platform := platforms.MustParse("linux/amd64")
		opt := dockerfile2llb.ConvertOpt{MetaResolver: layered{}, TargetPlatform: &platform}
		opt.Target, opt.BuildArgs = target, map[string]string{"VERSION": "2", "TOKEN": "$x"}
		res, err := f.Convert(ctx, opt)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", target, err)
		}
		def, err := res.State.Marshal(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, steps(def)...)
		image := *res.Image
		image.History, image.Created = nil, nil
		config, err := json.Marshal(image)
		if err != nil {
			return nil, err
		}
		all = append(all, string(config))
	}
	return all, nil
}

// steps are the operations of a definition. A vertex comes after those that it stands on.
func steps(def *llb.Definition) (list []string) {
	known := map[string]string{}
	for _, raw := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			panic(err)
		}
		for _, in := range op.Inputs {
			in.Digest = known[in.Digest]
		}
		delete(op.GetSource().GetAttrs(), pb.AttrLocalUniqueID) // of each conversion
		dt, err := json.Marshal(&op)
		if err != nil {
			panic(err)
		}
		known[digest.FromBytes(raw).String()] = digest.FromBytes(dt).String()
		list = append(list, string(dt))
	}
	return list
}

// sameBuild formats a text and compares what is built of it before and after, and formats it again.
// It says whether the text can be built.
func sameBuild(t *testing.T, text string, style Style) bool {
	t.Helper()
	r, err := Format(t.Context(), dockerfile.Parse([]byte(text)), style)
	if err != nil {
		return false
	}
	now := r.Text()
	if made := applied(text, r.Edits()); made != now {
		t.Errorf("%q: edits make\n%q\nof it, not\n%q", text, made, now)
	}
	if again := formatted(t, now, style).Text(); again != now {
		t.Errorf("%q:\nbecomes %q\nand then %q", text, now, again)
	}
	before, errBefore := builds(t.Context(), text)
	after, errAfter := builds(t.Context(), now)
	if (errBefore == nil) != (errAfter == nil) || !slices.Equal(before, after) {
		t.Errorf("%q\nbecomes\n%q, which is not built as before: %v, %v\n%s\n%s", text, now, errBefore, errAfter, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	return errBefore == nil
}

// A formatted text has the same steps and images as before, for each stage. BuildKit's converter
// says so, which the proof does without.
func TestSameBuild(t *testing.T) {
	built := 0
	for _, sheet := range enginetest.Sample(linttest.Corpus(t)) {
		for _, style := range []Style{usual, {Indent: "\t", LineBreak: "\n"}, {LineBreak: "\r\n", KeepEnd: true, KeepTrailing: true}} {
			if sameBuild(t, sheet.Dockerfile, style) {
				built++
			}
		}
	}
	if built < enginetest.Some(100) {
		t.Errorf("only %d could be built", built)
	}
}

// mangled is a text with small changes, most of them to what formatting is about.
func mangled(r *rand.Rand, text string) string {
	for range 1 + r.IntN(8) {
		if text == "" {
			return text
		}
		at := r.IntN(len(text) + 1)
		lines := strings.SplitAfter(text, "\n")
		line := r.IntN(len(lines))
		switch r.IntN(12) {
		case 0, 1, 2: // more blanks where there is one
			if i := strings.IndexAny(text[at:], " \t"); i >= 0 {
				at += i
			}
			text = text[:at] + []string{" ", "\t", "   ", " \\\n", " \\\n  ", "\\\n", "\u00a0", "\f"}[r.IntN(8)] + text[at:]
		case 3:
			lines[line] = []string{" ", "\t", "    "}[r.IntN(3)] + lines[line]
			text = strings.Join(lines, "")
		case 4:
			lines[line] = []string{"\n", "\n\n\n", "  \n", "# x\n", "  # y  \n", "# buildls format off\n", "# buildls format on\n", "\\\n", "  # check=skip=all\n", "# escape=`\n"}[r.IntN(10)] + lines[line]
			text = strings.Join(lines, "")
		case 5:
			if body, ok := strings.CutSuffix(lines[line], "\n"); ok {
				lines[line] = body + []string{" \n", "\r\n", " \\\n", "`\n", "\t \n", "\r\r\n"}[r.IntN(6)]
			}
			text = strings.Join(lines, "")
		case 6:
			lines[line] = strings.ToLower(lines[line])
			text = strings.Join(lines, "")
		case 7:
			text = strings.ReplaceAll(text, ", ", ",")
		case 8:
			text = strings.TrimRight(text, "\n")
		case 9:
			end := min(len(text), at+r.IntN(4))
			text = text[:at] + text[end:]
		case 10:
			text = text[:at] + string(" \t\n\\\"'#=,[]$`-<E\r"[r.IntN(17)]) + text[at:]
		case 11:
			lines[line] = strings.ReplaceAll(lines[line], " ", "  ")
			text = strings.Join(lines, "")
		}
	}
	return text
}

func TestSameBuildRandom(t *testing.T) {
	corpus := linttest.Corpus(t)
	built, all := 0, enginetest.Some(1200)
	for seed := range uint64(all) {
		r := rand.New(rand.NewPCG(seed, 15))
		text := corpus[r.IntN(len(corpus))].Dockerfile
		if r.IntN(2) == 0 {
			text = linttest.Scribe{Rand: r}.Dockerfile(10, 0)
		}
		if len(text) > 4000 {
			continue
		}
		style := []Style{usual, {Indent: "\t"}, {Indent: " ", LineBreak: "\n"}, {Indent: "  ", KeepTrailing: true, KeepEnd: true}}[r.IntN(4)]
		if sameBuild(t, mangled(r, text), style) {
			built++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if built < all/5 {
		t.Errorf("only %d of %d could be built", built, all)
	}
	t.Logf("%d of %d could be built", built, all)
}

// What makes another build is not the same node.
func TestOtherNodes(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"RUN a  b", "RUN a b"}, {"CMD a  b", "CMD a b"}, {"ENV a b  c", "ENV a b c"}, {"LABEL a=\"b  c\"", "LABEL a=\"b c\""},
		{"ONBUILD RUN  x", "ONBUILD RUN x"}, {"ONBUILD run x", "ONBUILD RUN x"}, {"RUN <<E\na \nE", "RUN <<E\na\nE"},
		{"COPY --link a b", "COPY a b"}, {"COPY a b", "COPY b a"}, {"CMD [\"a\"]", "CMD a"}, {"HEALTHCHECK CMD a  b", "HEALTHCHECK CMD a b"},
		{"RUN <<E\na\nE", "RUN <<'E'\na\nE"}, {"RUN <<E\na\nE", "RUN <<-E\na\nE"}, {"RUN --network=none a", "RUN --network=host a"},
		{"FROM a AS b", "FROM a AS c"}, {"USER a", "WORKDIR a"}, {"# check=skip=all\nCMD a", "CMD a"},
	} {
		a, errA := dockerfile.Parse([]byte("FROM x\n" + c.a + "\n")).Nodes()
		b, errB := dockerfile.Parse([]byte("FROM x\n" + c.b + "\n")).Nodes()
		if errA != nil || errB != nil || sameNode(a.AST.Children[1], b.AST.Children[1]) {
			t.Errorf("%q and %q count as the same: %v, %v", c.a, c.b, errA, errB)
		}
	}
}
