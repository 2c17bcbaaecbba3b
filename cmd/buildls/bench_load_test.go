package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// BenchmarkMillionLines is a build of which a step prints a million lines, of which none is left
// out, in an editor that shows them live, against `buildctl build` on the same embedded engine.
func BenchmarkMillionLines(b *testing.B) {
	const lines = 1_000_000
	s := embeddedSite(b)
	dir := workspace(b, "Dockerfile", "FROM "+enginetest.Registry(b)+"/base\nRUN seq 1 "+fmt.Sprint(lines)+"\n")
	e := lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	build := map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true, "noCache": true}
	var r result
	messages, took, most := 0, time.Duration(0), 0
	ours := func() {
		e.Forget()
		start := time.Now()
		if err := e.Execute("buildls.build", build, &r); err != nil || r.Status != "succeeded" {
			b.Fatalf("%v: %+v", err, r)
		}
		took += time.Since(start)
		messages += len(e.All(""))
		most = max(most, resident(b, e.Pid()))
	}
	ours()
	if out := logOf(b, e, r); len(out) < len(numbered(lines)) {
		b.Fatalf("%d bytes", len(out))
	}
	messages, took, most = 0, 0, 0
	socket := "unix://" + s.env[1][len("XDG_RUNTIME_DIR="):] + "/buildls/engine.sock"
	buildctl := filepath.Join(enginetest.Dir(b), "bin", "buildctl")
	fewPairs(b, 5, ours, func() {
		out, err := exec.Command(buildctl, "--addr", socket, "build", "--no-cache", "--frontend", "dockerfile.v0", "--local", "context="+dir, "--local", "dockerfile="+dir).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %.1000s", err, out)
		}
	})
	rate := float64(messages) / took.Seconds()
	b.ReportMetric(rate, "messages/s")
	b.ReportMetric(float64(most), "MB")
	tellPairs(b, "a RUN that prints 1,000,000 lines, wall", "`buildctl build`", 1.05)
	tell(figure{"a RUN that prints 1,000,000 lines, messages to the editor", fmt.Sprintf("%.0f a second", rate), "", "", "≤ 20 a second"})
	tell(figure{"a RUN that prints 1,000,000 lines, memory", fmt.Sprintf("%d MB", most), "", "", "bounded"})
}

// BenchmarkSixteenBuilds is how long the editor waits for hints and lenses of what is built, and
// for a hover elsewhere, while sixteen builds run that print. Over a step that has ended a hover
// asks the engine, and waits for that.
func BenchmarkSixteenBuilds(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	dir := workspace(b)
	e := lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	var uris []string
	for i := range 16 {
		uri := fmt.Sprintf("file://%s/%d.Dockerfile", dir, i)
		e.Open(uri, "dockerfile", fmt.Sprintf("FROM %s/base AS base\nRUN for i in $(seq 1 20); do seq %d 50; sleep 0.3; done\n", enginetest.Registry(b), i))
		uris = append(uris, uri)
	}
	elsewhere := "file://" + dir + "/Dockerfile"
	e.Open(elsewhere, "dockerfile", "FROM scratch\nARG A=1\nRUN echo $A\n")
	var waits, idle []float64
	for b.Loop() {
		if len(waits) > 0 {
			continue
		}
		var running sync.WaitGroup
		for _, uri := range uris {
			running.Go(func() {
				var r result
				if err := e.Execute("buildls.build", map[string]any{"uri": uri, "wait": true, "noCache": true}, &r); err != nil || r.Status != "succeeded" {
					b.Errorf("%v: %+v", err, r)
				}
			})
		}
		ended := make(chan struct{})
		go func() { running.Wait(); close(ended) }()
		waits = asking(e, uris, elsewhere, ended)
		rest := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(rest) })
		idle = asking(e, uris, elsewhere, rest)
	}
	p99, floor := waits[len(waits)*99/100], idle[len(idle)*99/100]
	b.ReportMetric(median(waits), "ours-ms")
	b.ReportMetric(p99, "p99-ms")
	b.ReportMetric(floor, "idle-p99-ms")
	b.ReportMetric(0, "ns/op")
	tell(figure{"a request while 16 builds run", fmt.Sprintf("%.1f ms, 99 of 100 within %.1f ms", median(waits), p99),
		fmt.Sprintf("%.1f ms, 99 of 100 within %.1f ms, while none runs", median(idle), floor), "", "≤ 10 ms"})
}

// asking asks as an editor does until the builds have ended, and returns the waits, sorted.
func asking(e *lsptest.Editor, uris []string, elsewhere string, ended <-chan struct{}) (waits []float64) {
	for i := 0; ; i++ {
		uri := uris[i%len(uris)]
		for _, ask := range []func(){
			func() { e.Hints(uri, 0, 2) },
			func() { e.Lenses(uri) },
			func() { e.Hover(elsewhere, 2, 11) },
		} {
			waits = append(waits, measure(ask))
		}
		select {
		case <-ended:
			slices.Sort(waits)
			return waits
		case <-time.After(20 * time.Millisecond): // a fast author
		}
	}
}

