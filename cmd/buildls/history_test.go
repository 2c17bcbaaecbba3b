package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// idsOf are the ids of builds, in their order.
func idsOf(list []result) string {
	var ids []string
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	return strings.Join(ids, " ")
}

// terminal runs buildls and returns what it writes to stdout.
func terminal(t *testing.T, env []string, dir string, args ...string) string {
	t.Helper()
	cmd := program(t, env, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out, stderr.String())
	}
	return string(out)
}

// A build and its log outlive the server, however that ended, and are found by the next
// one and in a terminal.
func TestHistory(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		s, kept := remembering(t, s)
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"RUN echo first of "+dir+"\n")
		first := mustBuild(t, e, nil)
		e.Replace(uri, base(t)+"RUN echo second of "+dir+"; exit 3\n")
		second := buildNow(t, e, map[string]any{"target": ""})
		logs := []string{logOf(t, e, first), logOf(t, e, second)}
		e.Kill() // by SIGKILL

		e = edit(t, s.env, dir)
		list := buildsOf(t, e)
		if idsOf(list) != second.ID+" "+first.ID {
			t.Fatalf("%s\nof %s %s", idsOf(list), second.ID, first.ID)
		}
		if want := fmt.Sprintf("%+v", second.Error.Range); fmt.Sprintf("%+v", list[0].Error.Range) != want || list[0].Status != "failed" || *list[0].Error.ExitCode != 3 || list[0].Engine != s.engine {
			t.Errorf("%+v", list[0])
		}
		for i, r := range []result{first, second} {
			if got := logOf(t, e, r); got != logs[i] || !strings.Contains(got, " of "+dir) {
				t.Errorf("log %q, was %q", got, logs[i])
			}
		}
		var log struct{ Text string }
		if err := e.Execute("buildls.log", map[string]any{"step": len(second.Steps) - 1}, &log); err != nil || log.Text != "second of "+dir+"\n" {
			t.Errorf("without an id: %q, %v", log.Text, err)
		}
		if err := e.Execute("buildls.log", map[string]any{"id": first.ID, "step": 7}, &log); lsptest.Code(err) != -32602 {
			t.Errorf("no such step: %v", err)
		}
		e.Shutdown()

		other := edit(t, s.env, workspace(t))
		if list := buildsOf(t, other); len(list) != 0 {
			t.Errorf("in another folder: %+v", list)
		}
		other.Shutdown()

		if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(base(t)+"RUN echo first of "+dir+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		terminal(t, s.env, dir, "build", "--progress", "plain", ".")
		e = edit(t, s.env, dir)
		list = buildsOf(t, e)
		e.Shutdown()
		if len(list) != 3 || list[0].URI != uri || list[0].Steps[len(list[0].Steps)-1].Status != "cached" {
			t.Fatalf("after one in a terminal: %+v", list)
		}
		expectTable(t, s, dir, list)
		files, err := os.ReadDir(kept)
		if err != nil || len(files) != 3 {
			t.Errorf("%v, %v", files, err)
		}
	})
}

// expectTable compares what a terminal shows of builds: one that was cached, one that
// failed, one that was not.
func expectTable(t *testing.T, s site, dir string, list []result) {
	t.Helper()
	var again []result
	if err := json.Unmarshal([]byte(terminal(t, s.env, dir, "builds", "--json")), &again); err != nil || idsOf(again) != idsOf(list) {
		t.Errorf("%s, %v", idsOf(again), err)
	}
	lines := strings.Split(terminal(t, s.env, dir, "builds"), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[0], "ID") {
		t.Fatalf("%q", lines)
	}
	for i, want := range []string{"succeeded", "failed", "succeeded"} {
		fields := strings.Fields(lines[i+1])
		if fields[0] != list[i].ID[:8] || !slices.Contains(fields, want) || !slices.Contains(fields, "Dockerfile") || fields[len(fields)-1] != s.engine {
			t.Errorf("%q", fields)
		}
	}
	if out := terminal(t, s.env, dir, "__complete", "builds", "--log", list[1].ID[:3]); !strings.HasPrefix(out, list[1].ID[:8]+"\tfailed, ") {
		t.Errorf("completed:\n%s", out)
	}
	if out := terminal(t, s.env, dir, "builds", list[1].ID[:10]); !strings.Contains(out, "exit 3") || !strings.Contains(out, "RUN echo second of") || !strings.Contains(out, "\nerror: ") {
		t.Error(out)
	}
	if out := terminal(t, s.env, dir, "builds", "--log", list[1].ID[:10], "--step", fmt.Sprint(len(list[1].Steps))); out != "second of "+dir+"\n" {
		t.Errorf("%q", out)
	}
	cmd := program(t, s.env, "builds", "zzz")
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), `no build "zzz" is remembered`) {
		t.Errorf("%v: %s", err, out)
	}
}

