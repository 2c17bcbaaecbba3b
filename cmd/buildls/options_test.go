package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// How the steps run: labels, parts of the cache, the network, names to look up.
func TestStepOptions(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		first := strings.Replace(base(t), "\n", " AS first\n", 1)
		second := strings.Replace(base(t), "\n", " AS second\n", 1)
		text := first + "RUN echo first $(cat /proc/uptime)\n" + second +
			"COPY --from=first /etc/arch /\nRUN echo second $(cat /proc/uptime)\nRUN cat /etc/hosts; ls /sys/class/net; readlink /proc/self/ns/net\n"
		dir := workspace(t, "Dockerfile", text)
		argument := map[string]any{"uri": "file://" + dir + "/Dockerfile"}
		with := func(name string, value any) map[string]any {
			return map[string]any{"uri": argument["uri"], "tags": []string{"app:options"}, name: value}
		}
		e := edit(t, s.env, dir)
		mustBuild(t, e, argument)

		var rebuilt []string
		for _, st := range mustBuild(t, e, with("noCacheFilter", []string{"SECOND"})).Steps {
			if st.Status == "done" && strings.Contains(st.Name, "RUN echo") {
				rebuilt = append(rebuilt, st.Name)
			}
		}
		if len(rebuilt) != 1 || !strings.Contains(rebuilt[0], "echo second") {
			t.Errorf("noCacheFilter: built again: %q", rebuilt)
		}
		mustBuild(t, e, with("labels", map[string]string{"who": "me, myself"}))
		if s.store {
			if out := s.docker.Docker(t, "inspect", "--format", "{{index .Config.Labels \"who\"}}", "app:options"); strings.TrimSpace(out) != "me, myself" {
				t.Errorf("label %q", out)
			}
		}
		log := logOf(t, e, mustBuild(t, e, with("addHosts", []string{"one.test:10.0.0.1", "six.test=[::1]"})))
		if !strings.Contains(log, "10.0.0.1\tone.test") || !strings.Contains(log, "::1\tsix.test") {
			t.Errorf("addHosts: %s", log)
		}
		checkGateway(t, s, buildNow(t, e, with("addHosts", []string{"gateway.test:host-gateway"})))
		if log := logOf(t, e, mustBuild(t, e, with("network", "none"))); !strings.Contains(log, "\nlo\nnet:[") {
			t.Errorf("network none: %s", log)
		}
		checkHostNetwork(t, s, e, buildNow(t, e, with("network", "host")))
		e.Shutdown()
	})
}

// checkGateway checks that the engine's address is known or the wish refused.
func checkGateway(t *testing.T, s site, r result) {
	t.Helper()
	knows := s.name == "docker-28"
	if knows && r.Status != "succeeded" || !knows && (r.Error == nil || !strings.Contains(r.Error.Message, "give the IP address itself")) {
		t.Errorf("host-gateway: %+v", r)
	}
}

// checkHostNetwork: the tests' buildkitd grants nothing.
func checkHostNetwork(t *testing.T, s site, e *lsptest.Editor, r result) {
	t.Helper()
	if s.name == "buildkitd" {
		if r.Error == nil || !strings.Contains(r.Error.Message, "entitlement network.host is not allowed") {
			t.Errorf("network host where it is not granted: %+v", r)
		}
		return
	}
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != "succeeded" || !strings.Contains(logOf(t, e, r), mine) {
		t.Errorf("network host: want %s: %+v", mine, r)
	}
}

// A step may do what the engine grants and the author allows, and nothing else.
func TestEntitlements(t *testing.T) {
	granting := buildkitdSite(enginetest.StartBuildkitd(t, enginetest.WithArgs("--allow-insecure-entitlement=security.insecure")))
	for _, s := range []site{granting, embeddedSite(t)} {
		dir := workspace(t, "Dockerfile", base(t)+"RUN --security=insecure grep CapEff /proc/self/status\n")
		argument := map[string]any{"uri": "file://" + dir + "/Dockerfile"}
		e := edit(t, s.env, dir)
		if r := buildNow(t, e, argument); r.Error == nil || !strings.Contains(r.Error.Message, "security.insecure is not allowed") {
			t.Errorf("%s: not allowed: %+v", s.name, r)
		}
		argument["allow"] = []string{"security.insecure"}
		if r := buildNow(t, e, argument); r.Status != "succeeded" {
			t.Errorf("%s: allowed: %+v", s.name, r.Error)
		}
		e.Shutdown()
	}
}

