package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/dockerfile"
)

// mayChange is what a fix for a rule may change beside the instructions that it touches: what other
// instructions do, by their names, and the image's configuration. What is not here changes neither.
var mayChange = map[string]struct{ steps, config string }{
	"DL3002": {config: "User"},
	"DL3025": {config: "Healthcheck"},
	"DL3044": {steps: "RUN COPY", config: "Env"},             // they see another value
	"DL4005": {steps: "RUN", config: "Shell Cmd Entrypoint"}, // another shell runs them
	"DL4006": {steps: "RUN", config: "Shell Cmd Entrypoint"},
}

// A stageBuilt is what a stage becomes: what each of its instructions does, by its text, without what
// it stands on; and the image's configuration.
type stageBuilt struct {
	steps  map[string][]string
	count  map[string]int // of instructions, by their text
	config map[string]any
}

// knownBases has the configs that the fixes know, and those of oneBase with a layer.
type knownBases struct{}

func (knownBases) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	layer := `,"rootfs":{"type":"layers","diff_ids":["` + digest.FromString(ref).String() + `"]}}`
	config := `{"architecture":"amd64","os":"linux","config":{"WorkingDir":"/w","Env":["PATH=/bin"]}` + layer
	if strings.HasPrefix(ref, "docker.io/library/srv") {
		config = `{"architecture":"amd64","os":"linux","config":{"WorkingDir":"/srv"}` + layer
	}
	return ref, digest.FromString(ref), []byte(config), nil
}

// stagesOf are those of a text; the error is that of one that cannot be built.
func stagesOf(text string) (list []stageBuilt, err error) {
	f := dockerfile.Parse([]byte(text))
	ends := []int{}
	for i, st := range f.Instructions() {
		if st.Name() == "FROM" && i > 0 {
			ends = append(ends, f.Offset(st.First, 0))
		}
	}
	for _, end := range append(ends, len(text)) {
		part := dockerfile.Parse([]byte(text[:end]))
		if !slices.ContainsFunc(part.Instructions(), func(st *dockerfile.Instruction) bool { return st.Name() == "FROM" }) {
			continue // ARGs before the first
		}
		one, err := stageBuiltOf(part)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func stageBuiltOf(f *dockerfile.File) (built stageBuilt, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	caps := pb.Caps.CapSet(pb.Caps.All())
	files := llb.Local("context", llb.LocalUniqueID("one"))
	opt := dockerfile2llb.ConvertOpt{MetaResolver: knownBases{}, MainContext: &files, LLBCaps: &caps, SourceMap: llb.NewSourceMap(nil, "Dockerfile", "", f.Text()),
		TargetPlatform: &ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	res, err := dockerfile2llb.Dockerfile2LLB(context.Background(), f.Text(), opt)
	if err != nil {
		return built, err
	}
	def, err := res.State.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		return built, err
	}
	built.steps, built.count = map[string][]string{}, map[string]int{}
	for _, st := range f.Instructions() {
		built.count[st.Written()]++
	}
	for _, raw := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			return built, err
		}
		op.Inputs = nil
		for _, m := range op.GetExec().GetMounts() {
			m.Input = min(m.Input, 0) // its number: two stages may stand on the same image
		}
		dockerfile.NormalizeForCache(&op)
		data, err := json.Marshal(&op)
		if err != nil {
			return built, err
		}
		for _, at := range def.Source.GetLocations()[digest.FromBytes(raw).String()].GetLocations() {
			if lines, ok := dockerfile.SpanOf(at.Ranges); ok {
				text := f.At(lines.First).Written()
				built.steps[text] = append(built.steps[text], string(data))
			}
		}
	}
	for _, list := range built.steps {
		slices.Sort(list)
	}
	res.Image.Created, res.Image.History = nil, nil
	config, err := json.Marshal(res.Image.Config)
	if err != nil {
		return built, err
	}
	return built, json.Unmarshal(config, &built.config)
}

// TestPracticeFixesKeepOtherSteps: beside the instructions that a fix touches, and what the table
// says, all do what they did, in all stages, and images have the same configuration.
func TestPracticeFixesKeepOtherSteps(t *testing.T) {
	tried := map[string]int{}
	for _, text := range practiceTexts(t) {
		before, err := stagesOf(text)
		if err != nil || len(before) == 0 {
			continue
		}
		problems, f := practiced(text)
		for _, p := range problems {
			if practices[p.Code] == nil {
				continue
			}
			for _, fix := range For(p, f.Dockerfile, allKnown) {
				if strings.HasPrefix(fix.Title, "Ignore") || strings.HasSuffix(fix.Title, "where what follows runs too") {
					continue
				}
				mended := apply(text, fix.Edits)
				after, err := stagesOf(mended)
				if err != nil {
					t.Errorf("%s, %s: %q cannot be built: %v", p.Code, fix.Title, mended, err)
					continue
				}
				tried[p.Code]++
				for i := range before {
					sameBut(t, p.Code+", "+fix.Title+"\n"+text+"\n"+mended, mayChange[p.Code].steps, mayChange[p.Code].config, before[i], after[i])
				}
			}
		}
	}
	for code := range practices {
		if tried[code] == 0 && code != "DL3021" { // without which there is no build
			t.Errorf("no fix for %s was tried", code)
		}
	}
}

func sameBut(t *testing.T, what, steps, config string, before, after stageBuilt) {
	t.Helper()
	for text, ops := range before.steps {
		name := strings.ToUpper(strings.Fields(text)[0])
		if now := after.steps[text]; before.count[text] == after.count[text] && !slices.Equal(ops, now) && !strings.Contains(steps, name) {
			t.Errorf("%s\n%s does something else:\n%s\n%s", what, text, ops, now)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before.config)) {
		if was, is := fmt.Sprint(before.config[key]), fmt.Sprint(after.config[key]); was != is && !strings.Contains(config, key) && key != "OnBuild" {
			t.Errorf("%s\n%s was %s, and is %s", what, key, was, is)
		}
	}
}
