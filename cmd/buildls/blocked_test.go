package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// An editor that does not read, for BUILDLS_BLOCKED (5s if it is not set), while a step
// pours out output and the author types, costs the server no more than one that reads, and
// holds nothing up. When it reads again, it is shown what is wrong with the newest text, the
// output in order, and where some of it was left out.
func TestBlockedEditor(t *testing.T) {
	t.Parallel()
	lasts, err := time.ParseDuration(cmp.Or(os.Getenv("BUILDLS_BLOCKED"), "5s"))
	if err != nil {
		t.Fatal(err)
	}
	p := newPouring(t)
	reading := p.pour("reading", func() bool { return p.e.Count("buildls/buildFinished") > 1 })
	goroutines, _ := p.watched.goroutines()

	frozen := time.Now()
	blocked := p.pour("blocked", func() bool { return time.Since(frozen) > lasts })
	if blocked > reading*3/2 {
		t.Errorf("%d MB while the editor did not read, %d while it did", blocked, reading)
	}
	var r result
	if err := p.answer(&r); err != nil || r.Status != "succeeded" || time.Duration(r.DurationMs)*time.Millisecond > time.Since(frozen) {
		t.Fatalf("%v: %+v", err, r)
	}
	left := inOrder(t, p.e.All("buildls/log"))
	if log := logOf(t, p.e, r); !strings.HasSuffix(log, numbered(pouredLines)) {
		t.Errorf("the whole log has %d bytes and ends with %q", len(log), log[max(0, len(log)-100):])
	}
	p.e.AwaitPublished(p.uri)
	if got := codes(p.e, p.uri); got != "2:MaintainerDeprecated" {
		t.Error(got)
	}
	t.Logf("not read for %v, %d times typed: %d MB, of an editor that reads %d; the build took %d ms, %d lines of %d were left out",
		lasts, p.typed, blocked, reading, r.DurationMs, left, pouredLines)
	p.watched.returns(goroutines, 1000)
	p.e.Shutdown()
}

// pouredLines is how many lines the step prints: 3 MB.
const pouredLines = 500_000

// A pouring is an author who types while a step prints without an end.
type pouring struct {
	*testing.T
	e       *lsptest.Editor
	watched *watched
	uri     string
	answer  func(any) error // waits for the build's
	typed   int
}

func newPouring(t *testing.T) *pouring {
	s, _ := ownEmbedded(t)
	dir := workspace(t)
	server := program(t, append(s.env, "XDG_STATE_HOME="+t.TempDir()))
	watch := watch(t, server)
	e := lsptest.New(t, quiet(server), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	p := &pouring{T: t, e: e, watched: watch(e), uri: "file://" + dir + "/Dockerfile"}
	e.Open(p.uri, "dockerfile", base(t)+"RUN true\nMAINTAINER me\n")
	mustBuild(t, e, nil)
	return p
}

// pour builds, and types until it is over. The answer is the most memory that the server then
// had, in MB. An editor that is blocked reads nothing from the first output until the end.
func (p *pouring) pour(how string, over func() bool) (mb int) {
	from, _, _ := strings.Cut(base(p.T), "\n")
	p.e.Replace(p.uri, fmt.Sprintf("%s\nRUN : %s; seq 1 %d\nMAINTAINER me\n", from, how, pouredLines))
	before := p.e.Count("buildls/log")
	p.answer = p.e.Send("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{map[string]any{"uri": p.uri, "wait": true}}})
	p.e.Await("output", func() bool { return p.e.Count("buildls/log") > before })
	if how == "blocked" {
		p.e.Freeze()
		defer p.e.Thaw()
	}
	for ; !over(); time.Sleep(5 * time.Millisecond) { // so fast nobody types
		p.typed++
		p.e.Change(p.uri, 2, 0, 3, 0, fmt.Sprintf("MAINTAINER me%d\n", p.typed))
		mb = max(mb, resident(p.T, p.e.Pid()))
	}
	return mb
}

// inOrder checks that the output of the last build was all numbers in order, and that where
// some are missing, it is said. It counts these.
func inOrder(t *testing.T, messages []lsptest.Message) (left int) {
	t.Helper()
	var text strings.Builder
	last := ""
	for _, m := range messages {
		var l struct{ ID, Text string }
		if err := json.Unmarshal(m.Params, &l); err != nil {
			t.Fatal(err)
		}
		if l.ID != last {
			text.Reset()
		}
		last = l.ID
		text.WriteString(l.Text)
	}
	next, cut := 1, false
	for line := range strings.Lines(text.String()) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		switch {
		case strings.HasSuffix(line, "…\n"), strings.Contains(line, "are left out here"):
			cut = true
		case err != nil || n != next && !(cut && n > next):
			t.Fatalf("%q in the place of %d", line, next)
		default:
			left += n - next
			next, cut = n+1, false
		}
	}
	if next != pouredLines+1 || left == 0 {
		t.Errorf("the last line was %d of %d, and %d were left out", next-1, pouredLines, left)
	}
	return left
}
