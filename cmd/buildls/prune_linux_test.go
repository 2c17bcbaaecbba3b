//go:build !portable

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a dry run says is what goes: all that is not used, what was used least beyond a size, or what
// was not used for a time.
func TestPrune(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	text := base(t)
	for i := range 5 {
		text += fmt.Sprintf("RUN dd if=/dev/urandom of=/%d bs=1M count=%d\n", i, i+1)
	}
	context := workspace(t, "Dockerfile", text+"RUN --mount=type=cache,target=/c echo >/c/d\nCOPY Dockerfile /\n")
	prune := func(args ...string) pruned {
		t.Helper()
		out, err := program(t, s.env, append([]string{"prune", "--json"}, args...)...).Output()
		var p pruned
		if err != nil || json.Unmarshal(out, &p) != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		return p
	}
	size := func() int64 {
		t.Helper()
		d, ok := diagnosed(t, s.env)
		if !ok || d.CacheBytes == nil {
			t.Fatalf("%+v", d)
		}
		sum := int64(0)
		for _, k := range d.Cache {
			sum += k.Bytes
			if k.Records == 0 || k.Oldest.IsZero() {
				t.Errorf("%+v", k)
			}
		}
		if sum != *d.CacheBytes {
			t.Errorf("%d bytes in %+v", *d.CacheBytes, d.Cache)
		}
		return *d.CacheBytes
	}
	const keep = 9e6
	same := func(args ...string) (freed int64) {
		t.Helper()
		before := size()
		dry := prune(append(args, "--dry-run")...)
		if now := size(); now != before || !dry.DryRun {
			t.Errorf("%q: a dry run has made %d bytes of %d", args, now, before)
		}
		done := prune(args...)
		// Beyond a size, of parts that were used alike BuildKit takes any.
		alike := slices.Contains(args, "--keep") && dry.Cache.LeftBytes < keep && done.Cache.LeftBytes < keep
		if !alike && (dry.Cache.FreedBytes != done.Cache.FreedBytes || len(dry.Cache.Records) != len(done.Cache.Records) || dry.Cache.LeftBytes != done.Cache.LeftBytes) || done.DryRun {
			t.Errorf("%q: a dry run says %+v, and it was %+v", args, dry.Cache, done.Cache)
		}
		if now := size(); now != before-done.Cache.FreedBytes || now != done.Cache.LeftBytes {
			t.Errorf("%q: %d bytes are left of %d, and %+v", args, now, before, done.Cache)
		}
		for _, r := range done.Cache.Records {
			if r.Kind == "" || r.Created.IsZero() {
				t.Errorf("%q: %+v", args, r)
			}
		}
		return done.Cache.FreedBytes
	}
	built(t, s.env)
	if out, code := terminalBuild(t, s.env, nil, context); code != 0 {
		t.Fatal(out)
	}
	if freed := same("--older", "1h"); freed != 0 {
		t.Errorf("%d bytes were not used for an hour", freed)
	}
	if freed := same("--keep", "9MB"); freed == 0 || size() > keep {
		t.Errorf("%d bytes were freed, and %d are left of 9 MB", freed, size())
	}
	if out, err := program(t, s.env, "prune", "--dry-run").Output(); err != nil || !contains(string(out), "SIZE", "CREATED", "ago", "cache: would free ") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, code := terminalBuild(t, s.env, nil, context); code != 0 {
		t.Fatal(out)
	}
	before := size()
	endEngine(t, dir)
	if d, ok := diagnosed(t, s.env); !ok || d.Running || d.CacheBytes != nil || d.DiskBytes < before {
		t.Errorf("of an engine that does not run: running %v, cache %v, %d bytes on the disk, and it had %d", d.Running, d.CacheBytes, d.DiskBytes, before)
	}
	if out, err := program(t, s.env, "doctor").Output(); err != nil || !contains(string(out), "on the disk; `buildls prune --dry-run` starts the engine") {
		t.Errorf("%v\n%s", err, out)
	}
	prune("--dry-run") // which starts it
	if freed := same("--all"); freed == 0 || size() != 0 {
		t.Errorf("%d bytes were freed, and %d are left", freed, size())
	}
	if out, err := program(t, s.env, "prune").Output(); err != nil || string(out) != "cache: freed 0B of 0B\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// What a build uses stays, and the build goes on.
func TestPruneWhileBuilding(t *testing.T) {
	t.Parallel()
	s, _ := ownEmbedded(t)
	a := newAuthor(t, s.env, workspace(t, "Dockerfile", "FROM scratch\n"))
	asked, pruned := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-pruned
	}))
	t.Cleanup(server.Close)
	token := a.begin(base(t)+"RUN dd if=/dev/urandom of=/kept bs=1M count=3\nRUN wget -q -O /answer "+server.URL+" && ls /kept\n", nil)
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Error("the step does not run")
	}
	if out, err := program(t, s.env, "prune", "--all").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	close(pruned)
	a.awaitEnd(token, "Built ")
}

// Past builds are forgotten by their age, those of the engine, too; its log is emptied, and it goes on
// to write to it.
func TestPruneHistoryAndLogs(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	s.env = append(s.env, "XDG_STATE_HOME="+t.TempDir())
	built(t, s.env)
	d, _ := diagnosed(t, s.env)
	if d.History == nil || d.History.Builds != 1 || d.History.Bytes == 0 || d.LogBytes == 0 {
		t.Fatalf("%+v, %d", d.History, d.LogBytes)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := program(t, s.env, append([]string{"prune"}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		return string(out)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"history", "--older", "1d"}, " of 0 builds, and forgot 0 in the engine\n"},
		{[]string{"history", "--dry-run"}, " of 1 builds, and forget 1 in the engine\n"},
		{[]string{"history"}, " of 1 builds, and forgot 1 in the engine\n"},
		{[]string{"history"}, " of 0 builds, and forgot 0 in the engine\n"},
	} {
		if out := run(c.args...); !strings.HasSuffix(out, c.says) || !strings.HasPrefix(out, "history: ") {
			t.Errorf("%q: %s", c.args, out)
		}
	}
	log := filepath.Join(dir, "buildls", "engine", "engine.log")
	if out := run("logs"); !strings.HasPrefix(out, "logs: freed ") {
		t.Error(out)
	}
	if info, err := os.Stat(log); err != nil || info.Size() != 0 {
		t.Errorf("%v %v", info, err)
	}
	endEngine(t, dir)
	if info, err := os.Stat(log); err != nil || info.Size() == 0 {
		t.Errorf("the engine writes no more to its log: %v", err)
	}
	for _, wrong := range [][]string{{"prune", "nothing"}, {"prune", "--keep", "much"}, {"prune", "--older", "xd"}, {"prune", "--older", "-1h"}} {
		cmd := program(t, s.env, wrong...)
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitUsage {
			t.Errorf("%q: %d %s", wrong, cmd.ProcessState.ExitCode(), out)
		}
	}
}
