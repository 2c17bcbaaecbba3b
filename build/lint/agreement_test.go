package lint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/staticfs"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint/linttest"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

// differing are the sheets where agreement cannot be complete, with the reason.
var differing = map[string]string{
	"errors/a mistake in .dockerignore": "the message says besides that it is about that file",
	"errors/COPY from a later stage":    "lint looks into all stages, as we do; the build of this one needs the last alone",
	"errors/mount from a later stage":   "as above",
}

// TestAgreement runs the corpus through Check and through the lint of a buildkitd made
// from the same module, and, where that ends at a mistake, through a build.
//
// What agrees: every rule, first line and message, where the file has no mistake; where
// it has some, the engine's, who stops at the first, are among ours.
func TestAgreement(t *testing.T) {
	registry := enginetest.Registry(t)
	c, err := client.New(t.Context(), enginetest.Buildkitd(t).Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sheets := linttest.Corpus(t)
	if len(sheets) < 150 {
		t.Fatalf("the corpus has %d Dockerfiles alone", len(sheets))
	}
	var running sync.WaitGroup
	two := make(chan struct{}, 2)
	some := enginetest.Sample(sheets)
	for _, s := range some {
		two <- struct{}{}
		running.Go(func() {
			defer func() { <-two }()
			agree(t, c, registry, s)
		})
	}
	running.Wait()
	t.Logf("%d of %d Dockerfiles", len(some), len(sheets))
}

func agree(t *testing.T, c *client.Client, registry string, s linttest.Sheet) {
	theirs, err := engineLint(t.Context(), c, registry, s)
	ours := new(Checker).find(t.Context(), File{Dockerfile: dockerfile.Parse([]byte(s.Dockerfile)), Ignore: []byte(s.Ignore)})
	warnings, mistakes := split(ours)
	var want []string
	mistake := ""
	if err != nil {
		mistake = dockerfile.PlainError(err)
	} else {
		want = warningsOf(theirs, s)
		if theirs.Error != nil && !strings.HasPrefix(theirs.Error.Message, "lint violation found") {
			mistake = located(theirs.Error.Message, theirs.Error.Location.Ranges)
		}
	}
	problems := ""
	for _, w := range want {
		if !slices.Contains(warnings, w) {
			problems += "missing: " + w + "\n"
		}
	}
	if mistake == "" {
		for _, w := range append(warnings, mistakes...) {
			if !slices.Contains(want, w) {
				problems += "extra:   " + w + "\n"
			}
		}
	} else {
		if !contains(mistakes, mistake) {
			problems += fmt.Sprintf("missing: %q among %q\n", mistake, mistakes)
		}
		if err == nil {
			problems += sameFromBuild(t.Context(), c, registry, s, mistakes)
		}
	}
	if reason, ok := differing[s.Name]; ok == (problems == "") {
		t.Errorf("%s: exception %q, but:\n%s%s", s.Name, reason, problems, numbered(clip(s.Dockerfile)))
	}
}

func clip(s string) string { return s[:min(len(s), 1000)] }

// contains compares the message alone where BuildKit tells no line.
func contains(mistakes []string, mistake string) bool {
	return slices.ContainsFunc(mistakes, func(m string) bool {
		_, message, _ := strings.Cut(m, ": ")
		return m == mistake || message == mistake
	})
}

// sameFromBuild compares with what a build of the sheet ends with.
func sameFromBuild(ctx context.Context, c *client.Client, registry string, s linttest.Sheet, mistakes []string) string {
	_, err := solve(ctx, c, registry, s, nil)
	if err == nil {
		return "the build goes well\n"
	}
	text := dockerfile.PlainError(err)
	if sources := errdefs.Sources(err); len(sources) > 0 && len(sources[0].Ranges) > 0 {
		line := sources[0].Ranges[0].Start.Line
		for _, s := range sources {
			if len(s.Ranges) > 0 {
				line = min(line, s.Ranges[0].Start.Line)
			}
		}
		text = fmt.Sprintf("%d: %s", max(1, line), text)
	}
	if !contains(mistakes, text) {
		return fmt.Sprintf("missing from the build: %q among %q\n", text, mistakes)
	}
	return ""
}

// warningsOf are the engine's warnings, without those that Check does not tell by
// design: what depends on variables in a stage that stands on an image.
func warningsOf(theirs *lint.LintResults, s linttest.Sheet) []string {
	set := map[string]bool{}
	lines := strings.Split(s.Dockerfile, "\n")
	for _, w := range theirs.Warnings {
		line := int(w.Location.Ranges[0].Start.Line)
		if ofValues[w.RuleName] && strings.Contains(lines[line-1], "$") && !onScratch(lines[:line]) {
			continue
		}
		set[fmt.Sprintf("%d %s: %s", line, w.RuleName, w.Detail)] = true
	}
	var all []string
	for w := range set {
		all = append(all, w)
	}
	slices.Sort(all)
	return all
}

// onScratch says whether the stage of the last line does not stand on a real image: its
// FROM does not name one of those that the corpus uses.
func onScratch(lines []string) bool {
	for _, l := range slices.Backward(lines) {
		words := strings.Fields(l)
		if len(words) > 1 && strings.EqualFold(words[0], "from") {
			return !slices.ContainsFunc(words, func(w string) bool { return images[strings.SplitN(w, ":", 2)[0]] })
		}
	}
	return true
}

// images are those that stages of the corpus stand on while they use variables.
var images = map[string]bool{"alpine": true, "debian": true, "ubuntu": true, "golang": true, "busybox": true, "centos": true, "brimstone/ubuntu": true}

func located(message string, ranges []*pb.Range) string {
	message = dockerfile.PlainError(errors.New(message))
	if len(ranges) == 0 {
		return message
	}
	return fmt.Sprintf("%d: %s", max(1, ranges[0].Start.Line), message)
}

func engineLint(ctx context.Context, c *client.Client, registry string, s linttest.Sheet) (*lint.LintResults, error) {
	res, err := solve(ctx, c, registry, s, map[string]string{"requestid": lint.RequestLint, "frontend.caps": "moby.buildkit.frontend.subrequests"})
	if err != nil {
		return nil, err
	}
	var results lint.LintResults
	return &results, json.Unmarshal(res.Metadata["result.json"], &results)
}

// solve has the engine's own front end read a sheet. Images are the registry's base.
func solve(ctx context.Context, c *client.Client, registry string, s linttest.Sheet, attrs map[string]string) (res *gateway.Result, err error) {
	opts := map[string]string{"cmdline": "docker/dockerfile:1"} // so that `# syntax` pulls nothing
	for k, v := range attrs {
		opts[k] = v
	}
	for _, image := range imagesOf(s) {
		opts["context:"+image] = "docker-image://" + registry + "/base:latest"
	}
	mounts := map[string]fsutil.FS{"dockerfile": folder("Dockerfile", s.Dockerfile), "context": folder(".dockerignore", s.Ignore)}
	_, err = c.Build(ctx, client.SolveOpt{LocalMounts: mounts}, "", func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		res, err = g.Solve(ctx, gateway.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: opts})
		return gateway.NewResult(), err
	}, nil)
	return res, err
}

func folder(name, content string) fsutil.FS {
	f := staticfs.NewFS()
	if content != "" || name == "Dockerfile" {
		f.Add(name, &fstypes.Stat{Path: name, Mode: 0o644, Size: int64(len(content))}, []byte(content))
	}
	return f
}

// imagesOf are the images that a conversion looks up.
func imagesOf(s linttest.Sheet) []string {
	r := &recorder{}
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", nil)
	sm.Definition = &llb.Definition{}
	opt := dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: r, AllStages: true, LLBCaps: nil}
	opt.Client = beforeDispatch()
	_, _ = dockerfile2llb.Dockerfile2LLB(context.Background(), []byte(s.Dockerfile), opt)
	return r.names
}

type recorder struct {
	mu    sync.Mutex
	names []string
}

func (r *recorder) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if named, err := reference.ParseNormalizedNamed(ref); err == nil {
		r.names = append(r.names, strings.TrimSuffix(reference.FamiliarString(named), ":latest"))
	}
	return dockerfile.Images(nil).ResolveImageConfig(ctx, ref, opt)
}
