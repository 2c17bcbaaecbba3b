package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// The benchmarks compare in pairs, in one run: this machine may be noisy, but both of a
// pair meet the same noise. They report medians. `make bench` runs them on the program
// as it is shipped.

// shipped is the command line of bin/buildls, as `make build` makes it.
func shipped(b testing.TB, env []string, args ...string) *exec.Cmd {
	b.Helper()
	bin, err := filepath.Abs("../../bin/buildls")
	if err == nil {
		_, err = os.Stat(bin)
	}
	if err != nil {
		b.Skipf("SKIPPED, needs bin/buildls: make build (%v)", err)
	}
	cmd := program(b, env, args...)
	cmd.Path, cmd.Args[0] = bin, bin
	cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool { return kv == asProgram+"=1" })
	return cmd
}

// pairs measures ours and theirs in turn, and reports their medians and that of the
// ratios.
func pairs(b *testing.B, ours, theirs func()) { fewPairs(b, math.MaxInt, ours, theirs) }

// fewPairs is pairs, of which not more are measured than most.
func fewPairs(b *testing.B, most int, ours, theirs func()) {
	b.Helper()
	var a, z, ratios []float64
	for b.Loop() {
		if len(a) == most {
			continue
		}
		x, y := measure(ours), measure(theirs)
		a, z, ratios = append(a, x), append(z, y), append(ratios, x/y)
	}
	m := medians{median(a), median(z), median(ratios)}
	measured[b.Name()] = m
	b.ReportMetric(m.ours, "ours-ms")
	b.ReportMetric(m.theirs, "theirs-ms")
	b.ReportMetric(m.ratio, "ratio")
	b.ReportMetric(0, "ns/op") // the pair's: says nothing
}

// medians are those of pairs, in milliseconds.
type medians struct{ ours, theirs, ratio float64 }

var measured = map[string]medians{} // by the benchmarks' names

func measure(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start).Microseconds()) / 1000
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkStart is from the start of the process to the answer to initialize, against
// a whole `docker --version`.
func BenchmarkStart(b *testing.B) {
	docker := filepath.Join(enginetest.Dir(b), "docker-28", "cli", "docker")
	if _, err := os.Stat(docker); err != nil {
		b.Skipf("SKIPPED, needs docker 28: %v", err)
	}
	var editors []*lsptest.Editor
	pairs(b, func() {
		e := lsptest.Start(b, quiet(shipped(b, nil)), lsptest.Options{})
		if err := e.Call("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{}}, nil); err != nil {
			b.Fatal(err)
		}
		editors = append(editors, e)
	}, func() {
		for _, e := range editors {
			e.Kill()
		}
		editors = nil
		if out, err := exec.Command(docker, "--version").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	})
	tellPairs(b, "spawn → initialize", "`docker --version`", 0.5)
}

// quiet drops the server's log: a benchmark does not want it.
func quiet(cmd *exec.Cmd) *exec.Cmd {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		cmd.Stderr = null
	}
	return cmd
}

// cachedBuild opens an editor on a workspace that has been built on s.
func cachedBuild(b *testing.B, s site) (e *lsptest.Editor, dir string, build func()) {
	b.Helper()
	dir = workspace(b, "Dockerfile", "FROM "+enginetest.Registry(b)+"/base\nCOPY app.txt /\nRUN cat /app.txt\n", "app.txt", "hello\n")
	e = lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}})
	argument := map[string]any{"command": "buildls.build", "arguments": []any{map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}}}
	build = func() {
		var r result
		if err := e.Call("workspace/executeCommand", argument, &r); err != nil || r.Status != "succeeded" {
			raw, _ := json.Marshal(r)
			b.Fatalf("%v: %s", err, raw)
		}
	}
	build()
	return e, dir, build
}

// BenchmarkCachedOnBuildkitd is a build of which every step is cached, from the command
// to the result, against a whole `buildctl build` on the same buildkitd.
func BenchmarkCachedOnBuildkitd(b *testing.B) {
	d := enginetest.Buildkitd(b)
	_, dir, build := cachedBuild(b, buildkitdSite(d))
	buildctl := filepath.Join(enginetest.Dir(b), "bin", "buildctl")
	pairs(b, build, func() {
		out, err := exec.Command(buildctl, "--addr", d.Address, "build", "--frontend", "dockerfile.v0", "--local", "context="+dir, "--local", "dockerfile="+dir).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	})
	tellPairs(b, "cached build, command → result, on buildkitd", "`buildctl build`", 0.5)
}

