package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// resultIn runs `buildls build --json` and returns the result that stdout has alone, and what is
// said beside it.
func resultIn(t *testing.T, env []string, args ...string) (r result, stderr string, code int) {
	t.Helper()
	out, stderr, code := outputOf(t, env, append([]string{"build", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, out, stderr)
	}
	return r, stderr, code
}

// outputOf runs buildls and returns all that comes of it.
func outputOf(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runOut(t, program(t, env, args...))
}

// runOut runs a command and returns all that comes of it.
func runOut(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return string(out), said.String(), cmd.ProcessState.ExitCode()
}

// A script gets the result that an editor gets, and nothing else on stdout.
func TestBuildJSON(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		s, _ = remembering(t, s)
		dir := workspace(t, "Dockerfile", base(t)+"RUN echo loud\n", "bad.Dockerfile", base(t)+"RUN echo oh && exit 7\n")
		r, said, code := resultIn(t, s.env, "-t", "app:json", "--no-cache", "--progress", "plain", dir)
		if code != 0 || r.Status != "succeeded" || r.Error != nil || r.Engine != s.engine || !strings.Contains(said, "loud") {
			t.Errorf("%d %+v\n%s", code, r, said)
		}
		if at := stepNamed(t, r, "RUN echo loud"); r.Steps[at].Status != "done" || r.Steps[at].Range.Start.Line != 1 {
			t.Errorf("%+v", r.Steps[at])
		}
		if s.store != (r.Digest != nil && len(r.Tags) == 1) {
			t.Errorf("%v %q", r.Digest, r.Tags)
		}
		bad, said, code := resultIn(t, s.env, "-f", dir+"/bad.Dockerfile", dir)
		if code != 1 || bad.Status != "failed" || !strings.Contains(said, ">>> RUN echo oh") {
			t.Fatalf("%d %+v\n%s", code, bad, said)
		}
		if e := bad.Error; *e.ExitCode != 7 || e.Range.Start.Line != 1 || e.Log != "oh\n" || e.URI != "file://"+dir+"/bad.Dockerfile" {
			t.Errorf("%+v", e)
		}
		var listed []result
		if err := json.Unmarshal([]byte(terminal(t, s.env, dir, "builds", "--json")), &listed); err != nil || idsOf(listed) != bad.ID+" "+r.ID {
			t.Errorf("%s, %v", idsOf(listed), err)
		}
	})
}

// A build that reached no engine has a result too. Wrong usage has none.
func TestBuildJSONWithoutBuild(t *testing.T) {
	s, _ := remembering(t, embeddedSite(t))
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n", "x.Dockerfile.dockerignore", "\xff\xfea\x00\n\x00", "x.Dockerfile", "FROM scratch\n")
	for says, args := range map[string][]string{
		"no-such-builder":             {"--builder", "no-such-builder", dir},
		"x.Dockerfile.dockerignore: ": {"-f", dir + "/x.Dockerfile", dir},
	} {
		r, said, code := resultIn(t, s.env, args...)
		if code != 1 || r.Status != "failed" || r.Error == nil || !strings.Contains(r.Error.Message, says) || !strings.Contains(said, says) {
			t.Errorf("%q: %d %+v\n%s", args, code, r.Error, said)
		}
	}
	for says, args := range map[string][]string{
		"the result alone is written": {"-o", "-", dir},
		"check --format json":         {"--check", dir},
		"it takes one CONTEXT":        {dir, dir},
		"no Dockerfile at":            {"-f", dir + "/gone", dir},
		"unknown target":              {"--target", "gone", dir},
	} {
		if out, said, code := outputOf(t, s.env, append([]string{"build", "--json"}, args...)...); code != 2 || out != "" || !strings.Contains(said, says) {
			t.Errorf("%q: %d %q\n%s", args, code, out, said)
		}
	}
	if r, said, code := resultIn(t, s.env, "-q", "-o", "type=oci,dest="+dir+"/q.tar", dir); code != 0 || said != "" || r.ImageID == nil {
		t.Errorf("-q: %d %+v\n%s", code, r, said)
	}
}
