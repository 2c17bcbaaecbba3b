package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// The benchmarks compare in pairs, in one run: this machine may be noisy, but both of a
// pair meet the same noise. They report medians. `make bench` runs them on the program
// as it is shipped.

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