// BenchmarkCachedOnDocker is the same against `docker buildx build` on the same Docker
// engine; both leave the image there.
func BenchmarkCachedOnDocker(b *testing.B) {
	d := enginetest.Docker(b, "28")
	_, dir, build := cachedBuild(b, dockerSite(d, "28"))
	pairs(b, build, func() { d.Docker(b, "buildx", "build", "-q", "-t", "app:peer", dir) })
	tellPairs(b, "cached build, command → result, on Docker", "`docker buildx build`", 0.25)
}

// BenchmarkReply is the answer to buildls.build without wait.
func BenchmarkReply(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	e, dir, _ := cachedBuild(b, s)
	var times []float64
	for b.Loop() {
		times = append(times, measure(func() {
			if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile"}, nil); err != nil {
				b.Fatal(err)
			}
		}))
		done := len(times)
		e.Await("the build's end", func() bool { return ended(e) >= done })
	}
	b.ReportMetric(median(times), "ours-ms")
	b.ReportMetric(0, "ns/op")
}

// ended counts the ends of progress.
func ended(e *lsptest.Editor) (n int) {
	for _, token := range e.Tokens() {
		if e.Ended(token) {
			n++
		}
	}
	return n
}

// mistaken is a Dockerfile of some lines with some problems in it.
func mistaken(lines, problems int) string {
	var b strings.Builder
	b.WriteString("FROM scratch AS base\n")
	every := lines / problems
	for i := 1; i < lines; i++ {
		switch {
		case i%every == 0:
			fmt.Fprintf(&b, "ENV key%d value\n", i) // legacy format
		case i%100 == 99:
			fmt.Fprintf(&b, "FROM base AS stage%d\n", i)
		default:
			fmt.Fprintf(&b, "RUN echo %d && make all\n", i)
		}
	}
	return b.String()
}

// BenchmarkLint is from a change to the publication of what is wrong, through the wire,
// against BuildKit's bare linter on the same text in this process.
func BenchmarkLint(b *testing.B) {
	for _, size := range []struct{ lines, problems int }{{20, 10}, {1000, 100}, {10000, 100}} {
		b.Run(fmt.Sprint(size.lines, "lines"), func(b *testing.B) {
			text := mistaken(size.lines, size.problems)
			typed, floor := typing(b, text)
			pairs(b, typed, floor)
		})
	}
}

// typing returns an edit that changes what is wrong, to a text that was not there before,
// waited for; and the bare linter on such a text.
func typing(b *testing.B, text string) (typed, floor func()) {
	uri := "file:///bench/Dockerfile"
	e := lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{})
	last := strings.Count(text, "\n")
	text += "ENV last value\n"
	e.Open(uri, "dockerfile", text)
	published := 1
	e.Await("the first publication", func() bool { return len(e.Published(uri)) == published })
	typed = func() {
		line := fmt.Sprintf("ENV last%d value\n", published)
		if published%2 == 1 {
			line = fmt.Sprintf("MAINTAINER me%d\n", published)
		}
		e.Change(uri, last, 0, last+1, 0, line)
		published++
		e.Await("the publication", func() bool { return e.Count("textDocument/publishDiagnostics") == published })
	}
	return typed, func() { bareLint(b, text) }
}

func bareLint(b *testing.B, text string) {
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(text))
	sm.Definition = &llb.Definition{}
	if _, err := dockerfile2llb.DockerfileLint(b.Context(), []byte(text), dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: dockerfile.Images(nil)}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLintAgainstDocker is the same for 20 lines, against `docker buildx build
// --call=check`, which is what the official language server starts at each change.
func BenchmarkLintAgainstDocker(b *testing.B) {
	d := enginetest.Docker(b, "28")
	text := strings.Replace(mistaken(20, 10), "scratch", enginetest.Registry(b)+"/base", 1)
	dir := workspace(b, "Dockerfile", text)
	typed, _ := typing(b, text)
	pairs(b, typed, func() {
		cmd := exec.Command(filepath.Join(enginetest.Dir(b), "docker-28", "cli", "docker"), "buildx", "build", "--call=check", dir)
		cmd.Env = append(os.Environ(), d.Env()...)
		cmd.Run() // its exit code says that there are warnings
	})
}