// BenchmarkMemory is what a server holds after initialize, and when it has come to rest, in MB of
// resident memory, that of its program's file included.
func BenchmarkMemory(b *testing.B) {
	var first, rest []float64
	for b.Loop() {
		if len(first) == 5 {
			continue
		}
		e := lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{Capabilities: showingAll})
		before, now := resident(b, e.Pid()), 0
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if now = resident(b, e.Pid()); now < before/2 {
				break
			}
		}
		first, rest = append(first, float64(before)), append(rest, float64(now))
		e.Shutdown()
	}
	b.ReportMetric(median(first), "first-MB")
	b.ReportMetric(median(rest), "MB")
	b.ReportMetric(0, "ns/op")
	tell(figure{"memory after initialize", fmt.Sprintf("%.0f MB; %.0f in its first tenth of a second", median(rest), median(first)), "38 MB, docker-language-server as recorded", "", "≤ 30 MB"})
}

// BenchmarkBinary is the size of the program.
func BenchmarkBinary(b *testing.B) {
	st, err := os.Stat(shipped(b, nil).Path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
	}
	b.ReportMetric(float64(st.Size())/1e6, "MB")
	b.ReportMetric(0, "ns/op")
	tell(figure{"the program", fmt.Sprintf("%.1f MB", float64(st.Size())/1e6), "", "", "≤ 40 MB"})
}

// BenchmarkTyping is from a key to the list that follows it, at thirty keys a second, while a build
// of the same text runs and prints.
func BenchmarkTyping(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	dir := workspace(b)
	e := lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", fmt.Sprintf("FROM %s/base AS base\nRUN for i in $(seq 1 400); do seq 50; sleep 0.1; done\nFROM scratch\nCOPY --from=base / /\n", enginetest.Registry(b)))
	if err := e.Execute("buildls.build", map[string]any{"uri": uri, "noCache": true}, nil); err != nil {
		b.Fatal(err)
	}
	e.Await("it prints", func() bool { return strings.Contains(hintsOf(e, uri), "running") })
	e.Delete(uri, 3, len("COPY --from="), 3, len("COPY --from=base / /"))
	var waits []float64
	keys := time.NewTicker(time.Second / 30)
	defer keys.Stop()
	for b.Loop() {
		for _, key := range "base-image" {
			<-keys.C
			at := len("COPY --from=") + len(waits)%10
			waits = append(waits, measure(func() {
				e.Insert(uri, 3, at, string(key))
				var list struct{ Items []any }
				if err := e.Call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": 3, "character": at + 1}}, &list); err != nil {
					b.Fatal(err)
				}
			}))
		}
		e.Delete(uri, 3, len("COPY --from="), 3, len("COPY --from=base-image"))
	}
	if len(e.Tokens()) == 0 || e.Ended(e.Tokens()[0]) {
		b.Error("the build has ended meanwhile")
	}
	slices.Sort(waits)
	p99 := waits[len(waits)*99/100]
	b.ReportMetric(median(waits), "ours-ms")
	b.ReportMetric(p99, "p99-ms")
	b.ReportMetric(0, "ns/op")
	tell(figure{"completion at 30 keys a second while the text builds", fmt.Sprintf("%.1f ms, 99 of 100 within %.1f ms", median(waits), p99), "", "", "99 of 100 within 10 ms"})
}

// BenchmarkCompleteAmongMany is from a key to the list of a folder, where the context has 100,000 files
// in all and a thousand in that folder, after the first such list.
func BenchmarkCompleteAmongMany(b *testing.B) {
	dir := workspace(b)
	for i := range 100 {
		sub := filepath.Join(dir, fmt.Sprintf("d%02d", i))
		if err := os.Mkdir(sub, 0o777); err != nil {
			b.Fatal(err)
		}
		for j := range 1000 {
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%03d", j)), nil, 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
	w := startBare(b, quiet(shipped(b, nil)))
	w.ask("initialize", map[string]any{"processId": nil, "rootUri": "file://" + dir, "capabilities": map[string]any{}})
	w.tell("initialized", map[string]any{})
	uri := "file://" + dir + "/Dockerfile"
	w.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "dockerfile", "version": 1, "text": "FROM scratch\nCOPY d07/\n"}})
	place := func(character int) map[string]any { return map[string]any{"line": 1, "character": character} }
	change := func(from, to int, text string) {
		w.version++
		w.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 1 + w.version},
			"contentChanges": []any{map[string]any{"range": map[string]any{"start": place(from), "end": place(to)}, "text": text}}})
	}
	ask := func() (whole bool) {
		change(9, 9, "f")
		list := w.ask("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": place(10)})
		change(9, 10, "")
		return bytes.Contains(list, []byte(`"isIncomplete":false`)) && bytes.Contains(list, []byte(`"f999"`))
	}
	if !eventually(ask) {
		b.Fatal("no list is complete")
	}
	var waits []float64
	for b.Loop() {
		waits = append(waits, measure(func() { ask() }))
	}
	b.ReportMetric(median(waits), "ours-ms")
	b.ReportMetric(0, "ns/op")
	tell(figure{"completion of a path in a context of 100,000 files, after the first", fmt.Sprintf("%.1f ms", median(waits)), "", "", "≤ 20 ms"})
}
