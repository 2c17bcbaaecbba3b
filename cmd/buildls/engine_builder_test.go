package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// The builder that `docker buildx use` chose is used before the Docker engine, and
// choosing is buildx's business: nothing of its is written.
func TestBuilderInUse(t *testing.T) {
	docker, buildkitd := enginetest.Docker(t, "28"), enginetest.Buildkitd(t)
	config := newDockerConfig(t)
	config.docker(docker.Address, "buildx", "create", "--name", "far", "--driver", "remote", buildkitd.Address)
	config.docker(docker.Address, "buildx", "create", "--name", "near", "--driver", "remote", buildkitd.Address)
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=" + docker.Address}
	expect := func(name string, env []string, builder, why string) {
		t.Helper()
		d, ok := diagnosed(t, env)
		driver := map[bool]string{true: "remote"}[builder != ""]
		if !ok || d.Builder != builder || d.Driver != driver || !contains(d.Why, why) || (builder == "") != (d.Engine == "docker") {
			t.Errorf("%s: %+v", name, d)
		}
	}
	expect("none in use", env, "", "a Docker engine answers")
	config.docker(docker.Address, "buildx", "use", "far")
	expect("in use", env, "far", "docker buildx use")
	expect("variable", append(env, "BUILDX_BUILDER=near"), "near", "$BUILDX_BUILDER")
	expect("variable: default", append(env, "BUILDX_BUILDER=default"), "", "a Docker engine answers")
	expect("named", append(env, "BUILDLS_ENGINE=builder:near"), "near", "$BUILDLS_ENGINE")
	built(t, env)

	other := enginetest.Docker(t, "20.10")
	elsewhere := []string{env[0], "DOCKER_HOST=" + other.Address}
	expect("for another engine", elsewhere, "", "a Docker engine answers")
	config.docker(other.Address, "buildx", "use", "--default", "near")
	config.docker(docker.Address, "buildx", "use", "far")
	expect("default of another engine", elsewhere, "near", "--default")
	config.docker(docker.Address, "buildx", "use", "--global", "far")
	expect("global", elsewhere, "far", "docker buildx use")

	before := config.files()
	for _, e := range [][]string{env, elsewhere, append(env, "BUILDX_BUILDER=nosuch")} {
		diagnosed(t, e)
	}
	if after := config.files(); after != before {
		t.Errorf("was\n%s\nis\n%s", before, after)
	}
	if d, ok := diagnosed(t, append(env, "BUILDX_BUILDER=nosuch")); ok || !contains(d.Error, "nosuch", "$BUILDX_BUILDER", "default, far, near", "docker buildx ls") {
		t.Errorf("%+v", d)
	}
}

// A chosen builder that does not answer is passed over, and that is said.
func TestBuilderThatIsDown(t *testing.T) {
	docker := enginetest.Docker(t, "28")
	config := newDockerConfig(t)
	config.write("buildx/instances/down", `{"Name":"down","Driver":"remote","Nodes":[{"Name":"down0","Endpoint":"unix:///nowhere.sock"}]}`)
	config.write("buildx/instances/odd", `{"Name":"odd","Driver":"cloud","Nodes":[{"Name":"odd0","Endpoint":"cloud://a/b"}]}`)
	config.write("buildx/current", `{"Key":"","Name":"down","Global":true}`)
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=" + docker.Address}
	if d, ok := diagnosed(t, env); !ok || d.Engine != "docker" || len(d.Tried) != 1 || !contains(d.Tried[0], "builder down (remote)", "socket does not exist") {
		t.Errorf("%+v", d)
	}
	if d, ok := diagnosed(t, env, "--engine", "builder:down"); ok || !contains(d.Error, "docker buildx use") {
		t.Errorf("%+v", d)
	}
	if d, ok := diagnosed(t, env, "--engine", "builder:odd"); ok || !contains(d.Error, `driver "cloud"`) {
		t.Errorf("%+v", d)
	}
	if d, ok := diagnosed(t, env, "--engine", "builder:../current"); ok || !contains(d.Error, "no name of a builder") {
		t.Errorf("%+v", d)
	}
	config.write("buildx/current", `{`)
	if d, ok := diagnosed(t, env); ok || !contains(d.Error, "buildx/current is not as buildx writes it") {
		t.Errorf("%+v", d)
	}
}

