package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Reading says what is wrong, whatever the text: it neither panics nor takes all time or
// memory. The seeds run in every `go test`.

func FuzzBake(f *testing.F) {
	paths, err := filepath.Glob("testdata/bake/*/docker-bake*")
	if err != nil || len(paths) == 0 {
		f.Fatal("no seeds")
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, filepath.Ext(path) == ".json")
	}
	f.Add([]byte(doubling()), false)
	f.Add([]byte(functions()), false)
	f.Add([]byte("target \"a\" {\n  inherits = [\"a\"]\n  args = target.a.args\n}\n"), false)
	f.Add([]byte("a = [for x in [for y in range(1000): range(1000)]: [for z in x: x]]"), false)
	f.Add([]byte("target \"a\" {\n  dockerfile-inline = <<-X\n    FROM $${a} ${\"b\"}\n  X\n  tags = [1, \"A\"]\n}\n"), false)
	f.Add([]byte(`{"target": {"a": {"dockerfile-inline": "FROM \u00e4\n${1}", "annotations": ["x"]}}, "group": {"g": {"targets": ["b"]}}}`), true)
	f.Fuzz(func(t *testing.T, data []byte, json bool) {
		name := "docker-bake.hcl"
		if json {
			name = "docker-bake.json"
		}
		check(t, files{name: string(data)})
	})
}

func FuzzCompose(f *testing.F) {
	f.Add([]byte("services:\n  a: {build: .}\n"), []byte("V=1\n"))
	f.Add([]byte("x: &x {build: {args: [A]}}\nservices:\n  a: {<<: *x, extends: b}\n  b: {build: {context: '${V:-x}', secrets: [s]}}\nsecrets: {s: {file: f}}\n"), []byte("V=${W}\nW='x'\n"))
	f.Add([]byte("include: [compose.yaml]\nservices: {a: {extends: {file: compose.yaml, service: a}, build: !reset null}}"), []byte("#"))
	f.Add([]byte(bomb()), []byte{})
	f.Add([]byte("services: {a: {build: {ulimits: {x: {}}, ssh: [1], extra_hosts: {a: [b]}, labels: 1}}}"), []byte("=\n"))
	for _, scalar := range []string{"|\n    FROM $$a\n", ">-\n    FROM a\n\n    RUN ${V:-x}\n", "\"FROM \\u0061\\\n   b\"", "&x !!str a\n    b"} {
		f.Add([]byte("services: \n a: \n  build: \n   dockerfile_inline: "+scalar+"\n"), []byte("V=1\n"))
	}
	f.Fuzz(func(t *testing.T, data, env []byte) {
		check(t, files{"compose.yaml": string(data), ".env": string(env)})
	})
}

// check holds what is so of every project.
func check(t *testing.T, f files) {
	p := f.read()
	for _, profile := range p.Profiles {
		if profile.Name == "" || profile.File == "" || profile.Start > profile.End {
			t.Errorf("profile %+v", profile)
		}
		if in := profile.Inline; in != nil {
			for i := range in.Text {
				at, _ := in.Source(i, i+1)
				if size := len(f[strings.TrimPrefix(plain(at.File), "/p/")]); at.Start > at.End || at.End > size {
					t.Errorf("byte %d is at %+v", i, at)
				}
			}
		}
	}
	for _, problem := range p.Problems {
		size := len(f[strings.TrimPrefix(plain(problem.File), "/p/")])
		if problem.Message == "" || strings.Contains(problem.Message, "runtime error") || problem.Start > problem.End || problem.End > size {
			t.Errorf("problem %+v", problem)
		}
	}
}
