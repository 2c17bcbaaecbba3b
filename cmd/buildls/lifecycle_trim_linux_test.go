//go:build !portable

package main

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/lsp/lsptest"
)

var rssFile = lazyregexp.New(`RssFile:\s+(\d+) kB`)

// A server that has started gives back most pages of its program's file, and works on. It does so
// again when its editor is quiet.
func TestTrim(t *testing.T) {
	t.Parallel()
	e := newEditor(t, program(t, nil), lsptest.Options{})
	mapped := func() int {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Pid()))
		m := rssFile.FindSubmatch(status)
		if err != nil || m == nil {
			t.Fatalf("%v: %s", err, status)
		}
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	awaitTrim := func() {
		t.Helper()
		before := mapped()
		for late := time.Now().Add(30 * time.Second); mapped() >= before/2; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%d KiB, then %d", before, mapped())
			}
		}
	}
	awaitTrim()
	const uri = "file:///trim/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch\nMAINTAINER me\n")
	e.Await("a problem", func() bool { return e.Count("textDocument/publishDiagnostics") > 0 })
	awaitTrim()
	e.Shutdown()
}
