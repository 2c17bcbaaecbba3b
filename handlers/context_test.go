package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/buildkit/identity"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// sentFS counts what an engine is sent.
type sentFS struct {
	fsutil.FS
	mu    sync.Mutex
	files int
	bytes int64
}

func (s *sentFS) Open(name string) (io.ReadCloser, error) {
	f, err := s.FS.Open(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files++
	return &sentFile{f, s}, err
}

type sentFile struct {
	io.ReadCloser
	to *sentFS
}

func (f *sentFile) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	f.to.mu.Lock()
	defer f.to.mu.Unlock()
	f.to.bytes += int64(n)
	return n, err
}

// A layout is a context: files by path, "-> x" a link, "=x" a hard link.
type layout map[string]string

func (l layout) lay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range slices.Sorted(maps.Keys(l)) {
		full := filepath.Join(dir, path)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		link, isLink := strings.CutPrefix(l[path], "-> ")
		hard, isHard := strings.CutPrefix(l[path], "=")
		switch {
		case err != nil:
		case strings.HasSuffix(path, "/"):
			err = os.MkdirAll(full, 0o755)
		case isLink:
			err = os.Symlink(link, full)
		case isHard:
			err = os.Link(filepath.Join(dir, hard), full)
		default:
			err = os.WriteFile(full, []byte(l[path]), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// onSentEngines runs a test on engines, old and new.
func onSentEngines(t *testing.T, test func(t *testing.T, conn *engine.Conn, old bool)) {
	for name, address := range map[string]func(t *testing.T) string{
		"buildkitd": func(t *testing.T) string { return enginetest.Buildkitd(t).Address },
		"docker-20.10": func(t *testing.T) string {
			t.Setenv("DOCKER_HOST", enginetest.Docker(t, "20.10").Address)
			return "docker"
		},
	} {
		t.Run(name, func(t *testing.T) {
			var pool engine.Pool
			defer pool.Close()
			choice, err := pool.Resolve(t.Context(), nil, nil, engine.Preference{Address: address(t)})
			if err != nil {
				t.Fatal(err)
			}
			defer choice.Release()
			test(t, choice.Conn, name != "buildkitd")
		})
	}
}

// compareWithBuild builds, and compares the report with what the engine was sent, and with
// what each instruction, the i-th of which copies to /i/, left there.
func compareWithBuild(t *testing.T, conn *engine.Conn, p *plan.Plan, old bool) {
	t.Helper()
	need, err := plan.FileOf(p.Doc).ContextNeed(t.Context(), dockerfile.Given{Target: p.Target})
	if err != nil {
		t.Fatal(err)
	}
	r, err := viewOf(t, p).report(t.Context(), need)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	p.Outputs = []build.Output{{Type: "local", Dest: out}}
	req, _, err := p.Request(identity.NewID(), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	sent := &sentFS{FS: req.Context.FS}
	req.Context.FS = sent
	outcome := build.Run(context.Background(), conn, req, build.Observer{})
	may, must := fails(r)
	switch {
	case outcome.Status == build.Done && must || outcome.Status != build.Done && !may:
		t.Fatalf("%s, %+v; the report: %s", outcome.Status, outcome.Failure, told(r))
	case outcome.Status != build.Done:
		return
	}
	if ignore := r.ignore; old && ignore.URI != "" && filepath.Base(string(ignore.URI)) == ".dockerignore" { // its front end has it sent apart
		sent.files--
		sent.bytes -= int64(len(ignore.Text))
	}
	if sent.files != r.Files-linksIn(t, p, need) || sent.bytes != r.Bytes {
		t.Errorf("%d files, %d bytes were sent; the report: %s", sent.files, sent.bytes, told(r))
	}
	for i, use := range r.Uses {
		files, bytes := countFiles(t, filepath.Join(out, fmt.Sprint(i)))
		if files != use.Files || bytes != use.Bytes {
			t.Errorf("%s copied %d files, %d bytes; the report: %s", need.Uses[i].Name, files, bytes, told(r))
		}
	}
}

// fails says whether a build may fail, and whether it must, because a source is not there:
// wildcards may match nothing, in a directory that is there.
func fails(r *contextReport) (may, must bool) {
	for _, use := range r.Uses {
		for _, m := range use.Missing {
			wild := strings.ContainsAny(m, "*?[")
			may, must = may || !wild || strings.Contains(m, "/"), must || !wild
		}
	}
	return may, must
}

func told(r *contextReport) string {
	s := fmt.Sprintf("%d files, %d bytes", r.Files, r.Bytes)
	for i, u := range r.Uses {
		s += fmt.Sprintf("; %s: %+v", r.need.Uses[i].Name, u)
	}
	return s
}

// linksIn counts what is sent without being asked for: links of both kinds.
func linksIn(t *testing.T, p *plan.Plan, need *dockerfile.ContextNeed) (links int) {
	t.Helper()
	dir, err := fsutil.NewFS(p.Context.Dir)
	if err != nil {
		t.Fatal(err)
	}
	ignore, err := p.IgnoreFile()
	if err != nil {
		t.Fatal(err)
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(ignore.Text))
	if err != nil {
		t.Fatal(err)
	}
	opt := &fsutil.FilterOpt{FollowPaths: need.Follow, ExcludePatterns: patterns}
	if err := workspace.Follow(dir, opt); err != nil {
		t.Fatal(err)
	}
	filtered, err := fsutil.NewFilterFS(dir, opt)
	if err != nil || need.Nothing {
		return 0
	}
	err = fsutil.WithHardlinkReset(filtered).Walk(t.Context(), "/", func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err == nil && fi.Sys().(interface{ GetLinkname() string }).GetLinkname() != "" {
			links++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return links
}

func countFiles(t *testing.T, dir string) (files int, bytes int64) {
	t.Helper()
	var seen []fs.FileInfo
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return filepath.SkipAll
		}
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		files++
		if fi.Mode().IsRegular() && !slices.ContainsFunc(seen, func(other fs.FileInfo) bool { return os.SameFile(fi, other) }) {
			seen = append(seen, fi)
			bytes += fi.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}

// viewOf is what is looked at of what would be built.
func viewOf(t *testing.T, p *plan.Plan) view {
	t.Helper()
	v := view{Setup: p.Setup}
	v.ignore, v.wrong = v.IgnoreFile()
	if v.wrong != nil {
		t.Fatal(v.wrong)
	}
	return v
}

// planFor is that of a Dockerfile in a context, both on the disk.
func planFor(dir, dockerfile string, buffers map[string]string) *plan.Plan {
	ws := workspace.New()
	uri := workspace.FileURI(filepath.Join(dir, "Dockerfile"))
	ws.Apply(workspace.Open{URI: uri, Language: "dockerfile", Text: dockerfile})
	for name, text := range buffers {
		ws.Apply(workspace.Open{URI: workspace.FileURI(filepath.Join(dir, name)), Text: text})
	}
	return &plan.Plan{Setup: plan.NewSetup(ws.Snapshot(), ws.Snapshot().Document(uri), dir, plan.Defaults{})}
}

// TestContextIsWhatIsSent: the report agrees with what engines are sent and copy.
func TestContextIsWhatIsSent(t *testing.T) {
	files := layout{"a.txt": "1", "b.txt": "22", "src/a.go": "333", "src/deep/b.go": "4444", "src/deep/c.log": "55555", "node_modules/x/y.js": "666666",
		"node_modules/keep/z.js": "7777777", "link": "-> src/deep", "src/up": "-> ../a.txt", "abs": "-> /b.txt", "empty/": "", "one": "88888888", "other/two": "=one", "zero": ""}
	const from = "FROM scratch\n"
	cases := []struct {
		name, dockerfile, ignore string
		modern                   bool
		own                      bool // the ignore file is the Dockerfile's own
		target                   string
		buffers                  map[string]string
	}{
		{name: "all", dockerfile: from + "COPY . /0/\n"},
		{name: "nothing", dockerfile: from + "COPY <<EOF /0/\nEOF\n", modern: true},
		{name: "all but a directory", dockerfile: from + "COPY . /0/\n", ignore: "node_modules\n**/*.log\n"},
		{name: "an exception", dockerfile: from + "COPY . /0/\n", ignore: "node_modules\n!node_modules/keep\n"},
		{name: "exceptions with wildcards", dockerfile: from + "COPY . /0/\n", ignore: "*\n!**/*.go\n!*.txt\nb*\n"},
		{name: "own ignore file", dockerfile: from + "COPY . /0/\n", ignore: "src\n", own: true},
		{name: "own ignore file, empty, beside another", modern: true, dockerfile: from + "COPY . /0/\n", own: true, buffers: map[string]string{".dockerignore": "src\n"}},
		{name: "directories and files", dockerfile: from + "COPY src/ /0/\nCOPY a.txt b.txt zero /1/\n", ignore: "**/*.log\n"},
		{name: "wildcards", dockerfile: from + "COPY *.txt /0/\nCOPY src/*/*.go /1/\nCOPY s?c /2/\nCOPY *.none /3/\n"},
		{name: "links", dockerfile: from + "COPY link /0/\nCOPY link/b.go /1/\nCOPY src/up /2/\nCOPY abs /3/\n"},
		{name: "hard links", dockerfile: from + "COPY one /0/\nCOPY other /1/\n"},
		{name: "hard links together", dockerfile: from + "COPY one other /0/\n"},
		{name: "a hard link alone", dockerfile: from + "COPY other /0/\n"},
		{name: "empty", dockerfile: from + "COPY empty /0/\n"},
		{name: "not there", dockerfile: from + "COPY gone /0/\n"},
		{name: "not there any more", dockerfile: from + "COPY a.txt /0/\n", ignore: "a.txt\n"},
		{name: "below what is excluded", dockerfile: from + "COPY node_modules/keep /0/\n", ignore: "node_modules\n!node_modules/keep\n"},
		{name: "variables", dockerfile: "ARG D=src\n" + from + "ARG D\nENV E=$D/deep\nCOPY $E /0/\n"},
		{name: "a target", dockerfile: from[:len(from)-1] + " AS a\nCOPY src /0/\n" + from + "COPY . /0/\n", target: "a"},
		{name: "stages", dockerfile: from[:len(from)-1] + " AS a\nCOPY a.txt /0/\n" + from + "COPY --from=a / /\nCOPY b.txt /1/\n"},
		{name: "add", dockerfile: from + "ADD src a.txt /0/\n"},
		{name: "excluded by the instruction", dockerfile: from + "COPY --exclude=**/*.go --exclude=up src /0/\n", modern: true},
		{name: "parents", dockerfile: from + "COPY --parents src/**/b.go ./node_modules/keep /0/\nCOPY --parents src/./deep/*.log /1/\n", modern: true},
		{name: "parents not there", dockerfile: from + "COPY --parents src/gone /0/\n", modern: true},
		{name: "buffers", dockerfile: from + "COPY . /0/\n", buffers: map[string]string{"a.txt": "longer than before", "new/file": "new", "zero": "not any more"}},
		{name: "a buffer of the ignore file", dockerfile: from + "COPY . /0/\n", ignore: "src\n", buffers: map[string]string{".dockerignore": "node_modules\n"}},
		{name: "order and spaces", dockerfile: from + "COPY . /0/\n", ignore: "# a comment\n\n  /src/ \n!./src/deep/../a.go\n"},
	}
	onSentEngines(t, func(t *testing.T, conn *engine.Conn, old bool) {
		for _, c := range cases {
			if c.modern && old {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				dir := files.lay(t)
				write := func(name, text string) {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				write("Dockerfile", c.dockerfile)
				switch {
				case c.own:
					write("Dockerfile.dockerignore", c.ignore)
				case c.ignore != "":
					write(".dockerignore", c.ignore)
				}
				p := planFor(dir, c.dockerfile, c.buffers)
				p.Target = c.target
				compareWithBuild(t, conn, p, old)
			})
		}
	})
}

// TestContextIsWhatIsSentAtRandom is that for contexts, ignore files and instructions that
// nobody thought of.
func TestContextIsWhatIsSentAtRandom(t *testing.T) {
	onSentEngines(t, func(t *testing.T, conn *engine.Conn, old bool) {
		for seed := range uint64(enginetest.Some(25)) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				files, dockerfile := randomContext(r)
				t.Logf("%s\n%s\n%q", dockerfile, files[".dockerignore"], slices.Sorted(maps.Keys(files)))
				files["Dockerfile"] = dockerfile
				compareWithBuild(t, conn, planFor(files.lay(t), dockerfile, nil), old)
			})
		}
	})
}

// randomContext makes up files, each with a name of its own, an ignore file, and a
// Dockerfile that copies some of it.
func randomContext(r *rand.Rand) (layout, string) {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	files := layout{}
	var paths []string
	for i := range 5 + r.IntN(25) {
		path := ""
		for range r.IntN(4) {
			path += pick("a", "b", "ab", "c.d") + "/"
		}
		path += fmt.Sprintf("%s%d%s", pick("a", "b", "x"), i, pick(".go", ".txt", ""))
		files[path] = strings.Repeat("x", r.IntN(100))
		paths = append(paths, path)
	}
	some := func() string {
		parts := strings.Split(pick(paths...), "/")
		parts = parts[:1+r.IntN(len(parts))]
		for i := range parts {
			if r.IntN(4) == 0 {
				parts[i] = pick("*", "a*", "?*", "*b*", parts[i]+"*")
			}
		}
		return strings.Join(parts, "/")
	}
	for range r.IntN(6) {
		files[".dockerignore"] += pick("", "", "!", "/", "**/") + some() + pick("", "/", "/**") + "\n"
	}
	dockerfile := "FROM scratch\n"
	for i := range 1 + r.IntN(4) {
		dockerfile += fmt.Sprintf("COPY %s /%d/\n", pick(".", some(), some(), some()), i)
	}
	return files, dockerfile
}
