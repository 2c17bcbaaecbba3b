package project

import (
	"fmt"
	"strings"
	"testing"
)

// TestCompose says of each form of a service what it builds.
func TestCompose(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"short", `build: ./api`, `dockerfile=/p/api/Dockerfile {"context":"/p/api","tags":["p-api"]}`},
		{"long", `build: {context: api, dockerfile: ../Dockerfile.api, target: prod}`, `dockerfile=/p/Dockerfile.api {"context":"/p/api","target":"prod","tags":["p-api"]}`},
		{"nothing said", `build: {target: x}`, `dockerfile=/p/Dockerfile {"context":"/p","target":"x","tags":["p-api"]}`},
		{"image", `{build: ., image: "me/api:1"}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["me/api:1"]}`},
		{"image and tags", `{build: {context: ., tags: [a, b, a]}, image: c}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["c","a","b"]}`},
		{"args map", `build: {context: ., args: {A: 1, B: "x", C: true, FROM_ENV: null, NOWHERE: }}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"buildArgs":{"A":"1","B":"x","C":"true","FROM_ENV":"env"}}`},
		{"args list", `build: {context: ., args: [A=1, "B=x=y", FROM_ENV, NOWHERE]}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"buildArgs":{"A":"1","B":"x=y","FROM_ENV":"env"}}`},
		{"git", `build: https://example.org/r.git#main:sub`, `dockerfile= {"context":"https://example.org/r.git#main:sub","tags":["p-api"]}`},
		{"ssh git", `build: git@example.org:r.git`, `dockerfile= {"context":"git@example.org:r.git","tags":["p-api"]}`},
		{"contexts map", `build: {context: ., additional_contexts: {a: ../a, b: "docker-image://b", c: "service:db"}}`,
			`dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"contexts":{"a":"/a","b":"docker-image://b","c":"target:db"}}`},
		{"contexts layout", `build: {context: ., additional_contexts: {a: "oci-layout://./a:tag", b: "oci-layout:///b"}}`,
			`dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"contexts":{"a":"oci-layout:///p/a:tag","b":"oci-layout:///b"}}`},
		{"contexts list", `build: {context: ., additional_contexts: ["a=./a"]}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"contexts":{"a":"/p/a"}}`},
		{"caches", `build: {context: ., cache_from: ["u/c", "type=local,src=cc"], cache_to: ["type=local,dest=cd", "type=inline"]}`,
			`dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"cacheFrom":["type=registry,ref=u/c","type=local,src=/p/cc"],"cacheTo":["type=local,dest=/p/cd","type=inline"]}`},
		{"ssh", `build: {context: ., ssh: [default, "k=./key"]}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"ssh":[{"id":"default"},{"id":"k","paths":["/p/key"]}]}`},
		{"secrets", `build: {context: ., secrets: [s, {source: e, target: x}]}`,
			`dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"secrets":[{"id":"s","src":"/p/s.txt"},{"id":"e","env":"E"}]}`},
		{"platforms", `{build: {context: ., platforms: [linux/amd64, linux/arm64]}, platform: linux/amd64}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"platforms":["linux/amd64","linux/arm64"]}`},
		{"platform", `{build: ., platform: linux/arm64}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"platforms":["linux/arm64"]}`},
		{"labels list", `build: {context: ., labels: [a=b, c]}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"labels":{"a":"b","c":""}}`},
		{"labels map", `build: {context: ., labels: {a: 1}}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"labels":{"a":"1"}}`},
		{"limits", `build: {context: ., shm_size: 64m, ulimits: {nproc: 10, nofile: {soft: 1, hard: 2}}}`, `dockerfile=/p/Dockerfile shm=64m ulimits=nofile=1:2 nproc=10 {"context":"/p","tags":["p-api"]}`},
		{"hosts", `build: {context: ., extra_hosts: ["db=10.0.0.1", "x:10.0.0.2"], network: none}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"network":"none","addHosts":["db=10.0.0.1","x=10.0.0.2"]}`},
		{"entitlements", `build: {context: ., privileged: true, entitlements: [network.host], network: host}`,
			`dockerfile=/p/Dockerfile asks=network.host security.insecure {"context":"/p","tags":["p-api"],"network":"host"}`},
		{"switches", `build: {context: ., pull: true, no_cache: "true", no_cache_filter: [a]}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"noCache":true,"noCacheFilter":["a"],"pull":true}`},
		{"attest", `build: {context: ., provenance: "mode=max", sbom: false}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"],"attest":["type=provenance,mode=max","type=sbom,disabled=true"]}`},
		{"interpolation", `build: {context: "${DIR:-api}", target: "${FROM_ENV}-${DOT_ENV}", args: {A: "$$x"}}`,
			`dockerfile=/p/api/Dockerfile {"context":"/p/api","target":"env-dot","tags":["p-api"],"buildArgs":{"A":"$x"}}`},
		{"anchors", `build: {<<: *common, target: y}`, `dockerfile=/p/common/Dockerfile {"context":"/p/common","target":"y","tags":["p-api"]}`},
		{"profiles, and what no build depends on", `{build: ., profiles: [dev], ports: ["${UNSET:?no}:80"], volumes: [{bad: true}], x-mine: 1}`, `dockerfile=/p/Dockerfile {"context":"/p","tags":["p-api"]}`},
		{"extends", `{extends: base, build: {args: {B: 2}}}`, `dockerfile=/p/base/Dockerfile {"context":"/p/base","tags":["p-api"],"buildArgs":{"A":"1","B":"2"}}`},
		{"extends a file", `{extends: {file: sub/other.yaml, service: far}}`, `dockerfile=/p/sub/far/Dockerfile {"context":"/p/sub/far","tags":["far:1"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := files{
				"compose.yaml": fmt.Sprintf(`
x-common: &common {context: common, target: x}
services:
  db: {image: postgres}
  base: {build: {context: base, args: [A=1]}}
  api:
    %s
secrets:
  s: {file: s.txt}
  e: {environment: E}
`, c.yaml),
				".env":           "DOT_ENV=dot\nFROM_ENV=not this\n",
				"sub/other.yaml": "services: {far: {build: ./far, image: 'far:1'}}",
			}
			if got := spelled(t, f.profile(t, "api")); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestComposeOverride(t *testing.T) {
	f := files{
		"compose.yml":          "name: Shop\nservices:\n  api: {build: {context: api, args: {A: 1, B: 1}, tags: [x]}}\n  gone: {build: .}\n",
		"compose.override.yml": "services:\n  api:\n    build:\n      target: dev\n      args: [B=2]\n      tags: !override [y]\n  gone: {build: !reset null}\n",
	}
	if got, want := spelled(t, f.profile(t, "api")), `dockerfile=/p/api/Dockerfile {"context":"/p/api","target":"dev","tags":["shop-api","y"],"buildArgs":{"A":"1","B":"2"}}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if p := f.read(); len(p.Profiles) != 1 {
		t.Errorf("profiles %v", p.Profiles)
	}
}

