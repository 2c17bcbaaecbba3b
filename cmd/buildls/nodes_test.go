package main

import (
	"fmt"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

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
	e := lsptest.New(t, program(t, []string{"DOCKER_CONFIG=" + config.dir, "BUILDLS_ENGINE=builder:said"}), lsptest.Options{Folders: []string{dir}})
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
