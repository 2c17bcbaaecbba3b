package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

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

// BenchmarkTypingBesideFrozenEngine is from an edit to what is published of it, in a server
// whose build hangs on an engine that is frozen, against one that has none.
func BenchmarkTypingBesideFrozenEngine(b *testing.B) {
	engine := enginetest.StartBuildkitd(b)
	typist := func(line string) (e *lsptest.Editor, uri string, typed func()) {
		dir := workspace(b)
		uri = "file://" + dir + "/Dockerfile"
		e = lsptest.New(b, quiet(shipped(b, buildkitdSite(engine).env)), lsptest.Options{Folders: []string{dir}})
		e.Open(uri, "dockerfile", "FROM "+enginetest.Registry(b)+"/base\n"+line)
		wrong := false
		return e, uri, func() {
			seen := e.Count("textDocument/publishDiagnostics")
			if wrong = !wrong; wrong {
				e.Insert(uri, 0, 0, "RUNN\n")
			} else {
				e.Delete(uri, 0, 0, 1, 0)
			}
			e.Await("what is wrong", func() bool { return e.Count("textDocument/publishDiagnostics") > seen })
		}
	}
	sleep := newSleep()
	e, uri, beside := typist("RUN " + sleep + "\n")
	if err := e.Execute("buildls.build", map[string]any{"uri": uri}, nil); err != nil {
		b.Fatal(err)
	}
	awaitSleep(b, sleep)
	engine.Pause()
	b.Cleanup(engine.Continue)
	_, _, free := typist("RUN echo\n")
	pairs(b, beside, free)
}
