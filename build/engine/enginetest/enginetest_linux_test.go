package enginetest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// Each engine builds a step, is there again after a kill, and leaves nothing.

func TestDocker2010(t *testing.T) { testDocker(t, "20.10") }
func TestDocker28(t *testing.T)   { testDocker(t, "28") }

func TestDockerContainerdStore(t *testing.T) { testDocker(t, "28", WithContainerdStore()) }

func testDocker(t *testing.T, version string, opts ...Option) {
	t.Parallel()
	base := Registry(t) + "/base"
	d := startWatched(t, func() *Daemon { return StartDocker(t, version, opts...) })
	if !strings.HasPrefix(d.Version, version) {
		t.Errorf("the engine is a %s, want %s", d.Version, version)
	}
	d.Docker(t, "build", "-t", "made", folder(t, "FROM "+base+"\nRUN ls / > /made\n"))
	killInStep(t, d, 1, exec.Command(filepath.Join(Dir(t), "docker-28", "cli", "docker"), "build", folder(t, "FROM made\nRUN sleep 1000\n")))
	d.Start(t)
	d.Docker(t, "image", "inspect", "made")
}

func TestBuildkitd(t *testing.T) {
	t.Parallel()
	multi := Registry(t) + "/multi"
	d := startWatched(t, func() *Daemon { return StartBuildkitd(t) })
	build := func(step string) *exec.Cmd {
		dir := folder(t, "FROM "+multi+"\nRUN "+step+"\n")
		return exec.Command(filepath.Join(Dir(t), "bin", "buildctl"), "build", "--progress=plain", "--frontend=dockerfile.v0",
			"--local=context="+dir, "--local=dockerfile="+dir, "--opt=platform=linux/amd64,linux/arm64")
	}
	killInStep(t, d, 2, build("sleep 1000"))
	d.Start(t)
	d.Pause()
	d.Continue()
	cmd := build("cat /etc/arch > /made")
	cmd.Env = append(os.Environ(), d.Env()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
}

// killInStep kills an engine while it runs so many steps of a build, which sleep.
func killInStep(t *testing.T, d *watched, steps int, build *exec.Cmd) {
	t.Helper()
	var out bytes.Buffer
	build.Env = append(os.Environ(), d.Env()...)
	build.Stdout, build.Stderr = &out, &out
	if err := build.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- build.Wait() }()
	// Earlier than this, buildkitd may be preparing a step's file system: it does
	// not get over a kill at that moment.
	late := time.After(commandLimit)
	for sleepers(d.home.dir) < steps {
		select {
		case err := <-ended:
			t.Fatalf("the build ended before its step was seen: %v\n%s", err, out.String())
		case <-late:
			t.Fatalf("%d of %d steps run after %v", sleepers(d.home.dir), steps, commandLimit)
		case <-time.After(10 * time.Millisecond):
		}
	}
	d.Kill()
	if err := <-ended; err == nil {
		t.Errorf("a build went well without its engine:\n%s", out.String())
	}
	d.left = leftOfSteps(d.home.dir)
}

func TestSharedIsOne(t *testing.T) {
	first := Registry(t)
	if again := Registry(t); again != first {
		t.Errorf("a shared daemon was started twice: %s, %s", first, again)
	}
}

// sleepers counts the steps of a home that sleep.
func sleepers(dir string) (n int) {
	for _, pid := range processesOf(dir) {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if string(name) == "sleep\n" && rootedIn(strconv.Itoa(pid), dir) {
			n++
		}
	}
	return n
}

// A watched daemon is a private one that must be gone after its end.
type watched struct {
	*Daemon
	left []string // what a killed step left outside the daemon's folder
}

func startWatched(t *testing.T, start func() *Daemon) *watched {
	t.Helper()
	w := &watched{}
	t.Cleanup(func() { // runs after that of the daemon
		if w.Daemon != nil {
			checkGone(t, w)
		}
	})
	w.Daemon = start()
	return w
}

func checkGone(t *testing.T, d *watched) {
	t.Helper()
	if left := processesOf(d.home.dir); len(left) > 0 {
		t.Errorf("%s left processes: %v", d.Name, left)
	}
	left := mountPoints("self", func(point, _ string) bool { return strings.HasPrefix(point, d.home.dir) })
	if len(left) > 0 {
		t.Errorf("%s left mounts: %q", d.Name, left)
	}
	if _, err := net.InterfaceByName(d.home.bridge()); err == nil {
		t.Errorf("%s left its bridge %s", d.Name, d.home.bridge())
	}
	for _, path := range append(d.left, d.home.dir) {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s left %s: %v", d.Name, path, err)
		}
	}
}

func folder(t *testing.T, dockerfile string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
