package project

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// A breakage is what somebody writes into a target.
type breakage struct {
	body  string
	whole bool // the file, not the target, is wrong
	later bool // it is for the plan of a build to refuse, see package handlers
	ours  bool // buildx prints it, and we build no such thing
}

var breakages = []breakage{
	{body: `annotations = ["abc"]`}, {body: `annotations = ["thing:a=b"]`}, {body: `annotations = ["manifest[a b]:k=v"]`}, {body: `annotations = ["index:a=b"]`},
	{body: `call = "check"`, ours: true}, {body: `call = "build"`}, {body: `call = "chek"`, ours: true},
	{body: `inherits = ["zzz"]`}, {body: `inherits = ["a", "b", "c"]`}, {body: `foo = "x"`}, {body: `args { x = "1" }`},
	{body: `platforms = ["a/b/c/d/e"]`, later: true}, {body: `shm-size = "many"`, later: true}, {body: `ulimits = ["nofile"]`, later: true},
	{body: `output = ["type=local"]`, later: true},
	{body: `tags = ["A B"]`, later: true}, {body: `network = "sideways"`, later: true}, {body: `cache-from = ["type=none"]`, later: true}, {body: `extra-hosts = { a = "b" }`, later: true},
	{body: `contexts = { x = "target:none" }`}, {body: `contexts = { x = "target:a" }`}, {body: `contexts = { x = "target:b" }`}, {body: `contexts = { x = "target:c" }`},
	{body: `context = "-"`}, {body: `dockerfile = "-"`}, {body: `dockerfile = "nowhere"`},
	{body: `tags = 3`, whole: true}, {body: `tags = [NOPE]`, whole: true}, {body: `tags = [nope("x")]`, whole: true}, {body: `cache-from = ["src=x"]`, whole: true},
	{body: `attest = ["mode=max"]`, whole: true}, {body: `name = "x"`, whole: true}, {body: `matrix = 3`, whole: true}, {body: "tags = [\n", whole: true},
}

// TestBakeFaultAgreement breaks each target of a file in turn, in each way, and holds each
// target to what `docker buildx bake --print` makes of it: what that prints is the same
// build here, what it refuses is refused, and no target is refused for another's fault.
func TestBakeFaultAgreement(t *testing.T) {
	buildx := peer(t)
	for i, b := range breakages {
		t.Run(b.body, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			broken := string("abc"[i%3])
			text := ""
			for _, name := range []string{"a", "b", "c"} {
				body := fmt.Sprintf("tags = [\"x:%s\"]\n", name)
				if name == "b" {
					body += "  platforms = [\"linux/amd64\"]\n"
				}
				if name == broken {
					body = b.body
				}
				text += fmt.Sprintf("target %q {\n  %s\n}\n", name, body)
			}
			if err := os.WriteFile(filepath.Join(dir, "docker-bake.hcl"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			config, err := evaluatedOrNot(dir)
			if b.whole {
				if err == nil {
					t.Errorf("we read %s", text)
				}
				if _, err := bakePrinted(t, buildx, dir, []string{"a", "b", "c"}); err == nil {
					t.Errorf("buildx reads %s", text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			config.service = func(string) serviceAnswer { return serviceAnswer{complete: true} }
			for _, p := range config.profiles(dir) {
				agrees(t, buildx, dir, config, p, b, p.Name == broken)
			}
		})
	}
}

// agrees holds one target to buildx.
func agrees(t *testing.T, buildx, dir string, config *bakeConfig, p *Profile, b breakage, broken bool) {
	t.Helper()
	printed, err := bakePrinted(t, buildx, dir, []string{p.Name})
	switch {
	case broken && b.later:
	case broken && b.ours && err == nil && p.Fault != nil:
	case (err != nil) != (p.Fault != nil):
		t.Errorf("%s: buildx says %v, we say %v", p.Name, err, p.Fault)
	}
	if err != nil {
		return
	}
	whole, err := config.resolve(p.Name)
	if err != nil {
		t.Fatal(err)
	}
	theirs := printed["target"].(map[string]any)[p.Name]
	if ours := escaped(toJSON(t, whole)); !reflect.DeepEqual(any(ours), theirs) {
		t.Errorf("%s: ours %v, theirs %v", p.Name, ours, theirs)
	}
}
