package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// BenchmarkLooking is a cached build of twenty steps in an editor that shows all there is
// of builds, which are kept, against one that shows progress alone and keeps none. The
// aim is a ratio below 1.1.
func BenchmarkLooking(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	text := "FROM " + enginetest.Registry(b) + "/base\nCOPY app.txt /\n"
	for i := range 18 {
		text += fmt.Sprintf("RUN echo %d\n", i)
	}
	dir := workspace(b, "Dockerfile", text, "app.txt", "hello\n")
	uri := "file://" + dir + "/Dockerfile"
	build := func(state string, capabilities map[string]any) func() {
		e := lsptest.New(b, quiet(shipped(b, append(s.env, "XDG_STATE_HOME="+state))), lsptest.Options{Folders: []string{dir}, Capabilities: capabilities})
		e.Open(uri, "dockerfile", text)
		return func() {
			var r result
			if err := e.Execute("buildls.build", map[string]any{"uri": uri, "wait": true}, &r); err != nil || r.Status != "succeeded" {
				b.Fatalf("%v: %+v", err, r)
			}
		}
	}
	on, off := build(b.TempDir(), showingAll), build("/dev/null", nil)
	off() // the first is not cached
	on()
	pairs(b, on, off)
}

// BenchmarkHundredBuilds is a server in which the author has edited, built and hovered a hundred
// times, each with a megabyte of output. When it has come to rest it must not hold more than
// 60 MB, nor more goroutines than after ten builds.
func BenchmarkHundredBuilds(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	done := false
	for b.Loop() {
		if done {
			continue
		}
		done = true
		_, few := buildMany(b, s, 10)
		rss, many := buildMany(b, s, 100)
		if many > few+2 { // some come and go
			b.Errorf("%d goroutines after 100 builds, %d after 10", many, few)
		}
		b.ReportMetric(float64(rss), "MB")
		b.ReportMetric(float64(many), "goroutines")
		tell(figure{"memory after 100 edits and builds", fmt.Sprintf("%d MB", rss), "45 MB, docker-language-server as recorded", "", "≤ 60 MB"})
	}
}

// buildMany edits and builds n times, and counts what the server then holds, in MB of
// resident memory, and its goroutines.
func buildMany(b *testing.B, s site, n int) (rss, goroutines int) {
	b.Helper()
	dir := workspace(b, "lines", strings.Repeat("0123456789abcde\n", 64<<10))
	uri := "file://" + dir + "/Dockerfile"
	cmd := shipped(b, append(s.env, "GOTRACEBACK=all", "XDG_STATE_HOME="+b.TempDir()))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	e := lsptest.New(b, cmd, lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	text := func(i int) string {
		return fmt.Sprintf("FROM %s/base\nCOPY lines /\nRUN cat lines && echo %s %d\n", enginetest.Registry(b), dir, i)
	}
	e.Open(uri, "dockerfile", text(0))
	for i := range n {
		e.Replace(uri, text(i))
		var r result
		if err := e.Execute("buildls.build", map[string]any{"uri": uri, "wait": true}, &r); err != nil || r.Status != "succeeded" {
			b.Fatalf("%v: %+v", err, r)
		}
		e.Hints(uri, 0, 3)
		e.Hover(uri, i%3, 0)
	}
	var list []result
	if err := e.Execute("buildls.builds", nil, &list); err != nil || len(list) < min(n, 14) {
		b.Fatalf("%d builds, %v", len(list), err)
	}
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if rss = resident(b, e.Pid()); rss <= 60 {
			break
		}
		if time.Since(start) > 10*time.Second {
			b.Errorf("%d MB after %d builds", rss, n)
			break
		}
	}
	return rss, goroutinesOf(e, &stderr)
}
