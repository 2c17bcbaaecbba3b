package project

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestBakeBuild says what becomes of a target's attributes.
func TestBakeBuild(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"nothing said", ``, `dockerfile=/p/Dockerfile {"context":"/p"}`},
		{"paths", "context = \"api\"\n dockerfile = \"../other\"", `dockerfile=/p/other {"context":"/p/api"}`},
		{"cwd", "context = \"cwd://api\"\n dockerfile = \"cwd://d\"", `dockerfile=/p/d {"context":"/p/api"}`},
		{"git", `context = "https://example.org/r.git"`, `dockerfile= {"context":"https://example.org/r.git"}`},
		{"contexts", `contexts = { a = "../a", b = "target:base", c = "oci-layout://l@sha256:0", d = "docker-image://x" }`,
			`dockerfile=/p/Dockerfile {"context":"/p","contexts":{"a":"/a","b":"target:base","c":"oci-layout:///p/l@sha256:0","d":"docker-image://x"}}`},
		{"secrets", `secret = ["id=a,src=a.txt", "type=env,id=b,env=B"]`, `dockerfile=/p/Dockerfile {"context":"/p","secrets":[{"id":"a","src":"/p/a.txt"},{"id":"b","env":"B"}]}`},
		{"ssh", `ssh = ["default", {id = "k", paths = ["key"]}]`, `dockerfile=/p/Dockerfile {"context":"/p","ssh":[{"id":"default"},{"id":"k","paths":["/p/key"]}]}`},
		{"outputs", `output = ["out", "type=cacheonly", "type=image,push=true"]`, `dockerfile=/p/Dockerfile {"context":"/p","outputs":[{"type":"local","dest":"/p/out"},{"type":"image","attrs":{"push":"true"}}]}`},
		{"caches", "cache-from = [\"u/c\", \"type=local,src=c\"]\n cache-to = [{type = \"local\", dest = \"d\"}]", `dockerfile=/p/Dockerfile {"context":"/p","cacheFrom":["type=registry,ref=u/c","type=local,src=/p/c"],"cacheTo":["type=local,dest=/p/d"]}`},
		{"attest", `attest = ["type=provenance,mode=max"]`, `dockerfile=/p/Dockerfile {"context":"/p","attest":["type=provenance,mode=max"]}`},
		{"annotations", `annotations = ["a=1", "index,manifest[linux/arm64]:b=2"]`,
			`dockerfile=/p/Dockerfile {"context":"/p","outputs":[{"type":"image","attrs":{"annotation-index.b":"2","annotation-manifest[linux/arm64].b":"2","annotation.a":"1"}}]}`},
		{"host", "network = \"host\"\n entitlements = [\"security.insecure\"]", `dockerfile=/p/Dockerfile asks=security.insecure network.host {"context":"/p","network":"host"}`},
		{"limits", "shm-size = \"1g\"\n ulimits = [\"nofile=1:2\"]\n extra-hosts = { b = \"10.0.0.2\", a = \"10.0.0.1\" }", `dockerfile=/p/Dockerfile shm=1g ulimits=nofile=1:2 {"context":"/p","addHosts":["a=10.0.0.1","b=10.0.0.2"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := files{"docker-bake.hcl": "target \"app\" {\n " + c.body + "\n}\ntarget \"base\" {}\n"}
			if got := spelled(t, f.profile(t, "app")); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBakeRange(t *testing.T) {
	f := files{
		"docker-bake.hcl":           "# ä\ngroup \"all\" { targets = [\"app\", \"m\"] }\ntarget \"app\" {}\ntarget \"m\" {\n  name = \"m${x}\"\n  matrix = { x = [\"1\", \"2\"] }\n}\n",
		"docker-bake.json":          `{"target": {"js": {}}}`,
		"docker-bake.override.json": `{"target": {"app": {"tags": ["x"]}}}`,
	}
	for name, want := range map[string]string{"app": "docker-bake.hcl app", "m2": "docker-bake.hcl m", "js": "docker-bake.json js"} {
		p := f.profile(t, name)
		file := strings.TrimPrefix(plain(p.File), "/p/")
		if name == "app" && file == "docker-bake.override.json" { // read first of the two: never
			t.Error("the name is where it is overridden")
		}
		if got := file + " " + f[file][p.Start:p.End]; got != want {
			t.Errorf("%s is at %q, not %q", name, got, want)
		}
	}
	groups := f.read().Groups
	if got := plain(fmt.Sprint(groups)); got != "[{all /p/docker-bake.hcl [app m1 m2]} {m /p/docker-bake.hcl [m1 m2]}]" {
		t.Errorf("groups %s", got)
	}
}

func TestBakeWrong(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "target \"a\" {\n  tags = [\n}\n", "docker-bake.hcl:3: "},
		{"undefined", "target \"a\" {\n  tags = [NOPE]\n}\n", "docker-bake.hcl:2: "},
		{"cycle", "A = B\nB = A\ntarget \"a\" {\n  tags = [A]\n}\n", "docker-bake.hcl:"},
		{"wrong type", "target \"a\" {\n  tags = 3\n}\n", "docker-bake.hcl:2: "},
		{"cache type", "target \"a\" {\n  cache-from = [\"src=x\"]\n}\n", "type"},
		{"name", "target \"a b\" {}\n", "docker-bake.hcl:1: "},
		{"validation", "variable \"V\" {\n  default = \"\"\n  validation {\n    condition = V != \"\"\n    error_message = \"say V\"\n  }\n}\n", "docker-bake.hcl:4: Validation failed: say V"},
		{"deep", "a = " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), "nested"},
		{"long", strings.Repeat("#", maxBake+1), "longer"},
		{"doubling", doubling(), "computes more"},
		{"indent", `a = indent(1000000000, "a\nb")`, "indent"},
		{"format", `a = format("%999999999d", 1)`, "format"},
		{"matrix", "target \"a\" {\n  name = \"a${x}${y}\"\n  matrix = { x = range(0, 500), y = range(0, 500) }\n}\n", "more than"},
		{"functions", functions(), "computes more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := files{"docker-bake.hcl": c.text}.read()
			if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Error(), c.want) || len(p.Profiles) > 0 {
				t.Errorf("%v, %v; want %q", p.Problems, p.Profiles, c.want)
			}
		})
	}
}

// doubling is a variable of 2^60 bytes.
func doubling() string {
	var b strings.Builder
	b.WriteString("v0 = \"xx\"\n")
	for i := range 60 {
		fmt.Fprintf(&b, "v%d = \"${v%d}${v%d}\"\n", i+1, i, i)
	}
	return b.String()
}

// functions does the same by calls.
func functions() string {
	var b strings.Builder
	b.WriteString("function \"f0\" {\n  params = [x]\n  result = \"${x}${x}\"\n}\n")
	for i := range 40 {
		fmt.Fprintf(&b, "function \"f%d\" {\n  params = [x]\n  result = f%d(f%d(x))\n}\n", i+1, i, i)
	}
	b.WriteString("a = f40(\"x\")\n")
	return b.String()
}

// TestBakeSeeds holds that what buildx reads is read.
func TestBakeSeeds(t *testing.T) {
	dirs, err := filepath.Glob("testdata/bake/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no files")
	}
	for _, dir := range dirs {
		config := evaluated(t, dir)
		if len(config.Targets) == 0 || len(config.files) == 0 {
			t.Errorf("%s: nothing", dir)
		}
	}
}

// TestBakeJSONCost tells of a JSON file that is as hostile.
func TestBakeJSONCost(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"variable": {"v0": {"default": "xx"}`)
	for i := range 60 {
		fmt.Fprintf(&b, `, "v%d": {"default": "${v%d}${v%d}"}`, i+1, i, i)
	}
	b.WriteString("}}")
	p := files{"docker-bake.json": b.String()}.read()
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Message, "computes more") {
		t.Errorf("%v", p.Problems)
	}
}
