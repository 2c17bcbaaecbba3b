package project

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestBakeTargetWrong holds that what is wrong with one target is marked where it is
// written, and takes no other target away.
func TestBakeTargetWrong(t *testing.T) {
	for _, c := range []struct{ body, marked, want string }{
		{`annotations = ["a=b", "abc"]`, `"abc"`, `target t1: annotation "abc": write it as KEY=VALUE`},
		{`annotations = ["thing:a=b"]`, `"thing:a=b"`, `"thing" can be index`},
		{`annotations = ["manifest[nope/nope/nope/nope]:a=b"]`, `"manifest[nope/nope/nope/nope]:a=b"`, `is no platform`},
		{`annotations = [X, "abc"]`, `"abc"`, `write it as`},
		{`annotations = ["a${Y}"]`, `"a${Y}"`, `annotation "ay": write it as`},
		{`call = "check"`, `"check"`, `call "check" is no build`},
		{`call = "chek"`, `"chek"`, `call "chek" is not known`},
		{`inherits = ["t2", "zzz"]`, `"zzz"`, `there is no target zzz`},
		{`contexts = { a = "target:none" }`, `"target:none"`, `contexts: a: there is no target none`},
		{`contexts = { a = "target:t1" }`, `"target:t1"`, `it needs itself: t1 needs t1`},
		{`dockerfile = "-"`, `"-"`, `takes nothing from stdin`},
	} {
		for name, text := range map[string]string{
			"its own":   "target \"t1\" {\n  %s\n}\n",
			"inherited": "target \"t1\" {\n  inherits = [\"base\"]\n}\ntarget \"base\" {\n  %s\n}\n",
			"matrix":    "target \"m\" {\n  name = m\n  matrix = { m = [\"t1\"] }\n  %s\n}\n",
		} {
			if strings.Contains(c.body, "target:t1") && name == "inherited" {
				continue // base stands on t1 then, which stands on t1
			}
			text = "X = \"x=y\"\nY = \"y\"\n" + strings.Replace(text, "%s", c.body, 1) + "target \"t2\" {\n  tags = [\"x:2\"]\n}\n"
			p := files{"docker-bake.hcl": text}.read()
			got := map[string]*Profile{}
			for _, profile := range p.Profiles {
				got[profile.Name] = profile
			}
			if t2, ok := got["t2"]; !ok || t2.Fault != nil || spelled(t, t2) != `dockerfile=/p/Dockerfile {"context":"/p","tags":["x:2"]}` {
				t.Errorf("%s, %s: t2 is %+v", c.body, name, t2)
			}
			fault := got["t1"].Fault
			if fault == nil || !strings.Contains(fault.Message, c.want) && name == "its own" || len(p.Problems) != 1 || p.Problems[0] != fault {
				t.Errorf("%s, %s: fault %v, problems %v; want %q", c.body, name, fault, p.Problems, c.want)
				continue
			}
			if marked := text[fault.Start:fault.End]; marked != c.marked || fault.Line != strings.Count(text[:fault.Start], "\n") {
				t.Errorf("%s, %s: line %d, %q is marked, not %q", c.body, name, fault.Line, marked, c.marked)
			}
		}
	}
}

// TestBakeIgnored holds that what buildx passes over is marked, and nothing else.
func TestBakeIgnored(t *testing.T) {
	for _, c := range []struct{ text, marked string }{
		{"target \"a\" {\n  tags = []\n  tgas = []\n}\n", "tgas"},
		{"taget \"b\" {}\ntarget \"a\" {}\n", "taget"},
		{"target \"a\" {\n  args {}\n}\n", "args"},
		{"group \"g\" {\n  targets = [\"a\"]\n  foo = 1\n}\ntarget \"a\" {}\n", "foo"},
	} {
		p := files{"docker-bake.hcl": c.text}.read()
		if len(p.Problems) != 1 || p.Problems[0].Severity != Ignored || c.text[p.Problems[0].Start:p.Problems[0].End] != c.marked || len(p.Profiles) != 1 || p.Profiles[0].Fault != nil {
			t.Errorf("%s: %v, %v", c.text, p.Problems, p.Profiles)
		}
	}
}

// TestBakeMembers marks a member of a group that is not there.
func TestBakeMembers(t *testing.T) {
	for name, text := range map[string]string{
		"docker-bake.hcl":  "group \"g\" {\n  targets = [\"a\", \"nope\"]\n}\ntarget \"a\" {}\n",
		"docker-bake.json": "{\"group\": {\"g\": {\"targets\": [\"a\", \"nope\"]}}, \"target\": {\"a\": {}}}\n",
	} {
		p := files{name: text}.read()
		if len(p.Problems) != 1 || text[p.Problems[0].Start:p.Problems[0].End] != `"nope"` || len(p.Profiles) != 1 || p.Profiles[0].Fault != nil {
			t.Errorf("%s: %v, %v", name, p.Problems, p.Profiles)
		}
	}
}

