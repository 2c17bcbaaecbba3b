package project

import (
	"os"
	"path/filepath"
	"testing"
	"time"
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
	f.Fuzz(func(t *testing.T, data, env []byte) {
		check(t, files{"compose.yaml": string(data), ".env": string(env)})
	})
}

// check holds what is so of every project.
func check(t *testing.T, f files) {
	start := time.Now()
	p := f.read()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	for _, profile := range p.Profiles {
		if profile.Name == "" || profile.File == "" || profile.Start > profile.End {
			t.Errorf("profile %+v", profile)
		}
	}
	for _, problem := range p.Problems {
		if problem.Message == "" {
			t.Errorf("problem %+v", problem)
		}
	}
}
