package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// What buildls builds has the digest that the terminal's own tool gives it, and each
// builds nothing again that the other has built.
func TestSameAsTerminal(t *testing.T) {
	p := newParity(t)
	files, err := filepath.Glob("testdata/parity/*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	p.pushImages()
	sites := p.sites()
	for i, s := range sites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			e := edit(t, append(s.env, p.env...), t.TempDir())
			for j, file := range files {
				c := readCase(t, file)
				if len(sites) > 1 && !enginetest.Pairs(i, j) {
					continue
				}
				if reason := c.not[s.name]; reason != "" {
					t.Logf("%s is not for %s: %s", c.name, s.name, reason)
					continue
				}
				orders := []order{editorFirst, terminalFirst}
				if len(sites) > 1 && !enginetest.Long() {
					nth := (i + j) / 2 % 2
					orders = orders[nth : nth+1]
				}
				t.Run(c.name, func(t *testing.T) { p.on(t, s).compare(c, e, orders) })
			}
			e.Shutdown()
		})
	}
}

func (p *parity) sites() []terminalSite {
	if wineRoot != "" {
		windows := terminalSite{site: buildkitdSite(enginetest.Buildkitd(p.t)), terminal: true}
		windows.name, windows.peer = "windows", p.buildctl(windows.engine)
		return []terminalSite{windows}
	}
	embedded := embeddedSite(p.t)
	built(p.t, embedded.env) // starts it
	socket := "unix://" + embedded.env[1][len("XDG_RUNTIME_DIR="):] + "/buildls/engine.sock"
	buildkitd := buildkitdSite(enginetest.Buildkitd(p.t))
	containerd := dockerSite(enginetest.ContainerdDocker(p.t), "28")
	containerd.name = "containerd"
	sites := []terminalSite{
		{site: embedded, peer: p.buildctl(socket)},
		{site: buildkitd, peer: p.buildctl(buildkitd.engine), terminal: true},
		{site: containerd, peer: p.docker(containerd.docker), provenance: true},
	}
	for _, version := range []string{"20.10", "28"} {
		s := dockerSite(enginetest.Docker(p.t, version), version)
		sites = append(sites, terminalSite{site: s, peer: p.docker(s.docker)})
	}
	return sites
}

// A parityOn is a case on one engine.
type parityOn struct {
	*testing.T
	*parity
	site terminalSite
}

func (p *parity) on(t *testing.T, s terminalSite) parityOn { return parityOn{t, p, s} }

// An order says who builds first what nobody has built yet.
type order string

const editorFirst, terminalFirst order = "editor first", "terminal first"

// compare builds in the editor and in the terminal.
func (p parityOn) compare(c parityCase, e *lsptest.Editor, orders []order) {
	for _, o := range orders {
		dir, a := p.unpack(c, string(o))
		inEditor := func() made { return p.inEditor(e, filepath.Join(dir, c.file), dir, a) }
		switch {
		case o == editorFirst:
			p.same("the terminal after the editor", inEditor(), p.site.build(p.T, dir, c.file, a))
		case p.site.terminal:
			p.same("buildls build after the terminal", p.site.build(p.T, dir, c.file, a), p.inTerminal(dir, c.file, a))
		default:
			p.same("the editor after the terminal", p.site.build(p.T, dir, c.file, a), inEditor())
		}
	}
}

func (p parityOn) same(what string, first, second made) {
	p.Helper()
	if len(first.ran) == 0 || second.steps == 0 {
		p.Errorf("%s proves nothing: the first made %+v, the second %+v", what, first, second)
	}
	if len(second.ran) > 0 {
		p.Errorf("%s runs again: %q", what, second.ran)
	}
	if first.digest == "" || first.digest != second.digest || first.config != second.config {
		p.Errorf("%s: the first made %+v, the second %+v", what, first, second)
	}
}

// inEditor builds what an editor has open.
func (p parityOn) inEditor(e *lsptest.Editor, file, dir string, a parityArgument) made {
	p.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		p.Fatal(err)
	}
	e.Open("file://"+file, "dockerfile", string(text))
	argument := a.fields()
	argument["uri"], argument["context"] = "file://"+file, dir
	r := mustBuild(p.T, e, argument)
	e.Close("file://" + file)
	m := made{steps: len(r.Steps)}
	for _, step := range r.Steps {
		if step.Status != "cached" && aStep.MatchString(step.Name) {
			m.ran = append(m.ran, step.Name)
		}
	}
	if r.Digest != nil {
		m.digest = *r.Digest
	}
	if r.ImageID != nil {
		m.config = *r.ImageID
	}
	m.digest, m.config = cmp.Or(m.digest, m.config), cmp.Or(m.config, m.digest)
	return m
}