// The docker driver, a Docker context as a builder, TLS of the remote driver, a pod of
// Kubernetes behind a stand-in for kubectl, and several nodes of which the first is down.
func TestBuilderDrivers(t *testing.T) {
	docker, buildkitd := enginetest.Docker(t, "28"), enginetest.Buildkitd(t)
	secure, certs := tlsBuildkitd(t)
	config := newDockerConfig(t)
	config.context("moby", docker.Address, "")
	config.write("buildx/instances/plain", `{"Name":"plain","Driver":"docker","Nodes":[{"Name":"moby","Endpoint":"moby"}]}`)
	config.write("buildx/instances/secure", fmt.Sprintf(`{"Name":"secure","Driver":"remote","Nodes":[{"Name":"secure0","Endpoint":%q,
		"DriverOpts":{"cacert":"%[2]s/ca.pem","cert":"%[2]s/cert.pem","key":"%[2]s/key.pem","servername":"builder.test"}}]}`, secure, certs))
	config.write("buildx/instances/pods", `{"Name":"pods","Driver":"kubernetes","Nodes":[{"Name":"pods_0","Endpoint":"kubernetes:///pods?deployment=&kubeconfig=/k","DriverOpts":{"namespace":"ns"}}]}`)
	config.write("buildx/instances/two", fmt.Sprintf(`{"Name":"two","Driver":"remote","Nodes":[{"Name":"a","Endpoint":"unix:///nowhere.sock"},{"Name":"b","Endpoint":%q}]}`, buildkitd.Address))
	kubectl := helper(t, buildkitd, "kubectl", `case "$*" in
"--kubeconfig=/k --namespace=ns get pods --selector=app=pods-0 --field-selector=status.phase=Running --output=jsonpath={.items[*].metadata.name}") echo pod-x pod-y; exit;;
"--kubeconfig=/k --namespace=ns exec --container=buildkitd -i pod-x -- buildctl dial-stdio") ;;
*) echo "called with $*" >&2; exit 3;;
esac`)
	for _, c := range []struct{ builder, driver, engine, address, why string }{
		{"plain", "docker", "docker", docker.Address, ""},
		{"moby", "docker", "docker", docker.Address, ""},
		{"secure", "remote", "buildkitd", secure, ""},
		{"pods", "kubernetes", "buildkitd", "kube-pod://pods-0", ""},
		{"two", "remote", "buildkitd", "", "b is the first that answers"},
	} {
		t.Run(c.builder, func(t *testing.T) {
			env := []string{"DOCKER_CONFIG=" + config.dir, "BUILDLS_ENGINE=builder:" + c.builder, kubectl}
			d, ok := diagnosed(t, env)
			if !ok || d.Builder != c.builder || d.Driver != c.driver || d.Engine != c.engine || c.address != "" && d.Address != c.address || !contains(d.Why, c.why) {
				t.Fatalf("%+v", d)
			}
			built(t, env)
		})
	}
}

