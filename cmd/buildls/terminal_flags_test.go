package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// Flags that people know from `docker build` and that the argument of buildls.build says
// otherwise.
func TestTerminalFlags(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n", "wrong.Dockerfile", "FROM scratch\nMAINTAINER me\n")
	run := func(args ...string) (stdout, stderr string, code int) {
		cmd := program(t, s.env, append([]string{"build"}, args...)...)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), said.String(), cmd.ProcessState.ExitCode()
	}
	if out, said, code := run("-q", "-t", "a:b", "-o", "type=oci,dest="+dir+"/q.tar", dir); code != 0 || said != "" || !regexp.MustCompile(`^sha256:[0-9a-f]{64}\n$`).MatchString(out) {
		t.Errorf("-q: %d %q %q", code, out, said)
	}
	if out, said, code := run("-q", "-t", "a:b", dir); code != 0 || out != "" || !strings.Contains(said, "was not tagged") {
		t.Errorf("-q with nowhere to go: %d %q %q", code, out, said)
	}
	annotated := filepath.Join(dir, "oci")
	if _, said, code := run("--rm", "--annotation", "a=b", "--annotation", "manifest,manifest-descriptor:c=d", "-o", "type=oci,tar=false,dest="+annotated, dir); code != 0 {
		t.Errorf("--annotation: %d %s", code, said)
	}
	if got := annotationsOf(t, annotated); got["a"] != "b" || got["c"] != "d" {
		t.Errorf("the image has the annotations %v", got)
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{0, "", []string{"--check", dir}},
		{1, "MaintainerDeprecated", []string{"--call=check", "-f", dir + "/wrong.Dockerfile", dir}},
		{2, "checks a Dockerfile alone", []string{"--check", "https://127.0.0.1:1/x.git"}},
		{2, "it can be build or check", []string{"--call=outline", dir}},
		{2, "KEY=VALUE", []string{"--annotation", "x", dir}},
		{1, "no-such-builder", []string{"--builder", "no-such-builder", dir}},
	} {
		if out, said, code := run(c.args...); code != c.code || !strings.Contains(out+said, c.says) {
			t.Errorf("%q: %d, wanted %d and %q\n%s%s", c.args, code, c.code, c.says, out, said)
		}
	}
}

// annotationsOf are those of the manifest in an OCI layout.
func annotationsOf(t *testing.T, layout string) map[string]string {
	t.Helper()
	var index struct{ Manifests []struct{ Digest string } }
	var manifest struct{ Annotations map[string]string }
	read := func(into any, path ...string) {
		data, err := os.ReadFile(filepath.Join(append([]string{layout}, path...)...))
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	read(&index, "index.json")
	read(&manifest, "blobs", "sha256", strings.TrimPrefix(index.Manifests[0].Digest, "sha256:"))
	return manifest.Annotations
}

// A Docker engine without the containerd image store has nowhere to keep annotations.
func TestLostAnnotations(t *testing.T) {
	d := enginetest.Docker(t, "28")
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
	out, err := program(t, dockerSite(d, "28").env, "build", "--annotation", "a=b", dir).CombinedOutput()
	if err != nil || !contains(string(out), "without its annotations", "containerd image store") {
		t.Errorf("%v\n%s", err, out)
	}
}
