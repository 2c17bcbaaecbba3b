package project

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sourceOf reads files of one directory by their names, and has the environment env.
func sourceOf(files, env map[string]string) Source {
	return Source{
		Read: func(path string) ([]byte, error) {
			if text, ok := files[filepath.Base(path)]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
		Env: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
	}
}

// unplace has a project's profiles compare: functions do not. A reader remembers the profiles.
func unplace(p *Project) {
	for i := range p.Profiles {
		one := *p.Profiles[i]
		one.where, p.Profiles[i] = nil, &one
	}
}

// TestReaderRemembers reads a directory after each of many changes with one Reader, which must
// say what one says that remembers nothing.
func TestReaderRemembers(t *testing.T) {
	files, env := map[string]string{}, map[string]string{}
	r := NewReader(t.TempDir())
	step := func(name string, change func()) {
		t.Helper()
		change()
		was, is := r.Read(sourceOf(files, env)), Read(r.dir, sourceOf(files, env))
		for _, p := range []*Project{was, is} {
			unplace(p)
		}
		if !reflect.DeepEqual(was, is) {
			t.Errorf("%s: %+v; without a memory %+v", name, was, is)
		}
	}
	const compose = "services:\n  a: {build: {context: a, args: {V: 1, W: $W}}}\n  b: {extends: a, build: {args: {V: 2}}}\n"
	const bake = "variable X {}\ntarget x { \n args = {X = X} \n}\ntarget y { \n contexts = {o = \"target:b\"} \n}\ngroup g { \n targets = [\"x\", \"c\"] \n}\n"
	step("nothing", func() {})
	step("compose", func() { files["compose.yaml"] = compose })
	step("bake", func() { files["docker-bake.hcl"] = bake })
	step("the same", func() {})
	step("another type", func() { files["compose.yaml"] = strings.Replace(compose, "V: 1", `V: "1e7"`, 1) })
	step("a number", func() { files["compose.yaml"] = strings.Replace(compose, "V: 1", "V: 1e7", 1) })
	step("a whole number", func() { files["compose.yaml"] = strings.Replace(compose, "V: 1", "V: 10000000", 1) })
	step("a variable of compose", func() { env["W"] = "w" })
	step("a variable of bake", func() { env["X"] = "x" })
	step("an empty variable", func() { env["X"] = "" })
	step("a service that a group needs", func() { files["compose.yaml"] += "  c: {build: c}\n" })
	step("compose is broken", func() { files["compose.yaml"] += "{" })
	step("compose is repaired", func() { files["compose.yaml"] = strings.TrimSuffix(files["compose.yaml"], "{") })
	step("no service that a context needs", func() { files["compose.yaml"] = "services: {a: {build: a}}" })
	step("an override", func() { files["compose.override.yaml"] = "services: {a: {build: {target: t}}}" })
	step("bake is overridden", func() { files["docker-bake.override.hcl"] = "target x { \n tags = [\"t\"] \n}" })
	step("bake is broken", func() { files["docker-bake.hcl"] = bake + "{" })
	step("bake is repaired", func() { files["docker-bake.hcl"] = bake })
	step("no compose", func() { delete(files, "compose.yaml") })
	step("no bake", func() { delete(files, "docker-bake.hcl") })
}

// BenchmarkReread is an edit of one of 300 services, beside as many targets.
func BenchmarkReread(b *testing.B) {
	var services, targets strings.Builder
	services.WriteString("services:\n")
	for i := range 300 {
		fmt.Fprintf(&services, "  s%d:\n    build:\n      context: services/%d\n      args: {V: \"%d\"}\n", i, i, i)
		fmt.Fprintf(&targets, "target s%d {\n  context = \"services/%d\"\n  args = { V = \"%d\" }\n}\n", i, i, i)
	}
	files := map[string]string{"docker-bake.hcl": targets.String()}
	r := NewReader("/x")
	for i := range b.N {
		files["compose.yaml"] = strings.Replace(services.String(), `V: "7"`, fmt.Sprintf(`V: "x%d"`, i), 1)
		if n := len(r.Read(sourceOf(files, nil)).Profiles); n != 600 {
			b.Fatal(n, "profiles")
		}
	}
}