func TestComposeInclude(t *testing.T) {
	f := files{
		"compose.yaml":     "include:\n  - sub/inc.yaml\n  - {path: two/a.yaml, project_directory: two, env_file: two.env}\nservices:\n  one: {build: {target: over}}\n",
		"sub/inc.yaml":     "services: {one: {build: {context: ., args: {V: '${V}'}}, image: one}}",
		"sub/.env":         "V=sub\n",
		"two/a.yaml":       "services: {two: {build: './${V}', image: two}}",
		"two.env":          "V=second\n",
		"unrelated/x.yaml": "",
	}
	if got, want := spelled(t, f.profile(t, "one")), `dockerfile=/p/sub/Dockerfile {"context":"/p/sub","target":"over","tags":["one"],"buildArgs":{"V":"sub"}}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := spelled(t, f.profile(t, "two")), `dockerfile=/p/two/second/Dockerfile {"context":"/p/two/second","tags":["two"]}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestComposeRange(t *testing.T) {
	f := files{"compose.yaml": "# ä\nservices:\n  \"äpi\": {build: .}\n  db: {image: x}\n"}
	p := f.profile(t, "äpi")
	if got := f["compose.yaml"][p.Start:p.End]; got != "äpi" {
		t.Errorf("the name is at %q", got)
	}
}

// YAML ends a line where editors and parsers of Dockerfiles do not, and the other way round.
func TestComposeLines(t *testing.T) {
	const text = "# a\r# b\u2028# c\u0085# d\nservices:\r\n  api:\n    build:\n      context: .\r\n      dockerfile_inline: |\n        FROM scratch\n        ADD x /\n"
	api := files{"compose.yaml": text}.profile(t, "api")
	at, ok := api.Inline.Source(strings.Index(api.Inline.Text, "ADD"), len(api.Inline.Text)-1)
	if name := text[api.Start:api.End]; name != "api" || !ok || text[at.Start:at.End] != "ADD x /" {
		t.Errorf("%q, and its Dockerfile is at %q", name, text[at.Start:at.End])
	}
}

func TestComposeWrong(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"yaml", "services:\n  a: [\n", "compose.yaml:2: "},
		{"yaml's lines", "# a\r# b\u2028# c\nservices:\n  a: [\n", "compose.yaml:3: "},
		{"twice", "services:\n  a: {}\n  a: {}\n", "already defined at line 2"},
		{"unknown attribute", "services:\n  a:\n    build:\n      context: .\n      contxt: x\n", `compose.yaml:5: service a: contxt: this attribute of a build is not known`},
		{"wrong type", "services:\n  a:\n    build:\n      tags: {}\n", "compose.yaml:4: service a: tags: it must be a list of strings"},
		{"build", "services:\n  a:\n    build: 3\n", "compose.yaml:3: "},
		{"required", "services:\n  a:\n    build:\n      target: ${NOPE:?give it}\n", "compose.yaml:4: "},
		{"interpolation", "services:\n  a:\n    build: ${\n", "compose.yaml:3: "},
		{"no secret", "services:\n  a:\n    build:\n      secrets: [x]\n", `compose.yaml:4: service a: secrets: there is no secret "x"`},
		{"extends itself", "services:\n  a: {extends: b}\n  b: {extends: a}\n", "extends itself"},
		{"extends nothing", "services:\n  a:\n    extends: b\n", "compose.yaml:3: there is no service b"},
		{"include itself", "include: [compose.yaml]\n", "includes itself"},
		{"include nothing", "include: [nothing.yaml]\n", "nothing.yaml"},
		{"list", "- a\n", "must be a mapping"},
		{"bomb", "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + bomb(), "values"},
		{"loop", "a: &a [*a]\n", "anchor"},
		{"documents", "a: b\n---\nc: d\n", "more than one document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := files{"compose.yaml": c.text}.read()
			if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Error(), c.want) || len(p.Profiles) > 0 {
				t.Errorf("%v, %v; want %q", p.Problems, p.Profiles, c.want)
			}
		})
	}
}