// A builder in a container, which buildx itself makes and boots.
func TestBuilderInContainer(t *testing.T) {
	// buildx wants an init, which Debian's package of Docker lacks.
	init := filepath.Join(t.TempDir(), "init")
	if err := os.WriteFile(init, []byte("#!/bin/sh\nshift\nexec \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	docker := enginetest.StartDocker(t, "28", enginetest.WithArgs("--init-path", init))
	runc, err := exec.LookPath("runc")
	enginetest.Need(t, "runc on PATH", err == nil, "apt-get install runc")
	bin := filepath.Join(enginetest.Dir(t), "bin")
	image := t.TempDir()
	for from, to := range map[string]string{bin + "/buildkitd": "bin/buildkitd", bin + "/buildctl": "bin/buildctl", bin + "/busybox": "bin/busybox", runc: "bin/runc"} {
		copyInto(t, from, filepath.Join(image, to))
	}
	// The machine's runc needs the machine's libraries.
	libraries, err := exec.Command("ldd", runc).Output()
	if err == nil {
		for _, field := range strings.Fields(string(libraries)) {
			if filepath.IsAbs(field) {
				copyInto(t, field, filepath.Join(image, field))
			}
		}
	}
	dockerfile := "FROM scratch\nCOPY . /\nENV PATH=/bin\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\nWORKDIR /tmp\nENTRYPOINT [\"buildkitd\"]\n"
	if err := os.WriteFile(filepath.Join(image, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	config := newDockerConfig(t)
	const name = "127.0.0.1:1/buildkit" // buildx asks its registry in vain, and takes what the engine has
	config.docker(docker.Address, "build", "-t", name, image)
	config.docker(docker.Address, "buildx", "create", "--name", "boxed", "--driver", "docker-container", "--driver-opt", "image="+name+",network=host", "--use")
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=" + docker.Address}
	if d, ok := diagnosed(t, env, "--engine", "builder:boxed"); ok || !contains(d.Error, "No such container: buildx_buildkit_boxed0", "docker buildx inspect --bootstrap boxed") || contains(d.Error, "desc =") {
		t.Errorf("before it is booted: %+v", d)
	}
	config.docker(docker.Address, "buildx", "inspect", "--bootstrap", "boxed")
	t.Cleanup(func() { config.docker(docker.Address, "buildx", "rm", "boxed") })

	d, ok := diagnosed(t, env)
	if !ok || d.Builder != "boxed" || d.Driver != "docker-container" || d.Address != "docker-container://buildx_buildkit_boxed0" || d.EngineVersion == "" {
		t.Fatalf("%+v", d)
	}
	built(t, env)
	address := append(env, "BUILDLS_ENGINE="+d.Address)
	if d, ok := diagnosed(t, address); !ok || d.Builder != "" || d.Engine != "buildkitd" {
		t.Errorf("by its address: %+v", d)
	}
	config.docker(docker.Address, "stop", "--time", "1", "buildx_buildkit_boxed0")
	if d, ok := diagnosed(t, address); ok || !contains(d.Error, "is not running", "docker start buildx_buildkit_boxed0") {
		t.Errorf("stopped: %+v", d)
	}
}

func copyInto(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		if err = os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
			err = os.WriteFile(to, data, 0o755)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Of a builder's nodes, one that builds for all platforms that are asked for builds; one
// that is down is passed over; what would need two nodes is refused by name.
func TestBuilderNodes(t *testing.T) {
	amd := enginetest.StartBuildkitd(t, enginetest.WithArgs("--oci-worker-platform", "linux/amd64"))
	arm := enginetest.StartBuildkitd(t, enginetest.WithArgs("--oci-worker-platform", "linux/arm64"))
	risc := enginetest.StartBuildkitd(t, enginetest.WithArgs("--oci-worker-platform", "linux/riscv64"))
	config := newDockerConfig(t)
	node := func(name, address, architecture string) string {
		platforms := "null" // not said, so the node is asked
		if architecture != "" {
			platforms = fmt.Sprintf(`[{"os":"linux","architecture":%q}]`, architecture)
		}
		return fmt.Sprintf(`{"Name":%q,"Endpoint":%q,"Platforms":%s}`, name, address, platforms)
	}
	builder := func(name, nodes string) {
		config.write("buildx/instances/"+name, fmt.Sprintf(`{"Name":%q,"Driver":"remote","Nodes":[%s]}`, name, nodes))
	}
	const down = "unix:///nowhere.sock"
	// Each buildkitd says that it builds for this machine's platform, too.
	builder("said", node("a", amd.Address, "amd64")+","+node("b", arm.Address, "arm64")+","+node("c", risc.Address, "riscv64"))
	builder("asked", node("a", amd.Address, "")+","+node("b", arm.Address, ""))
	builder("gone", node("a", amd.Address, "amd64")+","+node("b", down, "arm64")+","+node("c", arm.Address, ""))
	builder("lost", node("a", amd.Address, "amd64")+","+node("b", down, "arm64"))
	dir := workspace(t, "Dockerfile", "FROM "+enginetest.Registry(t)+"/multi\nRUN cat /etc/arch\n")
	for _, c := range []struct {
		builder, platform string
		at                *enginetest.Daemon // nil: refused
		says              []string
	}{
		{"said", "", amd, nil},
		{"said", "linux/arm64", arm, nil},
		{"said", "linux/amd64", amd, nil},
		{"said", "linux/s390x", amd, nil},             // nobody knows it: as buildx, the first tries
		{"said", "linux/amd64,linux/arm64", arm, nil}, // alone
		{"said", "linux/arm64,linux/riscv64", nil, []string{"linux/arm64 and linux/riscv64", "node a builds for linux/amd64", "node b builds for linux/arm64", "node c builds for linux/riscv64", "docker buildx build"}},
		{"asked", "linux/arm64", arm, nil},
		{"gone", "linux/arm64", arm, nil},
		{"lost", "linux/arm64", nil, []string{"node a builds for linux/amd64", "node b: its socket does not exist"}},
		{"lost", "", amd, nil},
	} {
		t.Run(c.builder+" "+c.platform, func(t *testing.T) {
			env := []string{"DOCKER_CONFIG=" + config.dir, "BUILDLS_ENGINE=builder:" + c.builder}
			args := []string{"build", "--progress", "plain", dir}
			if c.platform != "" {
				args = append(args[:3], "--platform", c.platform, dir)
			}
			out, _ := program(t, env, args...).CombinedOutput()
			want := append([]string{}, c.says...)
			if c.at != nil {
				want = append(want, "the buildx builder "+c.builder+" (remote) at "+c.at.Address)
			}
			if c.platform == "linux/s390x" { // it is tried there, and the base image lacks it
				want = []string{"no match for platform in manifest"}
			}
			if !contains(string(out), want...) {
				t.Errorf("want %q\n%s", want, out)
			}
		})
	}

	// An editor's builds, one after the other in one server, each go where they belong.
	e := newEditor(t, program(t, []string{"DOCKER_CONFIG=" + config.dir, "BUILDLS_ENGINE=builder:said"}), lsptest.Options{Folders: []string{dir}})
	uri := "file://" + dir + "/Dockerfile"
	for _, arch := range []string{"arm64", "amd64", "arm64"} {
		r := mustBuild(t, e, map[string]any{"uri": uri, "platforms": []string{"linux/" + arch}, "noCache": true})
		if log := logOf(t, e, r); !contains(log, arch) || r.Engine != "builder:said" {
			t.Errorf("%s: %+v\n%s", arch, r, log)
		}
	}
	var answer struct{ Name, Builder, Driver, Node, Why string }
	if err := e.Execute("buildls.engine", nil, &answer); err != nil || answer.Name != "buildkitd" || answer.Builder != "said" || answer.Driver != "remote" || answer.Node != "a" || !contains(answer.Why, "a is the first that answers") {
		t.Errorf("%+v, %v", answer, err)
	}
	e.Shutdown()
}

// files are all files of a configuration and their content, but what buildx notes itself.
func (c dockerConfig) files() string {
	var all bytes.Buffer
	filepath.WalkDir(c.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			data, _ := os.ReadFile(path)
			fmt.Fprintf(&all, "%s %q\n", path, data)
		}
		return nil
	})
	return all.String()
}