// An engine asks the registry for an image that it has only if it is told to.
func TestPull(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		multi := enginetest.Registry(t) + "/multi:latest"
		dir := workspace(t, "Dockerfile", "FROM "+multi+"\nRUN cat /etc/arch\n", "local.Dockerfile", base(t)+"RUN echo local >/etc/arch\n")
		e := edit(t, s.env, dir)
		want := "amd64"
		if s.store {
			mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/local.Dockerfile", "tags": []string{multi}})
			defer s.docker.Docker(t, "rmi", "-f", multi)
			want = "local"
		}
		uri := "file://" + dir + "/Dockerfile"
		if log := logOf(t, e, mustBuild(t, e, map[string]any{"uri": uri})); !strings.Contains(log, want) {
			t.Errorf("without pull: %s", log)
		}
		if log := logOf(t, e, mustBuild(t, e, map[string]any{"uri": uri, "pull": true, "noCache": true})); !strings.Contains(log, "amd64") {
			t.Errorf("with pull: %s", log)
		}
		e.Shutdown()
	})
}

func TestOptions(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dockerfile := strings.Replace(base(t), "\n", " AS first\n", 1) + "ARG A=none\nARG TARGETARCH\nRUN echo A is $A on $TARGETARCH; cat /proc/uptime\nFROM first AS second\nRUN echo second\n"
		dir := workspace(t, "Dockerfile", dockerfile)
		uri := "file://" + dir + "/Dockerfile" // not open: read from the disk
		e := edit(t, s.env, dir)
		r := mustBuild(t, e, map[string]any{"uri": uri, "target": "First", "buildArgs": map[string]any{"A": "b"}})
		if log := logOf(t, e, r); !strings.Contains(log, "A is b on amd64") || strings.Contains(log, "second") {
			t.Errorf("target and build args: %q", log)
		}
		if s.store && !slices.Equal(r.Tags, []string{"docker.io/library/" + strings.ToLower(filepath.Base(dir)) + ":First"}) {
			t.Errorf("default tag %v", r.Tags)
		}
		first := logOf(t, e, mustBuild(t, e, map[string]any{"uri": uri, "noCache": true}))
		second := logOf(t, e, mustBuild(t, e, map[string]any{"uri": uri, "noCache": true}))
		if first == second || first == "" {
			t.Errorf("noCache built the same twice: %q", first)
		}
		checkPlatforms(t, s, e, dir)
		e.Shutdown()
	})
}

func checkPlatforms(t *testing.T, s site, e *lsptest.Editor, dir string) {
	t.Helper()
	uri := "file://" + dir + "/multi.Dockerfile"
	e.Open(uri, "dockerfile", "FROM "+enginetest.Registry(t)+"/multi\nCOPY Dockerfile /\n")
	r := mustBuild(t, e, map[string]any{"uri": uri, "platforms": []string{"arm64"}})
	if !slices.Equal(r.Platforms, []string{"linux/arm64"}) || len(r.Steps) != 2 {
		t.Errorf("%+v", r)
	}
	r = buildNow(t, e, map[string]any{"uri": uri, "platforms": []string{"linux/amd64", "linux/arm64"}})
	if s.store {
		if r.Status != "failed" || !strings.Contains(r.Error.Message, "several platforms") {
			t.Errorf("two platforms in a store for one: %+v", r)
		}
	} else if r.Status != "succeeded" || len(r.Steps) != 4 {
		t.Errorf("two platforms: %+v", r)
	}
}

// A build argument that no ARG declares is shown on the first FROM, and named in the result and in the
// terminal, also when the build fails. Its value is not.
func TestUndeclaredBuildArg(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "a.txt", "a", "Dockerfile", "ARG VERSION\nFROM scratch\nCOPY a.txt /\n")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", "ARG VERSION\nFROM scratch\nCOPY a.txt /\n")
		args := map[string]any{"uri": uri, "buildArgs": map[string]string{"VERSON": "hidden-1"}}
		const says = "the build argument VERSON has no effect: no ARG declares it (did you mean VERSION?)"
		if r := mustBuild(t, e, args); !slices.Contains(r.Warnings, struct{ Message, Code string }{says, "build-args"}) {
			t.Errorf("%+v", r.Warnings)
		}
		e.Await("the warning", func() bool { return e.Codes(uri) == "1:build-args" })
		e.Shutdown()
		for _, file := range []string{"FROM scratch\nCOPY a.txt /\n", "FROM scratch\nCOPY gone.txt /\n"} {
			cmd := program(t, s.env, "build", "--progress", "plain", "-f", "-", "--build-arg", "VERSON=hidden-1", dir)
			cmd.Stdin = strings.NewReader("ARG VERSION\n" + file)
			out, err := cmd.CombinedOutput()
			if (err != nil) != strings.Contains(file, "gone") || !strings.Contains(string(out), ":2: warning: "+says+" (build-args)\n") || strings.Contains(string(out), "hidden-1") {
				t.Errorf("%q: %v\n%s", file, err, out)
			}
		}
	})
}