// A step says how long it took the last time that it ran, though it was cached or others
// came before it since.
func TestLastDuration(t *testing.T) {
	s, _ := remembering(t, embeddedSite(t))
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	run := "RUN echo " + dir + "; for i in 1 2 3 4 5 6 7 8; do cat /proc/self/stat; done\n"
	e.Open(uri, "dockerfile", base(t)+run)
	last := func(r result) (ms int, was *int) {
		t.Helper()
		i := slices.IndexFunc(r.Steps, func(s stepOf) bool { return strings.Contains(s.Name, "RUN echo "+dir) })
		return r.Steps[i].DurationMs, r.Steps[i].LastMs
	}
	took, was := last(mustBuild(t, e, nil))
	if was != nil {
		t.Errorf("the first time it was %d", *was)
	}
	if _, was = last(mustBuild(t, e, nil)); was == nil || *was != took {
		t.Errorf("cached: %v, not %d", was, took)
	}
	e.Kill()
	e = edit(t, s.env, dir)
	e.Open(uri, "dockerfile", base(t)+"ENV A=b\nRUN echo before\n"+run+"RUN echo behind\n")
	if _, was = last(mustBuild(t, e, nil)); was == nil || *was != took {
		t.Errorf("after an edit and a restart: %v, not %d", was, took)
	}
	e.Shutdown()
}

// Servers and terminals keep their builds in one place at once.
func TestHistoryOfMany(t *testing.T) {
	s, _ := remembering(t, embeddedSite(t))
	dir := workspace(t, "Dockerfile", base(t)+"RUN echo "+t.TempDir()+"\n")
	uri := "file://" + dir + "/Dockerfile"
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := map[string]bool{}
	for range 2 {
		e := edit(t, s.env, dir)
		wg.Go(func() {
			for range 5 {
				var r result
				if err := e.Execute("buildls.build", map[string]any{"uri": uri, "wait": true}, &r); err != nil {
					t.Error(err)
				}
				mu.Lock()
				made[r.ID] = true
				mu.Unlock()
			}
			e.Kill()
		})
	}
	for range 2 {
		wg.Go(func() { program(t, s.env, "build", "--progress", "plain", dir).Run() })
	}
	wg.Wait()
	e := edit(t, s.env, dir)
	list := buildsOf(t, e)
	for _, r := range list {
		delete(made, r.ID)
	}
	if len(list) != 12 || len(made) != 0 {
		t.Errorf("%d builds, without %v", len(list), made)
	}
	if !slices.IsSortedFunc(list, func(a, b result) int { return strings.Compare(b.Started, a.Started) }) {
		t.Errorf("not newest first: %s", idsOf(list))
	}
	e.Shutdown()
}

// What cannot be read is passed over, and the log says so once.
func TestBrokenHistory(t *testing.T) {
	s, kept := remembering(t, embeddedSite(t))
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	e.Open(uri, "dockerfile", base(t))
	var made []string
	for range 3 {
		made = append(made, mustBuild(t, e, nil).ID)
	}
	e.Kill()
	find := func(i int) string {
		names, err := filepath.Glob(filepath.Join(kept, "*"+made[i]+".build"))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v", names, err)
		}
		return names[0]
	}
	if err := os.Truncate(find(0), 300); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(find(1), []byte("buildls-build-1 2\n{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(strings.Replace(find(1), made[1], "pipe", 1), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	e = newEditor(t, program(t, s.env, "--log-file", log), lsptest.Options{Folders: []string{dir}})
	for range 2 {
		if got := idsOf(buildsOf(t, e)); got != made[2] {
			t.Errorf("%s of %v", got, made)
		}
	}
	e.Open(uri, "dockerfile", base(t))
	mustBuild(t, e, nil)
	e.Shutdown()
	written, err := os.ReadFile(log)
	if err != nil || strings.Count(string(written), "passed over") != 2 || !strings.Contains(string(written), filepath.Base(find(0))) {
		t.Errorf("%v: %s", err, written)
	}
}

// The engine's own history of builds, which holds few, is left to builds in terminals.
func TestHistoryOfEngine(t *testing.T) {
	s := buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t, "Dockerfile", base(t)+"RUN true\n")
	e := edit(t, s.env, dir)
	r := buildNow(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile"})
	if out, err := program(t, s.env, "build", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c, err := client.New(t.Context(), s.engine)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := c.ControlClient().ListenBuildHistory(t.Context(), &controlapi.BuildHistoryRequest{EarlyExit: true})
	var refs []string
	for err == nil {
		var event *controlapi.BuildHistoryEvent
		if event, err = list.Recv(); err == nil {
			refs = append(refs, event.Record.Ref)
		}
	}
	if len(refs) == 0 || slices.Contains(refs, r.ID) {
		t.Errorf("%v has %s, or nothing (%v)", refs, r.ID, err)
	}
}
