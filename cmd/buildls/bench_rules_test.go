package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// linter is a linter for Dockerfiles with rules of good practice and a server. Nothing of it is
// taken; it is run.
func linter(b *testing.B) string {
	path := filepath.Join(enginetest.Dir(b), "linter", "node_modules", "@wharflab", "tally-linux-x64", "bin", "tally")
	if _, err := os.Stat(path); err != nil {
		b.Skipf("SKIPPED, needs the linter of npm: %v", err)
	}
	return path
}

// practised is a Dockerfile of some lines that breaks rules of good practice.
func practised(lines int) string {
	var b strings.Builder
	b.WriteString("FROM debian:12 AS base\n")
	for i := 1; i < lines; i++ {
		switch {
		case i%100 == 98:
			fmt.Fprintf(&b, "FROM base AS stage%d\n", i)
		case i%20 == 9:
			fmt.Fprintf(&b, "RUN cd /src%d && apt-get install package%d\n", i, i)
		case i%2 == 1:
			fmt.Fprintf(&b, "RUN if test -e /x%d; then make all; fi && echo done >/log\n", i)
		default:
			fmt.Fprintf(&b, "ENV A%d=value B%d=other\n", i, i)
		}
	}
	return b.String()
}

// BenchmarkRules is from a change to the publication of what is wrong by all rules, in two servers.
func BenchmarkRules(b *testing.B) {
	peer := linter(b)
	for _, lines := range []int{20, 1000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			most := 30
			if lines > 100 {
				most = 5 // a pair takes seconds
			}
			ours := changing(b, quiet(shipped(b, nil)), lines)
			theirs := changing(b, quiet(exec.Command(peer, "lsp", "--stdio")), lines)
			fewPairs(b, most, ours, theirs)
			tellPairs(b, fmt.Sprintf("a change of %d lines, from the key to what all rules say", lines), "tally of npm", 0.5)
		})
	}
}

// changing is an edit in a server that changes what is wrong, and the wait for what is published.
func changing(b *testing.B, server *exec.Cmd, lines int) func() {
	dir := workspace(b, "Dockerfile", practised(lines))
	uri := "file://" + dir + "/Dockerfile"
	e := lsptest.New(b, server, lsptest.Options{Folders: []string{dir}, Init: map[string]any{"lint": map[string]any{"rules": "all", "shellcheck": "off"}}})
	e.Open(uri, "dockerfile", practised(lines))
	e.Await("the first publication", func() bool { return e.Count("textDocument/publishDiagnostics") > 0 })
	n := 0
	return func() {
		n++
		seen := e.Count("textDocument/publishDiagnostics")
		e.Change(uri, lines-1, 0, lines, 0, fmt.Sprintf("RUN cd /other%d && sudo make\n", n))
		e.Await("a publication", func() bool { return e.Count("textDocument/publishDiagnostics") > seen })
	}
}

// BenchmarkCheckFolder is a check of a thousand Dockerfiles by all rules, in a terminal, against one
// by BuildKit's alone.
func BenchmarkCheckFolder(b *testing.B) {
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprintf("%d/Dockerfile", i), practised(20+i%40)+fmt.Sprintf("LABEL n=%d\n", i))
	}
	dir := workspace(b, files...)
	check := func(rules string) func() {
		return func() {
			cmd := shipped(b, nil, "check", "--rules", rules, "--shellcheck", "off", "--failure-threshold", "none", ".")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %.300s", err, out)
			}
		}
	}
	fewPairs(b, 10, check("all"), check("buildkit"))
	tellPairs(b, "a check of 1,000 Dockerfiles by all rules", "by BuildKit's alone", 3)
}
