package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a script wants to know is written when the build has succeeded.
func TestOutputFiles(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
		e := edit(t, s.env, dir)
		fields := map[string]any{"uri": "file://" + dir + "/Dockerfile", "iidFile": "iid", "metadataFile": dir + "/metadata.json"}
		if !s.store {
			if r := buildNow(t, e, fields); r.Error == nil || !strings.Contains(r.Error.Message, "leaves no image") {
				t.Errorf("no image: %+v", r)
			}
			fields["outputs"] = []any{output("oci", "image.tar")}
		}
		r := mustBuild(t, e, fields)
		iid, err := os.ReadFile(dir + "/iid")
		if err != nil || r.ImageID == nil || string(iid) != *r.ImageID {
			t.Errorf("iidFile %q, %v; %+v", iid, err, r)
		}
		data, _ := os.ReadFile(dir + "/metadata.json")
		var metadata map[string]any
		if err := json.Unmarshal(data, &metadata); err != nil || metadata["containerimage.digest"] != *r.Digest {
			t.Errorf("metadataFile %s, %v", data, err)
		}
		e.Shutdown()
	})
}

// What an earlier build wrote is gone when a build fails, so that no script takes it for this
// build's. It stays where the command line is wrong.
func TestOldOutputFiles(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY nothere /\n")
	old := map[string]string{filepath.Join(dir, "iid"): "sha256:" + strings.Repeat("a", 64), filepath.Join(dir, "metadata"): `{"containerimage.digest": "old"}`}
	lay := func() {
		for name, text := range old {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	stayed := func() (n int) {
		for name, text := range old {
			if data, err := os.ReadFile(name); err == nil && string(data) == text {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		args  string // of a build in dir
		stays bool
		says  string
	}{
		{"--engine unix:///nowhere/at/all .", false, "cannot use buildkitd"},
		{"gone", false, "does not exist"},
		{"-f gone .", false, "no Dockerfile"},
		{"--target gone .", false, "unknown target"},
		{"--secret id=x,src=gone .", false, "gone"},
		{"--build-context x=gone .", false, "gone"},
		{"-o type=local,dest=out .", true, "has no image"},
		{"-o type=tar,dest=out .", true, "has no image"},
		{"--platform no/such/platform/at/all .", true, "platform"},
		{"--tag A:B:C .", true, "A:B:C"},
		{"--no-such-flag .", true, "no-such-flag"},
		{". .", true, "one CONTEXT"},
	} {
		lay()
		build := program(t, nil, append([]string{"build", "--iidfile", "iid", "--metadata-file", "metadata"}, strings.Fields(c.args)...)...)
		build.Dir = dir
		out, err := build.CombinedOutput()
		want := 0
		if c.stays {
			want = len(old)
		}
		if got := stayed(); err == nil || !strings.Contains(string(out), c.says) || got != want {
			t.Errorf("%s: %v, %d files stay, not %d\n%s", c.args, err, got, want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("something was written to out")
	}

	lay()
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Configure(map[string]any{"build": map[string]any{"*": map[string]any{"iidFile": "iid", "metadataFile": "metadata", "engine": "unix:///nowhere/at/all"}}})
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY nothere /\n")
	if err := e.Execute("buildls.context", map[string]any{"uri": uri}, nil); err != nil || stayed() != len(old) {
		t.Errorf("looking: %v, %d files stay", err, stayed())
	}
	if r := buildNow(t, e, map[string]any{"uri": uri}); r.Status != "failed" || stayed() != 0 {
		t.Errorf("in an editor: %s, %d files stay", r.Status, stayed())
	}
	e.Shutdown()
}