// TestWhere finds attributes where they are written: in an override file, in what is
// inherited, in JSON.
func TestWhere(t *testing.T) {
	f := files{
		"docker-bake.hcl":          "A = \"linux/arm64\"\ntarget \"base\" {\n  ulimits = [\"nofile=1\"]\n  tags = [\"x\"]\n  cache-from = [\"type=local,src=c\"]\n}\ntarget \"a\" {\n  inherits = [\"base\"]\n  ulimits = [\"nproc=2\"]\n  platforms = [A]\n contexts = { \"k\" = \"b\" }\n}\n",
		"docker-bake.json":         `{"target": {"j": {"tags": ["one", "two"], "contexts": {"k": "v"}}}}`,
		"docker-bake.override.hcl": "target \"a\" {\n  tags = [\"y\"]\n}\n",
	}
	for _, c := range []struct{ profile, attr, element, want string }{
		{"a", "ulimits", "nofile=1", `docker-bake.hcl "nofile=1"`}, {"a", "ulimits", "nproc=2", `docker-bake.hcl "nproc=2"`}, {"a", "tags", "y", `docker-bake.override.hcl "y"`},
		{"a", "platforms", "linux/arm64", `docker-bake.hcl A`}, {"a", "contexts", "k", `docker-bake.hcl "b"`}, {"a", "cache-from", "type=local,src=" + filepath.FromSlash(drive+"/p/c"), `docker-bake.hcl "type=local,src=c"`},
		{"a", "dockerfile", "", `docker-bake.hcl a`}, {"j", "tags", "two", `docker-bake.json "two"`}, {"j", "contexts", "k", `docker-bake.json "v"`},
	} {
		p := f.profile(t, c.profile)
		at, _ := p.Where(c.attr, c.element)
		file := strings.TrimPrefix(plain(at.File), "/p/")
		if got := file + " " + f[file][at.Start:at.End]; got != c.want {
			t.Errorf("%s.%s %q is at %q, not %q", c.profile, c.attr, c.element, got, c.want)
		}
	}
}

// TestBakeVariables says where a variable's value comes from.
func TestBakeVariables(t *testing.T) {
	f := files{
		"docker-bake.hcl":          "variable \"TAG\" {\n  default = \"base\"\n}\nvariable \"DIR\" {\n  default = \"$DIR\"\n}\nvariable \"N\" {\n  type = number\n  default = null\n}\nvariable \"L\" {\n  type = list(string)\n  default = [\"x\"]\n}\ntarget \"a\" {\n  tags = concat([\"x:${TAG}\"], L)\n  args = { D = DIR, N = N }\n}\n",
		"docker-bake.override.hcl": "variable \"TAG\" {\n  default = \"override\"\n}\n",
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "[x:override x] $DIR <nil>"},
		{map[string]string{"TAG": "env"}, "[x:env x] $DIR <nil>"},
		{map[string]string{"TAG": ""}, "[x: x] $DIR <nil>"},
		{map[string]string{"TAG": "env", "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP": "1"}, "[x:override x] $DIR <nil>"},
		{map[string]string{"TAG": "env", "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP": "TRUE"}, "[x:override x] $DIR <nil>"},
		{map[string]string{"TAG": "env", "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP": "0"}, "[x:env x] $DIR <nil>"},
		{map[string]string{"TAG": "env", "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP": "yes"}, "[x:env x] $DIR <nil>"},
		{map[string]string{"DIR": "d", "N": "7", "L": "p,q"}, "[x:override p q] d 7"},
		{map[string]string{"L_JSON": `["j"]`, "N_JSON": "8"}, "[x:override j] $DIR 8"},
	} {
		src := f.source()
		src.Env = func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		p := Read("/p", src)
		if len(p.Problems) > 0 || len(p.Profiles) != 1 {
			t.Fatal(p.Problems, p.Profiles)
		}
		b := p.Profiles[0].Build
		n := "<nil>"
		if v := b.BuildArgs["N"]; v != nil {
			n = *v
		}
		if got := fmt.Sprint(b.Tags, " ", *b.BuildArgs["D"], " ", n); got != c.want {
			t.Errorf("%v: %s, not %s", c.env, got, c.want)
		}
	}
}

// TestBakeCycle marks a variable that needs itself.
func TestBakeCycle(t *testing.T) {
	text := "variable \"DIR\" {\n  default = \"${DIR}\"\n}\ntarget \"a\" {}\n"
	p := files{"docker-bake.hcl": text}.read()
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Error(), "docker-bake.hcl:2: ") || !strings.Contains(p.Problems[0].Message, "variable cycle") || text[p.Problems[0].Start:p.Problems[0].End] != `"${DIR}"` {
		t.Errorf("%v", p.Problems)
	}
}

// TestBakeInheritsService says what buildls cannot do that buildx can.
func TestBakeInheritsService(t *testing.T) {
	f := files{"compose.yaml": "services: {web: {build: .}}\n", "docker-bake.hcl": "target \"t1\" {\n  inherits = [\"web\"]\n}\ntarget \"t2\" {\n  contexts = { w = \"target:web\" }\n}\n"}
	p := f.read()
	if len(p.Problems) != 1 || len(p.Profiles) != 3 || p.Profiles[1].Fault != p.Problems[0] || p.Profiles[2].Fault != nil || !strings.Contains(p.Problems[0].Error(), "docker-bake.hcl:2: target t1: web is a service") {
		t.Errorf("%v, %v", p.Problems, p.Profiles)
	}
}

// A target that names a policy is a profile: whoever builds it decides what becomes of that.
func TestBakePolicy(t *testing.T) {
	const text = "target \"a\" {\n  policy = [{filename = \"p.rego\"}]\n}\ntarget \"b\" {}\n"
	p := Read("/p", Source{Env: func(string) (string, bool) { return "", false }, Read: func(path string) ([]byte, error) {
		if path == filepath.FromSlash("/p/docker-bake.hcl") {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}})
	if len(p.Profiles) != 2 || p.Profiles[0].Fault != nil || p.Profiles[0].Policy == nil || p.Profiles[1].Policy != nil {
		t.Fatalf("%+v", p.Profiles)
	}
	if at := p.Profiles[0].Policy; at.Severity != Note || text[at.Start:at.End] != `[{filename = "p.rego"}]` || len(p.Problems) != 1 {
		t.Errorf("%+v", at)
	}
}
