package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/buildls/buildls/build/dockerfile"
)

// What a build is given decides what is a mistake in it, as it does for BuildKit's own
// converter; a checker that is asked with one thing given and then another remembers nothing
// wrong of it.
func TestGiven(t *testing.T) {
	const required = "ARG BASE=\"${BASE:?say which base}\"\nFROM ${BASE}\n"
	files := map[string]string{
		"required base":       required,
		"blank base":          "ARG IMG\nFROM ${IMG}\n",
		"wrong default":       "ARG IMG=a:b:c\nFROM $IMG\n",
		"default of default":  "ARG IMG\nARG FULL=${IMG:?no image}:1\nFROM $FULL\n",
		"platform":            "ARG P\nFROM --platform=$P scratch\n",
		"target platform":     "FROM --platform=$TARGETPLATFORM scratch\nWORKDIR /a\n",
		"base is a stage":     "ARG FROM\nFROM scratch AS one\nENV A=1\nFROM ${FROM:?} AS two\nLABEL a=$A\n",
		"required source":     "FROM scratch\nARG SRC\nCOPY ${SRC:?which} /\n",
		"required port":       "FROM scratch\nARG PORT\nEXPOSE ${PORT:?p}\n",
		"wrong port":          "FROM scratch\nARG PORT=x\nEXPOSE $PORT\n",
		"required of a stage": "ARG SRC\nFROM scratch\nARG SRC=${SRC:?here}\nENV A=$SRC\n",
		"left out":            "FROM scratch AS app\nLABEL a=b\nFROM app AS lint\nARG TOOL\nENV A=${TOOL:?which tool}\n",
		"epoch":               "ARG SOURCE_DATE_EPOCH=nonsense\nFROM scratch\nLABEL a=$SOURCE_DATE_EPOCH\n",
		"stage of a target":   "ARG TARGETSTAGE\nFROM scratch AS app\nFROM ${TARGETSTAGE} AS b\nFROM scratch AS c\n",
		"a mistake":           "ARG BASE\nFROM ${BASE:-scratch}\nCOPY --form=a b c\n",
		"an ONBUILD":          "FROM scratch AS a\nONBUILD ARG V\nONBUILD LABEL v=${V:?v}\nFROM a\n",
	}
	given := []File{
		{},
		{Args: map[string]string{"BASE": "scratch", "IMG": "scratch", "FULL": "scratch", "FROM": "one", "SRC": "a", "PORT": "80", "TOOL": "t", "P": "linux/amd64", "V": "1"}},
		{Args: map[string]string{"BASE": "", "IMG": "A:B", "FROM": "two", "SRC": "", "PORT": "-", "P": "x/y/z/w"}},
		{Args: map[string]string{"IMG": "alpine", "SOURCE_DATE_EPOCH": "1"}, Platform: "linux/arm64"},
		{Target: "app"},
		{Target: "app", Args: map[string]string{"TOOL": "", "TARGETSTAGE": "scratch"}, Platform: "windows/amd64"},
		{Target: "nowhere"},
	}
	var one Checker // for all
	for name, text := range files {
		for i, f := range given {
			f.Dockerfile = dockerfile.Parse([]byte(text))
			got := Check(t.Context(), f)
			if again := one.Check(t.Context(), f); !slices.Equal(again, got) {
				t.Errorf("%s, %d: one that remembers says %v, a new one %v", name, i, again, got)
			}
			var mistakes []string
			for _, p := range got {
				if p.Severity == dockerfile.Error {
					mistakes = append(mistakes, p.Message)
				}
				if p.Code == "InvalidDefaultArgInFrom" && f.Args["IMG"] != "" {
					t.Errorf("%s, %d: %s", name, i, p.Message)
				}
			}
			err := converted(t, f)
			switch {
			case err == nil && len(mistakes) > 0:
				t.Errorf("%s, %d: BuildKit takes it; %q", name, i, mistakes)
			case err != nil && !slices.ContainsFunc(mistakes, func(m string) bool { return strings.Contains(err.Error(), m) }):
				t.Errorf("%s, %d: BuildKit says %v; %q", name, i, err, mistakes)
			}
		}
	}
}

// converted is why BuildKit does not build a file as it is given, or all of it if no target is.
func converted(t *testing.T, f File) error {
	t.Helper()
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", nil)
	sm.Definition = &llb.Definition{}
	opt := dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: f.Images, AllStages: f.Target == "",
		Config: dockerui.Config{BuildArgs: f.Args, Target: f.Target}}
	if stages, err := f.Dockerfile.Stages(); err == nil && dockerfile.Target(stages, f.Target) < 0 {
		opt.Target = ""
	}
	if f.Platform != "" {
		p := platforms.MustParse(f.Platform)
		opt.TargetPlatform = &p
	}
	_, err := dockerfile2llb.Dockerfile2LLB(t.Context(), f.Dockerfile.Text(), opt)
	return err
}
