package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
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
	b.WriteString("FROM debian:12 as base\n") // of which BuildKit says something
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

// BenchmarkRules is from a change to the publication of what is wrong by all rules, against BuildKit's
// alone.
func BenchmarkRules(b *testing.B) {
	for _, lines := range []int{20, 1000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			pairs(b, changing(b, "all", lines), changing(b, "buildkit", lines))
			tellPairs(b, fmt.Sprintf("a change of %d lines, from the key to what all rules say", lines), "BuildKit's alone", 1.5)
		})
	}
}

// BenchmarkRulesOfFile is a check of a file by all rules, a whole process, against another linter's.
func BenchmarkRulesOfFile(b *testing.B) {
	peer := linter(b)
	for _, lines := range []int{20, 1000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			most := 30
			if lines > 100 {
				most = 3 // a pair takes seconds
			}
			file := filepath.Join(workspace(b, "Dockerfile", practised(lines)), "Dockerfile")
			// That they find something is no error here.
			fewPairs(b, most, func() { shipped(b, nil, "check", "--rules", "all", "--shellcheck", "off", file).Run() },
				func() { exec.Command(peer, "lint", file).Run() })
			tellPairs(b, fmt.Sprintf("a check of a file of %d lines by all rules, a whole process", lines), "tally of npm", 0.5)
		})
	}
}

// changing is an edit in a server that changes what is wrong, and the wait for what is published. The
// client does not read that: it is long.
func changing(b *testing.B, rules string, lines int) func() {
	const uri = "file:///bench/Dockerfile"
	w := startBare(b, quiet(shipped(b, nil)))
	published := func() {
		w.await(func(head []byte) bool { return bytes.Contains(head, []byte("publishDiagnostics")) })
	}
	w.ask("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{},
		"initializationOptions": map[string]any{"lint": map[string]any{"rules": rules, "shellcheck": "off"}}})
	w.tell("initialized", map[string]any{})
	w.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "dockerfile", "version": 1, "text": practised(lines)}})
	published()
	n := 0
	return func() {
		n++
		text := fmt.Sprintf("MAINTAINER other%d\n", n)
		if n%2 == 0 {
			text = fmt.Sprintf("RUN make other%d\n", n)
		}
		last := map[string]any{"start": map[string]any{"line": lines - 1, "character": 0}, "end": map[string]any{"line": lines, "character": 0}}
		w.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": n + 1}, "contentChanges": []any{map[string]any{"range": last, "text": text}}})
		published()
	}
}

// BenchmarkFormat is a whole process that prints a Dockerfile laid out, against another formatter's.
func BenchmarkFormat(b *testing.B) {
	peer := filepath.Join(enginetest.Dir(b), "formatter", "node_modules", "@reteps", "dockerfmt-linux-x64", "bin", "dockerfmt")
	if _, err := os.Stat(peer); err != nil {
		b.Skipf("SKIPPED, needs the formatter of npm: %v", err)
	}
	for _, lines := range []int{20, 1000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			file := filepath.Join(workspace(b, "Dockerfile", strings.ReplaceAll(practised(lines), "RUN if", "run  if")), "Dockerfile")
			run := func(cmd func() *exec.Cmd) func() {
				return func() {
					if out, err := cmd().Output(); err != nil || len(out) == 0 {
						b.Fatalf("%v: %s", err, out)
					}
				}
			}
			pairs(b, run(func() *exec.Cmd { return shipped(b, nil, "format", file) }), run(func() *exec.Cmd { return exec.Command(peer, file) }))
			tellPairs(b, fmt.Sprintf("a Dockerfile of %d lines laid out, with the proof, a whole process", lines), "dockerfmt of npm, which proves nothing", 0)
		})
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
