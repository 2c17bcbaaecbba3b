package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// Which engine is chosen, in the design's order, and what is said of it.
func TestDoctor(t *testing.T) {
	docker, buildkitd, embedded := enginetest.Docker(t, "28"), enginetest.Buildkitd(t), embeddedSite(t)
	for _, c := range []struct {
		name         string
		env          []string
		args         []string
		engine       string
		address, why string
		tried        int
	}{
		{name: "flag", env: []string{"DOCKER_HOST=" + docker.Address, "BUILDLS_ENGINE=embedded"}, args: []string{"--engine", buildkitd.Address},
			engine: "buildkitd", address: buildkitd.Address, why: "--engine"},
		{name: "environment", env: append([]string{"DOCKER_HOST=" + docker.Address, "BUILDKIT_HOST=" + buildkitd.Address}, embedded.env...),
			engine: "embedded", why: "$BUILDLS_ENGINE"},
		{name: "BUILDKIT_HOST", env: []string{"DOCKER_HOST=" + docker.Address, "BUILDKIT_HOST=" + buildkitd.Address},
			engine: "buildkitd", address: buildkitd.Address, why: "$BUILDKIT_HOST"},
		{name: "Docker", env: []string{"DOCKER_HOST=" + docker.Address}, engine: "docker", address: docker.Address, why: "a Docker engine answers"},
		{name: "nothing else", env: append([]string{}, embedded.env[1:]...), engine: "embedded", why: "neither", tried: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := program(t, c.env, append([]string{"doctor", "--json"}, c.args...)...)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var d diagnosis
			if err := json.Unmarshal(out, &d); err != nil {
				t.Fatal(err)
			}
			if d.Engine != c.engine || c.address != "" && d.Address != c.address || !strings.Contains(d.Why, c.why) || len(d.Tried) != c.tried || d.Running && (d.EngineVersion == "" || len(d.Platforms) == 0) || d.Embedded != "ok" {
				t.Errorf("%s", out)
			}
		})
	}
}

