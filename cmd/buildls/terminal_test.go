package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

func TestTerminal(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", base(t)+"ARG A\nRUN echo built with $A\n", "bad.Dockerfile", base(t)+"RUN echo oh && exit 7\n")
		cmd := program(t, s.env, "build", "-t", "app:terminal", "--build-arg", "A=b", "--progress", "plain", dir)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "built with b") {
			t.Fatalf("%v\n%s", err, out)
		}
		if s.store != strings.Contains(string(out), "docker.io/library/app:terminal\n") {
			t.Errorf("%s", out)
		}
		cmd = program(t, s.env, "build", dir, "-f", "-", "--no-cache")
		cmd.Stdin = strings.NewReader(base(t) + "RUN echo from stdin\n")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "from stdin") {
			t.Errorf("%v\n%s", err, out)
		}
		out, err = program(t, s.env, "build", "-f", dir+"/bad.Dockerfile", dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "RUN failed with exit code 7") || !strings.Contains(string(out), ">>> RUN echo oh") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// What the terminal alone can say, and what of it Docker 20.10 would pass over.
func TestTerminalOptions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", base(t)+"RUN df -m /dev/shm; ulimit -n; cat /etc/hosts; ls /sys/class/net | xargs echo nets:\n")
		run := func(args ...string) (string, error) {
			out, err := program(t, s.env, append([]string{"build", "--no-cache", "--progress", "plain", dir}, args...)...).CombinedOutput()
			return string(out), err
		}
		out, err := run("--shm-size", "7m", "--ulimit", "nofile=1234:2345")
		if s.old {
			if err == nil || !strings.Contains(out, "BuildKit is too old") {
				t.Errorf("%v\n%s", err, out)
			}
		} else if err != nil || !strings.Contains(out, " 7 ") || !strings.Contains(out, " 1234\n") {
			t.Errorf("%v\n%s", err, out)
		}
		out, err = run("--label", "a=b", "--add-host", "x.test:10.1.2.3", "--network", "none", "--pull")
		if err != nil || !strings.Contains(out, "10.1.2.3\tx.test") || !strings.Contains(out, "nets: lo\n") {
			t.Errorf("%v\n%s", err, out)
		}
		for _, wrong := range [][]string{{"--network", "bridge"}, {"--add-host", "x"}, {"--allow", "all"}, {"--ulimit", "x"}, {"--shm-size", "x"}, {"--no-cache-filter", "gone"}} {
			out, err := run(wrong...)
			if err == nil || !strings.Contains(out, wrong[1]) || strings.Contains(out, "#1") {
				t.Errorf("%q: %v\n%s", wrong, err, out)
			}
		}
	})
}

// Flags that people know from `docker build` and that the argument of buildls.build says
// otherwise.
func TestTerminalFlags(t *testing.T) {
	s := embeddedSite(t)
	built(t, s.env) // starts it, which would be said
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
	if out, said, code := run("-q", dir); code != 0 || out != "" || !strings.Contains(said, "has no id: ") {
		t.Errorf("%d %q %s", code, out, said)
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

func TestTerminalOutputs(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /made\n")
	cmd := program(t, s.env, "build", "-o", "-", dir)
	out, err := cmd.Output()
	if names := namesOf(t, bytes.NewReader(out)); err != nil || !slices.Contains(names, "made") {
		t.Errorf("%v: %q", err, names)
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var said bytes.Buffer
	cmd = program(t, s.env, "build", "-o", "-", dir)
	cmd.Stdout, cmd.Stderr = terminal, &said
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "refusing to write a tar to a terminal") {
		t.Errorf("%v: %s", err, said.String())
	}
	if out, err := program(t, s.env, "build", "-o", dir+"/out", dir).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(dir + "/out/made"); err != nil {
		t.Error(err)
	}
	for _, c := range [][2]string{
		{"type=local", "needs dest"}, {"type=what", "it can be"}, {"type=tar,dest=" + dir, "is a directory"}, {"dest=x", "lacks its type"},
		{"type=tar,dest=" + dir + "/gone/x.tar", "does not exist"}, {"type=local,dest=-", "cannot go to the standard output"},
		{"type=registry", "give tags"}, {"type=image,dest=/x", "not to /x"},
	} {
		out, err := program(t, s.env, "build", "--output", c[0], dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c[1]) {
			t.Errorf("%s: %v\n%s", c[0], err, out)
		}
	}
}

// What `docker build` takes from the environment and the Docker configuration counts
// here too, and what is said goes before it.
func TestEnvironment(t *testing.T) {
	buildkitd := buildkitdSite(enginetest.Buildkitd(t))
	docker := dockerSite(enginetest.Docker(t, "28"), "28")
	config := newDockerConfig(t)
	config.write("config.json", `{"proxies": {"default": {"httpProxy": "http://me:hunter2@proxy.test:1", "noProxy": "*.test"}, "tcp://other:1": {"httpProxy": "http://wrong"}}}`)
	dir := workspace(t, "Dockerfile", "FROM "+enginetest.Registry(t)+"/multi\nARG SOURCE_DATE_EPOCH\nRUN echo at $SOURCE_DATE_EPOCH on $(cat /etc/arch) through $HTTP_PROXY but $no_proxy\n")
	for _, s := range []site{docker, buildkitd} {
		env := append(slices.Clone(s.env), "DOCKER_CONFIG="+config.dir, "SOURCE_DATE_EPOCH=1700000000", "DOCKER_DEFAULT_PLATFORM=linux/arm64")
		through := map[bool]string{true: "http://***@proxy.test:1 but *.test", false: "but"}[s.store]
		for _, c := range []struct {
			flags []string
			want  string
		}{
			{nil, "at 1700000000 on arm64 through " + through},
			{[]string{"--platform", "linux/amd64", "--build-arg", "SOURCE_DATE_EPOCH=1", "--build-arg", "HTTP_PROXY=http://mine", "--build-arg", "NO_PROXY=x"}, "at 1 on amd64 through http://mine but x"},
		} {
			out, err := program(t, env, append(append([]string{"build", "--progress", "plain", "--no-cache", "-t", "app:environment"}, c.flags...), dir)...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.want+"\n") {
				t.Errorf("%s %q: %v, want %q\n%s", s.name, c.flags, err, c.want, out)
			}
		}
	}
}
