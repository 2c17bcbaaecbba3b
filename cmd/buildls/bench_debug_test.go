package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/lsp/lsptest"
)

// debugged is a Dockerfile of two stages with steps that are not cached: each text is another.
func debugged(b *testing.B) (text string, stop int) {
	text = "FROM " + enginetest.Registry(b) + "/base AS before\nRUN echo " + fmt.Sprint(time.Now().UnixNano()) + "\n" + strings.Repeat("RUN cat /etc/passwd || true\n", 5) + "FROM before\nRUN echo first\nRUN echo second\n"
	return text, 9
}

// BenchmarkDebugReach is from buildls.debug to the stop at a breakpoint behind six steps that are not
// cached, against the build of these steps by the same server.
func BenchmarkDebugReach(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	dir := workspace(b)
	e := lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}})
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch\n")
	pairs(b, func() {
		text, stop := debugged(b)
		e.Replace(uri, text)
		d := debugBuffers(b, e, uri, nil)
		d.launch(nil)
		d.breakAt(stop)
		d.go_()
		d.stopped()
		d.rw.Close()
	}, func() {
		text, _ := debugged(b)
		e.Replace(uri, text)
		var r result
		if err := e.Execute("buildls.build", map[string]any{"uri": uri, "target": "before", "wait": true}, &r); err != nil || r.Status != "succeeded" {
			b.Fatal(err, r.Error)
		}
	})
	tellPairs(b, "debugger: to a breakpoint behind six steps, on buildkitd", "the build of these steps", 1.1)
}

// BenchmarkDebugSteps is what a debugger waits for at a stop, against that of docker/buildx on the same
// engine where it can do the same.
func BenchmarkDebugSteps(b *testing.B) {
	docker := enginetest.Docker(b, "28")
	s := dockerSite(docker, "28")
	buildx := filepath.Join(enginetest.Dir(b), "docker-28", "cli-plugins", "docker-buildx")
	if out, err := exec.Command(buildx, "version").CombinedOutput(); err != nil {
		b.Skipf("SKIPPED, needs docker-buildx: %v: %s", err, out)
	}
	sum := map[string][2]float64{}
	var back, files, over []float64
	stopAt := func(a adapter, argument map[string]any, line int) stop {
		a.launch(argument)
		a.breakAt(line)
		a.go_()
		return a.stopped()
	}
	rounds := 0
	for b.Loop() {
		rounds++
		text, line := debugged(b)
		dir := workspace(b, "Dockerfile", text)
		ours := newAdapter(b, quiet(shipped(b, s.env, "dap")), dir)
		text, _ = debugged(b)
		other := workspace(b, "Dockerfile", text)
		cmd := program(b, append(s.env, "BUILDX_EXPERIMENTAL=1"), "dap", "build")
		cmd.Path, cmd.Args[0] = buildx, buildx
		theirs := newAdapter(b, quiet(cmd), other)
		add := func(what string, a, z func()) {
			x, y := measure(a), measure(z)
			sum[what] = [2]float64{sum[what][0] + x, sum[what][1] + y}
		}
		var at stop
		add("launch to a breakpoint behind six steps", func() { at = stopAt(ours, map[string]any{"dockerfile": "Dockerfile"}, line) },
			func() {
				stopAt(theirs, map[string]any{"dockerfile": filepath.Join(other, "Dockerfile"), "contextPath": other}, line)
			})
		next := 0.0
		add("next, over a step that runs", func() {
			next = measure(func() {
				ours.do("next")
				at = ours.stopped()
			})
		}, func() {
			theirs.do("next")
			theirs.stopped()
		})
		over = append(over, next-lastStep(b, ours.printed()))
		files = append(files, measure(func() { ours.scope(at, "Files", "etc/") }))
		back = append(back, measure(func() {
			ours.do("stepBack")
			ours.stopped()
		}))
		for _, a := range []adapter{ours, theirs} {
			a.send(&dap.DisconnectRequest{}, "disconnect")
			a.rw.Close()
			a.cmd.Process.Kill()
			a.cmd.Wait()
		}
	}
	for what, of := range sum {
		a, z := of[0]/float64(rounds), of[1]/float64(rounds)
		b.ReportMetric(a, strings.ReplaceAll(what, " ", "-")+"-ms")
		b.ReportMetric(a/z, strings.ReplaceAll(what, " ", "-")+"-ratio")
		tell(figure{"debugger: " + what + ", on Docker", fmt.Sprintf("%.1f ms", a), fmt.Sprintf("%.1f ms, `docker buildx dap build`", z), fmt.Sprintf("%.2f", a/z), ""})
	}
	b.ReportMetric(median(back), "back-ms")
	b.ReportMetric(median(files), "files-ms")
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(over), "over-ms")
	tell(figure{"debugger: a stop, over the step itself", fmt.Sprintf("%.1f ms", median(over)), "", "", "≤ 50 ms"})
	tell(figure{"debugger: step back", fmt.Sprintf("%.1f ms", median(back)), "", "", "≤ 20 ms"})
	tell(figure{"debugger: the files of a folder", fmt.Sprintf("%.1f ms", median(files)), "", "", "≤ 50 ms"})
}

// lastStep is how long the step took that has ended last, in milliseconds, as the debugger tells it.
func lastStep(b *testing.B, printed string) float64 {
	found := stepText.FindAllStringSubmatch(printed, -1)
	if len(found) == 0 {
		b.Fatalf("no step has ended:\n%s", printed)
	}
	took, err := time.ParseDuration(found[len(found)-1][1])
	if err != nil {
		b.Fatal(err)
	}
	return float64(took.Microseconds()) / 1000
}

var stepText = lazyregexp.New(`(?m)^\[.*\] RUN .*: ([0-9.]+m?s)$`)
