package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// mostMiB is the most memory that the server may take, whatever it is sent.
const mostMiB = 1024

// Sizes that nobody writes, or a tenth of them. The server is the program as it is shipped: of
// memory and time the race detector takes many times as much.
func TestHostileSizes(t *testing.T) {
	path := os.Getenv("BUILDLS_TEST_PROGRAM")
	if path == "" {
		path = filepath.Join(t.TempDir(), "buildls")
		build := exec.Command("go", "build", "-o", path, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	server := func() *exec.Cmd {
		cmd := program(t, nil)
		cmd.Path, cmd.Args[0] = path, path
		return cmd
	}
	t.Run("documents", func(t *testing.T) { hugeDocuments(t, server()) })
	t.Run("floods", func(t *testing.T) { floods(t, server()) })
}

// memoryMiB is the most that a process ever had.
func memoryMiB(t *testing.T, pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("no /proc here")
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// asks are all requests about a document.
func asks(uri string) map[string]string {
	whole := `"range":{"start":{"line":0,"character":0},"end":{"line":4000000,"character":0}}`
	all := map[string]string{
		"textDocument/hover":      fmt.Sprintf(`{"textDocument":{"uri":%q},"position":{"line":1,"character":6}}`, uri),
		"textDocument/codeLens":   fmt.Sprintf(`{"textDocument":{"uri":%q}}`, uri),
		"textDocument/inlayHint":  fmt.Sprintf(`{"textDocument":{"uri":%q},%s}`, uri, whole),
		"textDocument/codeAction": fmt.Sprintf(`{"textDocument":{"uri":%q},%s,"context":{"diagnostics":[],"only":["source.fixAll"]}}`, uri, whole),
	}
	for _, command := range []string{"check", "targets", "context", "profiles"} {
		all["workspace/executeCommand "+command] = fmt.Sprintf(`{"command":"buildls.%s","arguments":[{"uri":%q}]}`, command, uri)
	}
	return all
}

// Documents that nobody writes: everything about them is answered, also when it is asked for
// and canceled again and again, and what is typed elsewhere is served meanwhile.
func hugeDocuments(t *testing.T, server *exec.Cmd) {
	some := enginetest.Some
	many := func(n int, part func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(part(i))
		}
		return b.String()
	}
	docs := map[string]string{
		"million/Dockerfile":   "FROM scratch\n" + strings.Repeat("RUN x\n", some(1_000_000)),
		"line/Dockerfile":      "FROM scratch\nRUN " + strings.Repeat("x", some(10_000_000)),
		"megabytes/Dockerfile": "FROM scratch\n" + strings.Repeat("# nothing but comments in here\n", some(50<<20/31)),
		"stages/Dockerfile":    many(some(10_000), func(i int) string { return fmt.Sprintf("FROM scratch AS s%d\nCOPY a b\n", i) }),
		"chain/Dockerfile":     "FROM scratch AS s0\n" + many(some(10_000), func(i int) string { return fmt.Sprintf("FROM s%d AS s%d\nENV a%d=b\n", i, i+1, i) }),
		"deep/Dockerfile":      "FROM scratch\nENV A=" + strings.Repeat("${A:-", some(10_000)) + "x\n",
		"double/Dockerfile":    "# syntax=example.com/other\nFROM scratch\nENV A=x\n" + strings.Repeat("ENV A=$A$A\n", 100),
		"heredocs/Dockerfile":  "FROM scratch\n" + many(some(1000), func(i int) string { return fmt.Sprintf("COPY <<E%d /x\n$A\nE%d\n", i, i) }),
		"docker-bake.hcl":      "a = " + strings.Repeat("(", some(3_000_000)),
		"compose.yaml":         "a: " + strings.Repeat("[", some(3_000_000)),
		"docker-bake.json":     strings.Repeat("[", some(3_000_000)),
		".dockerignore":        strings.Repeat("**/*a*b*c?[d-e]/**\n", some(20_000)),
		"notes.txt":            strings.Repeat("0123456789\n", some(5<<20)),
	}
	dir := workspace(t)
	e, small := editorOf(t, server, dir), "file://"+dir+"/small/Dockerfile"
	e.Open(small, "dockerfile", "FROM scratch AS s\n")
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		t.Run(name, func(t *testing.T) {
			uri := "file://" + dir + "/" + name
			e.Open(uri, "", docs[name])
			typed := len(e.Published(small))
			e.Replace(small, "FROM scratch AS Typed"+strconv.Itoa(typed)+"\n")
			e.Await("what is typed elsewhere is checked", func() bool { return len(e.Published(small)) > typed })
			all := asks(uri)
			methods := slices.Sorted(maps.Keys(all))
			lsptest.AtOnce(2*len(methods), func(i int) {
				m := methods[i/2]
				method, _, _ := strings.Cut(m, " ")
				id := fmt.Sprintf("%s %d", name, i)
				if i%2 == 0 {
					go e.Notify("$/cancelRequest", map[string]any{"id": id})
				}
				lsptest.Answered(t, m, e.CallWithID(id, method, json.RawMessage(all[m]), nil))
			})
			e.Insert(uri, 0, 0, "#\n")
			e.Close(uri)
		})
	}
	e.Replace(small, "FROM scratch AS still\n")
	stillServes(t, e, small, "still")
	if most := memoryMiB(t, e.Pid()); most > mostMiB {
		t.Errorf("it took %d MiB", most)
	} else {
		t.Logf("at most %d MiB", most)
	}
	e.Shutdown()
}

// Ten thousand open documents, or a tenth of them, and requests by the thousand at once, most of them canceled.
func floods(t *testing.T, server *exec.Cmd) {
	dir := workspace(t, "Dockerfile", "FROM scratch AS s\nCOPY . /\n")
	e, uri := editorOf(t, server, dir), "file://"+dir+"/Dockerfile"
	for i := range enginetest.Some(10_000) {
		e.Notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": fmt.Sprintf("file://%s/%d/Dockerfile", dir, i), "languageId": "dockerfile", "version": 1, "text": "FROM scratch AS S\n"}})
	}
	e.Open(uri, "dockerfile", "FROM scratch AS s\nCOPY . /\n")
	all := asks(uri)
	lsptest.Answered(t, "context", e.Call("workspace/executeCommand", json.RawMessage(all["workspace/executeCommand context"]), nil))
	delete(all, "workspace/executeCommand context") // it reads every buffer against the disk
	methods := slices.Sorted(maps.Keys(all))
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			m := methods[i%len(methods)]
			method, _, _ := strings.Cut(m, " ")
			lsptest.Answered(t, m, e.CallWithID(strconv.Itoa(i), method, json.RawMessage(all[m]), nil))
		})
		if i%10 != 0 {
			e.Notify("$/cancelRequest", map[string]any{"id": strconv.Itoa(i)})
		}
	}
	wg.Wait()
	for i := range 1000 {
		e.Replace(uri, fmt.Sprintf("FROM scratch AS S%d\n", i))
	}
	stillServes(t, e, uri, "s999")
	e.Await("the last text is checked", func() bool {
		p := e.Published(uri)
		return len(p) > 0 && *p[len(p)-1].Version == 1001 && len(p[len(p)-1].Diagnostics) == 1
	})
	if most := memoryMiB(t, e.Pid()); most > mostMiB {
		t.Errorf("it took %d MiB", most)
	} else {
		t.Logf("at most %d MiB", most)
	}
	e.Shutdown()
}

// stillServes is whether the server has the text that an editor shows.
func stillServes(t *testing.T, e *lsptest.Editor, uri, stage string) {
	t.Helper()
	var targets []struct{ Name string }
	if err := e.Execute("buildls.targets", map[string]any{"uri": uri}, &targets); err != nil || len(targets) != 1 || targets[0].Name != stage {
		t.Errorf("%v, %v, want %s", targets, err, stage)
	}
}
