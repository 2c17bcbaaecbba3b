//go:build !windows

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

const monorepoDockerfile = "ARG V=1\nFROM scratch as base\nCOPY a.txt /\nFROM base\nARG V\nLABEL v=$V\nCOPY . /\n"

// A monorepo is a workspace of services, each with a Dockerfile, in one compose file and one bake
// file; all Dockerfiles and the compose file are open.
type monorepo struct {
	*lsptest.Editor
	dockerfiles   []string
	compose, text string
}

func newMonorepo(b *testing.B, services int) (m monorepo) {
	var composed, baked strings.Builder
	composed.WriteString("services:\n")
	var files []string
	for i := range services {
		name := fmt.Sprintf("s%03d", i)
		files = append(files, "services/"+name+"/Dockerfile", monorepoDockerfile, "services/"+name+"/a.txt", "a")
		fmt.Fprintf(&composed, "  %s:\n    build:\n      context: services/%s\n      args: {V: \"%d\"}\n", name, name, i)
		fmt.Fprintf(&baked, "target %q {\n  context = \"services/%s\"\n  args = { V = \"%d\" }\n}\n", name, name, i)
	}
	m.text = composed.String()
	dir := workspace(b, append(files, "compose.yaml", m.text, "docker-bake.hcl", baked.String())...)
	m.compose = "file://" + dir + "/compose.yaml"
	m.Editor = lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{
		Folders:      []string{dir},
		Capabilities: map[string]any{"workspace": map[string]any{"configuration": true, "codeLens": map[string]any{"refreshSupport": true}}},
	})
	for i := range services {
		uri := fmt.Sprintf("file://%s/services/s%03d/Dockerfile", dir, i)
		m.dockerfiles = append(m.dockerfiles, uri)
		m.Open(uri, "dockerfile", monorepoDockerfile)
	}
	m.Open(m.compose, "yaml", m.text)
	for _, uri := range m.dockerfiles {
		m.Await("each is checked", func() bool { return len(m.Published(uri)) > 0 })
	}
	return m
}

// BenchmarkMonorepo is what a request and an edit cost the server where 300 services stand in one
// compose file and one bake file, and all Dockerfiles are open; and what its process holds. An
// edit is followed by a pause and a request. The client says nothing of files that change, so the
// server looks at them by itself: what that costs is idle, and part of all others.
func BenchmarkMonorepo(b *testing.B) {
	m := newMonorepo(b, 300)
	ask := func(method string, i int, more map[string]any) {
		params := map[string]any{"textDocument": map[string]any{"uri": m.dockerfiles[i%len(m.dockerfiles)]}}
		for k, v := range more {
			params[k] = v
		}
		if err := m.Call("textDocument/"+method, params, nil); err != nil {
			b.Fatal(err)
		}
	}
	most := resident(b, m.Pid())
	for i := range m.dockerfiles { // the author has seen each
		ask("codeLens", i, nil)
	}
	time.Sleep(2 * time.Second)
	cost := map[string]float64{} // of CPU, in ms
	measure := func(name string, op func(i int)) {
		b.Run(name, func(b *testing.B) {
			before := cpuTime(b, m.Pid())
			for i := range b.N {
				op(i)
				most = max(most, resident(b, m.Pid()))
			}
			cost[name] = float64((cpuTime(b, m.Pid()) - before).Microseconds()) / float64(b.N) / 1000
			b.ReportMetric(cost[name], "cpu-ms/op")
			b.ReportMetric(float64(most), "MB")
		})
	}
	measure("lens", func(i int) { ask("codeLens", i, nil) })
	measure("hover", func(i int) { ask("hover", i, map[string]any{"position": map[string]any{"line": 6, "character": 2}}) })
	pause := func(i int) {
		time.Sleep(200 * time.Millisecond) // longer than the server waits for more typing
		ask("codeLens", i, nil)
	}
	measure("compose", func(i int) {
		m.Replace(m.compose, strings.Replace(m.text, `V: "7"`, fmt.Sprintf("V: \"x%d\"", i), 1))
		pause(7)
	})
	measure("dockerfile", func(i int) {
		m.Replace(m.dockerfiles[8], strings.Replace(monorepoDockerfile, "$V", fmt.Sprintf("$V%d", i), 1))
		pause(8)
	})
	measure("idle", func(int) { time.Sleep(200 * time.Millisecond) })
	tell(figure{"300 services in a compose file, an edit of it, CPU", fmt.Sprintf("%.1f ms", cost["compose"]), fmt.Sprintf("%.1f ms, of a pause alone", cost["idle"]), "", "≤ 10 ms"})
	tell(figure{"300 services in a compose file, memory", fmt.Sprintf("%d MB", most), "", "", "≤ 80 MB"})
}

// cpuTime is what a process has used of processors, to a hundredth of a second.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		b.Skipf("SKIPPED, needs /proc: %v", err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // behind the name of the program
	var ticks int
	for _, field := range strings.Fields(rest)[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
