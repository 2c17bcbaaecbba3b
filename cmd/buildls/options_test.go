package main

import (
	"os"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// How the steps run: labels, parts of the cache, the network, names to look up.
func TestStepOptions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
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
