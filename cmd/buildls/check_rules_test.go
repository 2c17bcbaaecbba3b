package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Which rules count is said by a flag, or else by the nearest configuration of hadolint: in the
// project, or with the user. The environment adds to it.
func TestCheckRules(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM docker.io/a\nRUN cd /x\n", ".hadolint.yaml", "trustedRegistries: [b.example.com]\n",
		"sub/Dockerfile", "FROM docker.io/a:1\nLABEL v=x\n", "sub/.hadolint.yml", "label-schema: {v: semver}\n",
		"bad/Dockerfile", "FROM a:1\n", "bad/.hadolint.yaml", "strict-labels: maybe\n")
	before := dir
	var env []string
	run := func(want int, args ...string) string {
		cmd := program(t, env, append([]string{"check"}, args...)...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
		return string(out)
	}
	has := func(out string, want, not string) {
		t.Helper()
		for _, code := range strings.Fields(want) {
			if !strings.Contains(out, code) {
				t.Errorf("no %s in\n%s", code, out)
			}
		}
		for _, code := range strings.Fields(not) {
			if strings.Contains(out, code) {
				t.Errorf("%s in\n%s", code, out)
			}
		}
	}
	has(run(1, "Dockerfile"), "DL3003 DL3006 DL3026 error", "")
	has(run(0, "--rules", "recommended", "--failure-threshold", "none", "Dockerfile"), "DL3006 DL3026", "DL3003")
	has(run(0, "--rules", "buildkit", "Dockerfile", "bad"), "", "DL30")
	has(run(1, "--strict", "sub"), "DL3056", "DL3026")
	env = []string{"HADOLINT_IGNORE=DL3003,DL3026"}
	has(run(0, "Dockerfile"), "DL3006", "DL3003 DL3026")
	env = []string{"HADOLINT_FAILURE_THRESHOLD=info"}
	has(run(1, "sub"), "DL3056", "")
	env = []string{"HADOLINT_FAILURE_THRESHOLD=much"}
	has(run(2, "sub"), "much", "")
	home := workspace(t, ".hadolint.yaml", "no-fail: true\noverride: {error: [DL3006]}\n", "free/Dockerfile", "FROM a\nRUN cd /x\n")
	env, dir = []string{"HOME=" + t.TempDir(), "XDG_CONFIG_HOME="}, filepath.Join(home, "free")
	has(run(0, "Dockerfile"), "DL3003 error", "")
	if err := os.Remove(filepath.Join(home, ".hadolint.yaml")); err != nil {
		t.Fatal(err)
	}
	has(run(0, "Dockerfile"), "DL3006 info", "DL3003")
	env[0] = "HOME=" + workspace(t, ".config/hadolint.yaml", "ignored: [DL3006]\n")
	has(run(0, "Dockerfile"), "DL3003", "DL3006")
	env, dir = nil, before
	has(run(2, "bad"), ".hadolint.yaml", "DL3026")
	has(run(2, "--rules", "some", "Dockerfile"), "usage recommended", "")
}