// Asking starts nothing.
func TestDoctorStartsNothing(t *testing.T) {
	embeddedSite(t)
	dir := t.TempDir()
	out, err := program(t, []string{"BUILDLS_ENGINE=embedded", "XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}, "doctor").Output()
	if err != nil || !contains(string(out), "embedded", "the first build starts it") {
		t.Errorf("%v\n%s", err, out)
	}
	if pid := embeddedPid(dir); pid != 0 {
		t.Errorf("doctor started engine %d", pid)
	}
}

// An embedded engine whose state is in somebody else's directory cannot be started, and doctor says so
// as a build does.
func TestDoctorOthersState(t *testing.T) {
	embeddedSite(t)
	dir := t.TempDir()
	state := filepath.Join(dir, "buildls", "engine")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(state, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	env := []string{"XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}
	for _, args := range [][]string{{"doctor"}, {"build", workspace(t, "Dockerfile", "FROM scratch\n")}} {
		out, err := program(t, env, args...).CombinedOutput()
		if err == nil || !contains(string(out), state+" belongs to user 12345") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// Without an engine doctor says what was tried, what is missing and what mends it.
func TestDoctorFindsNothing(t *testing.T) {
	empty := t.TempDir()
	cmd := program(t, []string{"PATH=" + empty, "DOCKER_HOST=unix://" + empty + "/docker.sock", "BUILDLS_ENGINE=unix://" + empty + "/none.sock"}, "doctor")
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); !failed || !contains(string(out), "none.sock", "its socket does not exist", "Start buildkitd there") {
		t.Errorf("%v\n%s", err, out)
	}
}

// One screen says what builds, how big its cache is, and of each other engine what it
// lacks and what mends it.
func TestDoctorCandidates(t *testing.T) {
	docker := enginetest.Docker(t, "28")
	config := newDockerConfig(t)
	config.write("buildx/instances/down", `{"Name":"down","Driver":"docker-container","Nodes":[{"Name":"down0","Endpoint":"`+docker.Address+`"}]}`)
	config.write("buildx/current", `{"Key":"","Name":"down","Global":true}`)
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=" + docker.Address, "XDG_RUNTIME_DIR=" + t.TempDir()}
	built(t, env)

	d, ok := diagnosed(t, env)
	if !ok || d.CacheBytes == nil || *d.CacheBytes == 0 || len(d.Candidates) < 4 {
		t.Fatalf("%+v", d)
	}
	down, good, last := d.Candidates[0], d.Candidates[1], d.Candidates[len(d.Candidates)-1]
	if down.Setting != "builder:down" || good.Setting != "docker" || last.Setting != "embedded" {
		t.Errorf("settings: %q, %q, %q", down.Setting, good.Setting, last.Setting)
	}
	if down.Chosen || !contains(down.Lacks, "No such container") || !contains(down.Mend, "`docker buildx inspect --bootstrap down`") {
		t.Errorf("%+v", down)
	}
	if !good.Chosen || !good.Running || good.Version == "" || good.Lacks != "" || good.Address != docker.Address {
		t.Errorf("%+v", good)
	}
	if last.Chosen || last.Engine != "the embedded engine" {
		t.Errorf("%+v", last)
	}
	out, err := program(t, env, "doctor").Output()
	if err != nil || strings.Count(string(out), "\n") > 24 || !contains(string(out), "cache      ", "docker buildx inspect --bootstrap down", "> the Docker engine at") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// An engine that takes connections and says nothing does not keep doctor waiting for long.
func TestDoctorHung(t *testing.T) {
	docker, buildkitd := enginetest.StartDocker(t, "28"), enginetest.Buildkitd(t)
	docker.Pause()
	defer docker.Continue()
	start := time.Now()
	d, ok := diagnosed(t, []string{"DOCKER_HOST=" + docker.Address}, "--engine", buildkitd.Address)
	if !ok || !contains(d.Candidates[0].Lacks, "did not answer") || time.Since(start) > 8*time.Second {
		t.Errorf("after %v: %+v", time.Since(start), d)
	}
}

// The engines of desktop programs are found where these put their sockets, if nobody chose one.
func TestDoctorDesktops(t *testing.T) {
	docker := enginetest.Docker(t, "28")
	socket := strings.TrimPrefix(docker.Address, "unix://")
	_, err := os.Stat("/var/run/docker.sock")
	machineHasDocker := err == nil
	for _, path := range []string{".docker/run/docker.sock", ".docker/desktop/docker.sock", ".orbstack/run/docker.sock", ".colima/default/docker.sock", ".colima/dev/docker.sock", ".config/colima/default/docker.sock", ".rd/docker.sock"} {
		home := t.TempDir()
		os.MkdirAll(filepath.Join(home, filepath.Dir(path)), 0o700)
		if err := os.Symlink(socket, filepath.Join(home, path)); err != nil {
			t.Fatal(err)
		}
		env := []string{"HOME=" + home, "DOCKER_CONFIG=", "DOCKER_HOST=", "XDG_RUNTIME_DIR=" + home}
		address := "unix://" + filepath.Join(home, path)
		d, ok := diagnosed(t, env)
		if i := slices.IndexFunc(d.Candidates, func(c candidate) bool { return c.Address == address }); i < 0 || !d.Candidates[i].Running {
			t.Errorf("%s: %+v", path, d.Candidates)
		}
		if !machineHasDocker && (!ok || d.Engine != "docker" || d.Address != address || !strings.Contains(d.Why, "no Docker engine answers at")) {
			t.Errorf("%s: %+v", path, d)
		}
		built(t, env)

		// one that somebody chose is taken, or none
		chosen, _ := diagnosed(t, append(env, "DOCKER_HOST=unix://"+home+"/none.sock"))
		if slices.ContainsFunc(chosen.Candidates, func(c candidate) bool { return c.Address == address }) {
			t.Errorf("%s is offered beside the engine that was chosen", path)
		}
	}
}

// One that does not answer is said, with what starts it; a context that names it is named.
func TestDoctorDesktopStopped(t *testing.T) {
	home := t.TempDir()
	os.MkdirAll(filepath.Join(home, ".colima/default"), 0o700)
	socket := filepath.Join(home, ".colima/default/docker.sock")
	if l, err := net.Listen("unix", socket); err != nil {
		t.Fatal(err)
	} else {
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
	}
	config := newDockerConfig(t)
	config.context("colima", "unix://"+socket, "")
	d, _ := diagnosed(t, []string{"HOME=" + home, "DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=", "XDG_RUNTIME_DIR=" + home})
	i := slices.IndexFunc(d.Candidates, func(c candidate) bool { return c.Address == "unix://"+socket })
	if i < 0 || !strings.Contains(d.Candidates[i].Engine, "the context colima") || d.Candidates[i].Lacks != "nothing listens there" || !strings.Contains(d.Candidates[i].Mend, "`colima start`") {
		t.Errorf("%+v", d.Candidates)
	}
}