// bomb is nine levels of ten aliases each.
func bomb() string {
	var b strings.Builder
	for c := 'b'; c < 'k'; c++ {
		alias := fmt.Sprintf("*%c,", c-1)
		fmt.Fprintf(&b, "%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(alias, 10), ","))
	}
	return b.String()
}

// TestDotEnvStaysHidden holds that no error repeats a value of .env.
func TestDotEnvStaysHidden(t *testing.T) {
	for _, text := range []string{"services:\n  a:\n    build: {pull: '${SECRET}'}\n", "services:\n  a: {build: {network: x, ulimits: '${SECRET}'}}\n", "services:\n  a: {build: {ssh: ['${SECRET}']}}\n",
		"services:\n  a: {build: {extra_hosts: ['${SECRET}']}}\n", "include: ['${SECRET}']\n"} {
		p := files{"compose.yaml": text, ".env": "SECRET=hunter2\n"}.read()
		if len(p.Problems) != 1 || strings.Contains(p.Problems[0].Error(), "hunter2") {
			t.Errorf("%s: %v", text, p.Problems)
		}
	}
}

// TestComposeServiceWrong holds that what Compose refuses for one service alone takes no
// other away.
func TestComposeServiceWrong(t *testing.T) {
	for _, c := range []struct{ build, marked, want string }{
		{"secrets: [x]", "secrets", "external"},
		{"isolation: hyperv", "isolation", "BuildKit has none"},
	} {
		text := "services:\n  a:\n    build:\n      " + c.build + "\n  b: {build: ./b}\nsecrets: {x: {external: true}}\n"
		p := files{"compose.yaml": text}.read()
		if len(p.Problems) != 1 || len(p.Profiles) != 2 || p.Profiles[0].Fault != p.Problems[0] || p.Profiles[1].Fault != nil || !strings.Contains(p.Problems[0].Error(), c.want) {
			t.Errorf("%s: %v, %v", c.build, p.Problems, p.Profiles)
			continue
		}
		if got := text[p.Problems[0].Start:p.Problems[0].End]; got != c.marked || p.Problems[0].Kind != Service {
			t.Errorf("%s: %q is marked", c.build, got)
		}
	}
}
