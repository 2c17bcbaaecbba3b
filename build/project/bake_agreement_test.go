package project

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// peer is the buildx plugin beside a Docker engine that .ci/test-engines made ready.
func peer(t *testing.T) string {
	dir := os.Getenv("BUILDLS_TEST_ENGINES")
	path := filepath.Join(dir, "docker-28", "cli-plugins", "docker-buildx")
	if _, err := os.Stat(path); dir == "" || err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("buildx is missing; run .ci/test-engines")
		}
		t.Skip("needs buildx: run .ci/test-engines and set BUILDLS_TEST_ENGINES")
	}
	return path
}

// bakeEnv is what both see of the environment.
var bakeEnv = map[string]string{"BAKE_TEST_SET": "from the environment", "BAKE_TEST_NUMBER": "41", "BAKE_TEST_BOOL": "true", "BAKE_TEST_LIST": "linux/amd64,linux/arm64"}

// TestBakeAgreement holds the targets of each file to what `docker buildx bake --print`
// makes of them.
func TestBakeAgreement(t *testing.T) {
	buildx := peer(t)
	dirs, err := filepath.Glob("testdata/bake/*")
	if err != nil || len(dirs) < 12 {
		t.Fatalf("%d directories, %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			config := evaluated(t, dir)
			var names []string
			ours := map[string]any{}
			for _, target := range config.Targets {
				names = append(names, target.Name)
				whole, err := config.resolve(target.Name)
				if err != nil {
					t.Fatal(err)
				}
				ours[target.Name] = escaped(toJSON(t, whole))
			}
			theirs := bakePrint(t, buildx, dir, names)["target"].(map[string]any)
			for name := range theirs {
				if !reflect.DeepEqual(ours[name], theirs[name]) {
					a, _ := json.Marshal(ours[name])
					b, _ := json.Marshal(theirs[name])
					t.Errorf("%s:\nours   %s\ntheirs %s", name, a, b)
				}
			}
			if len(theirs) != len(ours) {
				t.Errorf("%d targets, not %d", len(ours), len(theirs))
			}
			for _, g := range config.groups() {
				theirs := bakePrint(t, buildx, dir, []string{g.Name})["target"].(map[string]any)
				for _, name := range g.Targets {
					if theirs[name] == nil {
						t.Errorf("group %s: %s is not in it", g.Name, name)
					}
				}
			}
		})
	}
}

func evaluated(t *testing.T, dir string) *bakeConfig {
	t.Helper()
	config, err := evaluatedOrNot(dir)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func evaluatedOrNot(dir string) (*bakeConfig, error) {
	src := Source{Read: os.ReadFile, Env: func(name string) (string, bool) { v, ok := bakeEnv[name]; return v, ok }}
	files, err := parseBake(dir, src)
	if err != nil {
		return nil, err
	}
	return evaluateBake(files, src)
}

// bakePrint has buildx read the files, alone in a directory where the paths that they
// name are there.
func bakePrint(t *testing.T, buildx, dir string, targets []string) map[string]any {
	t.Helper()
	printed, err := bakePrinted(t, buildx, dir, targets)
	if err != nil {
		t.Fatal(err)
	}
	return printed
}

// bakePrinted is bakePrint that returns why buildx refuses.
func bakePrinted(t *testing.T, buildx, dir string, targets []string) (map[string]any, error) {
	t.Helper()
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.txt", "other.txt", "s.txt", "t.txt", "x.txt", "one", "two", "three", "four"} {
		if err := os.WriteFile(filepath.Join(work, name), sshPrivateKey(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cache", "out", "layout", "here", "there", "src", "base", "app"} {
		if err := os.Mkdir(filepath.Join(work, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(buildx, append([]string{"bake", "--print", "--progress", "quiet", "--allow", "network.host", "--allow", "security.insecure", "--allow", "fs=*"}, targets...)...)
	cmd.Dir = work
	home := t.TempDir()
	agent, err := net.Listen("unix", filepath.Join(home, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	cmd.Env = []string{"HOME=" + home, "SSH_AUTH_SOCK=" + agent.Addr().String(), "DOCKER_CONFIG=" + home, "PATH=" + os.Getenv("PATH")}
	for k, v := range bakeEnv {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.Output()
	if err != nil {
		text := ""
		if e, ok := err.(*exec.ExitError); ok {
			text = string(e.Stderr)
		}
		return nil, fmt.Errorf("buildx: %v: %s", err, text)
	}
	var printed map[string]any
	if err := json.Unmarshal(out, &printed); err != nil {
		t.Fatal(err)
	}
	return printed, nil
}

// sshPrivateKey is what buildx wants to find where ssh names a file.
func sshPrivateKey(t *testing.T) []byte {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func toJSON(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// escaped does what --print does to a target: it escapes what could be taken for a
// template, and shortens the context.
func escaped(target map[string]any) map[string]any {
	target["context"] = strings.TrimPrefix(target["context"].(string), cwdScheme)
	escape := func(v any) any {
		if s, ok := v.(string); ok {
			return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
		}
		return v
	}
	for _, name := range []string{"args", "labels", "extra-hosts"} {
		if m, ok := target[name].(map[string]any); ok {
			for k, v := range m {
				m[k] = escape(v)
			}
		}
	}
	if v, ok := target["dockerfile-inline"]; ok {
		target["dockerfile-inline"] = escape(v)
	}
	return target
}