// inTerminal is `buildls build`.
func (p parityOn) inTerminal(dir, file string, a parityArgument) made {
	p.Helper()
	metadata := filepath.Join(p.TempDir(), "metadata")
	args := append([]string{"build", "--progress", "rawjson", "--metadata-file", metadata, "-f", file}, a.flags()...)
	cmd := program(p.T, append(p.site.env, p.env...), append(args, ".")...)
	cmd.Dir = dir
	return madeBy(p.T, cmd, metadata)
}

// A parityCase is a file of testdata/parity: the files of a context, with the
// Dockerfile and, if it is not that of an empty object, argument.json for buildls.build.
// Before them stands what it is about, and lines of
//
//	not ENGINE: why the engine cannot do it
//	file: the Dockerfile's path
//	crlf: a file whose lines end as on Windows
//	mode: OCTAL FILE
//	link: FILE TARGET
//	archive: a file that is the tar that the HTTP server has too
//
// In all files, @registry, @http, @sha256 (of @http/file.txt), @dir (the context) and
// @nonce (what no other build has) stand for what is known when the test runs.
type parityCase struct {
	name, file string
	not        map[string]string
	archive    *txtar.Archive
	rules      [][2]string
}

func readCase(t *testing.T, path string) parityCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := parityCase{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), file: "Dockerfile", not: map[string]string{}, archive: archive}
	_, rules, _ := strings.Cut(string(archive.Comment), "\n") // after what it is about
	for line := range strings.Lines(rules) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		engine, not := strings.CutPrefix(key, "not ")
		switch {
		case !ok:
			t.Fatalf("%s: %q", path, line)
		case not:
			c.not[engine] = value
		case key == "file":
			c.file = value
		default:
			c.rules = append(c.rules, [2]string{key, value})
		}
	}
	return c
}

// unpack writes the files of a case to a new folder, as none was built before.
func (p parityOn) unpack(c parityCase, nonce string) (dir string, a parityArgument) {
	p.Helper()
	// buildx tells an engine the name of the folder: with the same name for every case,
	// Docker 20.10 takes a folder for another that it had before.
	dir = filepath.Join(workspace(p.T), c.name+" "+nonce)
	stand := strings.NewReplacer("@registry", p.registry, "@http", p.http, "@sha256", p.sha256, "@dir", dir, "@nonce", strings.Join([]string{p.nonce, c.name, nonce}, " "))
	write := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			p.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			p.Fatal(err)
		}
	}
	for _, f := range c.archive.Files {
		text := stand.Replace(string(f.Data))
		if f.Name != "argument.json" {
			write(f.Name, []byte(text))
		} else if err := json.Unmarshal([]byte(text), &a); err != nil {
			p.Fatal(err)
		}
	}
	for _, r := range c.rules {
		if err := p.apply(r[0], r[1], dir, write); err != nil {
			p.Fatalf("%s: %v", r, err)
		}
	}
	// A name of its own each time: Docker's containerd store collects the image that a name meant
	// before while it unpacks the next, and may take a layer of that with it.
	a.Tags = []string{p.registry + "/parity-" + p.site.name + ":" + c.name + "-" + strings.ReplaceAll(nonce, " ", "-")}
	switch {
	case p.site.provenance:
		a.Attest = []string{"type=provenance,disabled=true"}
	case !p.site.store && len(a.Outputs) == 0:
		a.Outputs = []parityOutput{{Type: "image"}}
	}
	return dir, a
}

// apply does what no archive of text can say.
func (p parityOn) apply(rule, value, dir string, write func(string, []byte)) error {
	one, other, _ := strings.Cut(value, " ")
	switch rule {
	case "crlf":
		data, err := os.ReadFile(filepath.Join(dir, value))
		write(value, bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
		return err
	case "mode":
		mode := os.FileMode(0)
		for _, digit := range one {
			mode = mode<<3 | os.FileMode(digit-'0')
		}
		return os.Chmod(filepath.Join(dir, other), mode)
	case "link":
		path := filepath.Join(dir, one)
		return cmp.Or(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(other, path))
	case "archive":
		write(value, p.tar)
		return nil
	}
	return os.ErrInvalid
}

// fields are those of buildls.build.
func (a parityArgument) fields() map[string]any {
	fields := map[string]any{}
	v := reflect.ValueOf(a)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			fields[v.Type().Field(i).Tag.Get("json")] = v.Field(i).Interface()
		}
	}
	return fields
}
