package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// The stress is an author who does two hundred things a second, at random, against a model
// of what must be shown when it is over (stress_model_test.go). BUILDLS_STRESS is for how
// long, 5s if it is not set; BUILDLS_STRESS_SEED repeats one.

const stressEvery = time.Second / 200

// A stress is that author, with a server.
type stress struct {
	*testing.T
	*watched
	*rand.Rand
	e       *lsptest.Editor
	model   *stressModel
	answers []func() // that are waited for when it is over
	tokens  []string // of builds, for who cancels
	said    int      // how many things were done
	log     *bytes.Buffer
}

func TestStress(t *testing.T) {
	t.Parallel()
	lasts, err := time.ParseDuration(cmp.Or(os.Getenv("BUILDLS_STRESS"), "5s"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("BUILDLS_STRESS_SEED"), fmt.Sprint(time.Now().UnixNano())), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("BUILDLS_STRESS_SEED=%d BUILDLS_STRESS=%v", seed, lasts)
	s := newStress(t, seed)
	goroutines, descriptors := s.rest()

	tick := time.NewTicker(stressEvery)
	defer tick.Stop()
	for end := time.Now().Add(lasts); time.Now().Before(end); s.said++ {
		<-tick.C
		s.act()
	}
	for _, wait := range s.answers {
		wait()
	}
	s.awaitBuilds()
	s.returns(goroutines, descriptors)
	s.model.check(s.T, s.e.All(""))
	for i := range s.model.docs {
		s.buildAtLast(&s.model.docs[i])
	}
	s.returns(goroutines, descriptors)
	s.model.check(s.T, s.e.All(""))
	s.Logf("%d things done, %d builds, %d messages", s.said, len(s.model.builds), len(s.e.All("")))
	s.e.Shutdown()
}

func newStress(t *testing.T, seed uint64) *stress {
	site := buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t)
	server := program(t, site.env)
	watch := watch(t, server)
	var log bytes.Buffer
	server.Stderr = &log
	e := newEditor(t, server, lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	s := &stress{T: t, watched: watch(e), Rand: rand.New(rand.NewPCG(seed, 0)), e: e, log: &log}
	t.Cleanup(s.checkLog)
	s.model = newStressModel(dir, strings.TrimSpace(base(t)))
	for i := range s.model.docs {
		s.open(&s.model.docs[i])
	}
	return s
}

// checkLog looks for what must never be: it is called when the server has ended.
func (s *stress) checkLog() {
	s.e.Kill()
	for _, bad := range []string{"panic", "DATA RACE"} {
		if _, rest, found := strings.Cut(s.log.String(), bad); found {
			s.Errorf("the log has: %s%.5000s", bad, rest)
		}
	}
}

// rest is what the server holds when it does nothing: one build has been there.
func (s *stress) rest() (goroutines, descriptors int) {
	d := &s.model.docs[0]
	s.build(d)
	s.awaitBuilds()
	for range 10 {
		s.hints(d)
	}
	goroutines, _ = s.goroutines()
	descriptors, _ = s.descriptors()
	return goroutines, descriptors
}

// act does one thing.
func (s *stress) act() {
	d := &s.model.docs[s.IntN(len(s.model.docs))]
	switch n := s.IntN(100); {
	case n < 25:
		s.change(d, s.IntN(len(d.lines)-1)+1, 0, s.model.line(s.Rand))
	case n < 35:
		s.change(d, s.IntN(len(d.lines)-1)+1, 1)
	case n < 50:
		s.change(d, s.IntN(len(d.lines)-1)+1, 1, s.model.line(s.Rand))
	case n < 55:
		s.replace(d)
	case n < 60:
		s.touch(d)
	case n < 68:
		s.build(d)
	case n < 74:
		s.cancel()
	case n < 84:
		s.check(d)
	case n < 88:
		s.configure()
	case n < 90:
		s.close(d)
		s.open(d)
	default:
		s.look(d)
	}
}

func (s *stress) open(d *stressDoc) {
	d.version++
	d.remember()
	s.e.Notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": d.uri, "languageId": "dockerfile", "version": d.version, "text": d.text()}})
}

func (s *stress) close(d *stressDoc) {
	d.closed()
	s.e.Notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": d.uri}})
}

// change puts lines in the place of n lines.
func (s *stress) change(d *stressDoc, at, n int, lines ...string) {
	n = min(n, len(d.lines)-at)
	if len(d.lines)-n+len(lines) < 2 || len(d.lines)-n+len(lines) > 14 {
		return
	}
	d.edit(at, n, lines)
	text := strings.Join(lines, "\n")
	if len(lines) > 0 {
		text += "\n"
	}
	s.send(d, map[string]any{"text": text, "range": map[string]any{
		"start": map[string]any{"line": at, "character": 0}, "end": map[string]any{"line": at + n, "character": 0}}})
}

// replace sends the whole text anew, with a line that is another.
func (s *stress) replace(d *stressDoc) {
	at := s.IntN(len(d.lines)-1) + 1
	d.edit(at, 1, []string{s.model.line(s.Rand)})
	s.send(d, map[string]any{"text": d.text()})
}

// touch types at the end of a line.
func (s *stress) touch(d *stressDoc) {
	at := s.IntN(len(d.lines)-1) + 1
	end := len(d.lines[at])
	d.edit(at, 1, []string{d.lines[at] + "0"})
	s.send(d, map[string]any{"text": "0", "range": map[string]any{
		"start": map[string]any{"line": at, "character": end}, "end": map[string]any{"line": at, "character": end}}})
}

func (s *stress) send(d *stressDoc, change map[string]any) {
	d.version++
	d.remember()
	s.e.Notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": d.uri, "version": d.version}, "contentChanges": []any{change}})
}

// ask sends a request whose answer is looked at when all is over.
func (s *stress) ask(method string, params map[string]any, answered func(json.RawMessage, error)) {
	wait := s.e.Send(method, params)
	s.answers = append(s.answers, func() {
		var raw json.RawMessage
		answered(raw, wait(&raw))
	})
}

func (s *stress) execute(command string, argument map[string]any, answered func(json.RawMessage, error)) {
	s.ask("workspace/executeCommand", map[string]any{"command": command, "arguments": []any{argument}}, answered)
}

func (s *stress) must(raw json.RawMessage, err error) {
	if err != nil {
		s.Error(err)
	}
}

func (s *stress) build(d *stressDoc) {
	b := s.model.build(d)
	s.tokens = append(s.tokens, fmt.Sprintf("buildls/%d", len(s.model.builds)))
	s.execute("buildls.build", map[string]any{"uri": d.uri}, func(raw json.RawMessage, err error) {
		if err == nil {
			err = json.Unmarshal(raw, b)
		}
		if err != nil || b.ID == "" {
			s.Errorf("%s, %v", raw, err)
		}
	})
}

// cancel cancels what runs, or what has ended long ago, or never was.
func (s *stress) cancel() {
	switch s.IntN(3) {
	case 0:
		s.execute("buildls.cancel", nil, s.must)
	case 1:
		s.execute("buildls.cancel", map[string]any{"id": "none"}, s.must)
	case 2:
		s.e.Notify("window/workDoneProgress/cancel", map[string]any{"token": s.tokens[s.IntN(len(s.tokens))]})
	}
}

// check compares what is wrong with the text of this moment.
func (s *stress) check(d *stressDoc) {
	lines := slices.Clone(d.lines)
	s.execute("buildls.check", map[string]any{"uri": d.uri}, func(raw json.RawMessage, err error) {
		var answer struct{ Diagnostics []lsptest.Diagnostic }
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		if err != nil {
			s.Error(err)
			return
		}
		severity := ""
		for _, x := range answer.Diagnostics {
			if x.Code == legacyRule {
				severity = severityOf(x)
			}
		}
		if severity == "" {
			severity = "off" // or there is none
		}
		want := lintOf(lines, severity)
		if got := shownOf(answer.Diagnostics); !slices.Equal(got, want) {
			s.Errorf("check of %q: %v, want %v", lines, got, want)
		}
	})
}

func (s *stress) configure() {
	s.model.severity = []string{"off", "hint", "info", "warning", "error"}[s.IntN(5)]
	s.e.Configure(map[string]any{"lint": map[string]any{"severity": map[string]any{legacyRule: s.model.severity}}})
}

// look asks for what an editor shows of a document.
func (s *stress) look(d *stressDoc) {
	of := map[string]any{"uri": d.uri}
	switch s.IntN(3) {
	case 0:
		s.ask("textDocument/codeLens", map[string]any{"textDocument": of}, s.must)
	case 1:
		s.ask("textDocument/hover", map[string]any{"textDocument": of, "position": map[string]any{"line": s.IntN(len(d.lines)), "character": 1}}, s.must)
	case 2:
		s.hints(d)
	}
}

func (s *stress) hints(d *stressDoc) {
	lines := map[string]any{"start": map[string]any{"line": 0, "character": 0}, "end": map[string]any{"line": len(d.lines), "character": 0}}
	s.ask("textDocument/inlayHint", map[string]any{"textDocument": map[string]any{"uri": d.uri}, "range": lines}, s.must)
}

// awaitBuilds waits until all builds have ended, and their progress with them, and takes their
// results.
func (s *stress) awaitBuilds() {
	s.e.Await("the end of all builds", func() bool { return s.e.Count("buildls/buildFinished") >= len(s.model.builds) })
	s.model.take(s.T, s.e.All("buildls/buildFinished"))
}

// buildAtLast builds a document that is not edited any more, and looks at the marks.
func (s *stress) buildAtLast(d *stressDoc) {
	b := s.model.build(d)
	var r result
	if err := s.e.Execute("buildls.build", map[string]any{"uri": d.uri, "wait": true}, &r); err != nil {
		s.Fatal(err)
	}
	b.ID, b.status = r.ID, r.Status
	if want := map[bool]string{true: "succeeded", false: "failed"}[faultOf(d.lines) < 0]; r.Status != want {
		s.Errorf("the last build %s: %+v of %q", r.Status, r.Error, d.lines)
	}
	if len(r.Steps) == 0 {
		return // it could not be read, and the marks are those of the one before
	}
	marks := map[int]string{}
	for _, h := range s.e.Hints(d.uri, 0, len(d.lines)) {
		marks[h.Position.Line] = strings.TrimSpace(h.Label)
	}
	for _, step := range r.Steps {
		mark, line := marks[step.Range.End.Line], step.Range.End.Line
		ok := map[string]bool{"cached": mark == "cached", "done": strings.HasSuffix(mark, " s"), "failed": mark == "✗ exit 7", "canceled": mark == "skipped" || mark == "canceled"}[step.Status]
		if !ok {
			s.Errorf("line %d of %q is %s and marked %q", line, d.lines, step.Status, mark)
		}
		delete(marks, line)
	}
	if len(marks) > 0 {
		s.Errorf("marks of nothing: %v in %q", marks, d.lines)
	}
}
