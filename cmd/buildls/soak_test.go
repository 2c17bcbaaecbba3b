package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// The soak is one server all day: `make soak` has the program, as it is shipped, build 2,000
// times on the embedded engine, and its author type 100,000 times, and draws what it held and
// how fast it was. In `make test` it is shorter, and says whether goroutines and descriptors
// add up.

const (
	soakBuilds = "BUILDLS_SOAK"     // how many builds; 25 if it is not set
	soakPlot   = "BUILDLS_SOAK_SVG" // the file that is drawn, if any
	soakEdits  = 50                 // before each build
)

// A soak is a server that lasts, and its author.
type soak struct {
	*testing.T
	whole    bool
	e        *lsptest.Editor
	watched  *watched // the short one
	stderr   *bytes.Buffer
	dir, uri string
	from     string
	site     site
	round    int
	typed    []float64 // ms from an edit to what is wrong with it, since the last sample
	cached   []float64 // ms of a cached build, from the command to the result
	samples  []soakSample
}

// A soakSample is what was seen after so many builds.
type soakSample struct {
	Builds, MB, Descriptors int
	Edit, Build             float64 // ms
}

func TestSoak(t *testing.T) {
	builds, _ := strconv.Atoi(os.Getenv(soakBuilds))
	s := &soak{T: t, whole: builds > 0, site: embeddedSite(t), dir: workspace(t, "app.txt", "0\n"), from: base(t)}
	s.uri = "file://" + s.dir + "/Dockerfile"
	if s.whole {
		s.all(builds)
	} else {
		t.Parallel()
		s.some()
	}
}

// some is a short soak, of the program that the tests are.
func (s *soak) some() {
	server := program(s.T, append(s.site.env, "XDG_STATE_HOME="+s.TempDir()))
	watch := watch(s.T, server)
	s.e = s.start(quiet(server))
	s.watched = watch(s.e)
	for range 5 {
		s.day()
	}
	goroutines, _ := s.watched.goroutines()
	descriptors, _ := s.watched.descriptors()
	for range 12 {
		s.day()
	}
	s.watched.returns(goroutines, descriptors)
	s.e.Shutdown()
}

// all is the whole soak, of the program as it is shipped, which is compared with a new one.
func (s *soak) all(builds int) {
	s.e, s.stderr = s.startShipped()
	every := max(builds/50, 5)
	for range builds {
		s.day()
		if s.round%every == 0 {
			s.sample()
		}
	}
	s.flat()
}

func (s *soak) startShipped() (*lsptest.Editor, *bytes.Buffer) {
	server := shipped(s.T, append(s.site.env, "GOTRACEBACK=all", "XDG_STATE_HOME="+s.TempDir()))
	var stderr bytes.Buffer
	server.Stderr = &stderr
	return s.start(server), &stderr
}

// start starts a server that has the Dockerfile open.
func (s *soak) start(server *exec.Cmd) *lsptest.Editor {
	e := newEditor(s.T, server, lsptest.Options{Folders: []string{s.dir}, Capabilities: showingAll})
	e.Open(s.uri, "dockerfile", s.text(s.round))
	e.AwaitPublished(s.uri)
	return e
}

// typedLine is the line of the text that is typed in.
const typedLine = 3

// text is the Dockerfile of a round. Every fourth has a new step.
func (s *soak) text(round int) string {
	return fmt.Sprintf("%sCOPY app.txt /\nRUN cat /app.txt && echo %s %d\nLABEL typed 0\n", s.from, s.dir, round/4)
}

// day is what an author does: type, build, and look.
func (s *soak) day() {
	s.round++
	s.e.Forget()
	s.e.Replace(s.uri, s.text(s.round))
	s.e.AwaitPublished(s.uri)
	for i := range soakEdits - 1 {
		s.typed = append(s.typed, s.edit(s.e, i))
	}
	switch {
	case s.round%25 == 0:
		s.cancels()
	case s.round%10 == 0:
		s.fails()
	case s.round%2 == 0:
		s.write()
		s.build(s.e)
	default:
		s.build(s.e)
		s.cached = append(s.cached, s.build(s.e))
	}
	s.look()
}

// edit types in a line, so that what is wrong with it is another than before, and waits for
// that to be said.
func (s *soak) edit(e *lsptest.Editor, i int) (ms float64) {
	line := fmt.Sprintf("LABEL typed %d\n", i)
	if i%2 == 0 {
		line = fmt.Sprintf("MAINTAINER me %d\n", i)
	}
	return measure(func() {
		e.Change(s.uri, typedLine, 0, typedLine+1, 0, line)
		e.AwaitPublished(s.uri)
	})
}

// write changes a file of the context.
func (s *soak) write() {
	if err := os.WriteFile(filepath.Join(s.dir, "app.txt"), fmt.Appendln(nil, s.round), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *soak) build(e *lsptest.Editor) (ms float64) {
	return measure(func() {
		var r result
		if err := e.Execute("buildls.build", map[string]any{"uri": s.uri, "wait": true}, &r); err != nil || r.Status != "succeeded" {
			s.Fatalf("build %d: %v: %+v", s.round, err, r)
		}
	})
}

func (s *soak) fails() {
	s.e.Replace(s.uri, s.text(s.round)+"RUN exit 3\n")
	var r result
	if err := s.e.Execute("buildls.build", map[string]any{"uri": s.uri, "wait": true}, &r); err != nil || r.Status != "failed" || r.Error.ExitCode == nil {
		s.Fatalf("build %d: %v: %+v", s.round, err, r)
	}
}

func (s *soak) cancels() {
	sleep := newSleep()
	s.e.Replace(s.uri, s.text(s.round)+"RUN "+sleep+"\n")
	var answer struct{ ID, Token string }
	if err := s.e.Execute("buildls.build", map[string]any{"uri": s.uri}, &answer); err != nil {
		s.Fatal(err)
	}
	awaitSleep(s.T, sleep)
	if err := s.e.Execute("buildls.cancel", map[string]any{"id": answer.ID}, nil); err != nil {
		s.Fatal(err)
	}
	s.e.Await("the progress's end", func() bool { return s.e.Ended(`"` + answer.Token + `"`) })
}

// look asks for all that an editor shows.
func (s *soak) look() {
	s.e.Hints(s.uri, 0, 5)
	s.e.Lenses(s.uri)
	s.e.Hover(s.uri, 2, 2)
	for _, command := range []string{"buildls.check", "buildls.context"} {
		if err := s.e.Execute(command, map[string]any{"uri": s.uri}, nil); err != nil {
			s.Fatal(err)
		}
	}
}

// sample notes what the server holds when it has come to rest, and how fast it was since
// the last time: medians.
func (s *soak) sample() {
	now := soakSample{Builds: s.round, MB: s.rest(), Edit: median(s.typed), Build: median(s.cached)}
	now.Descriptors, _ = (&watched{t: s.T, pid: s.e.Pid()}).descriptors()
	s.Logf("%+v", now)
	s.samples, s.typed, s.cached = append(s.samples, now), nil, nil
	if path := os.Getenv(soakPlot); path != "" {
		if err := os.WriteFile(path, []byte(soakDrawing(s.samples)), 0o644); err != nil {
			s.Fatal(err)
		}
	}
}

// rest lets the server come to rest, and tells how much memory it then holds: a second after
// the last build it gives back what that has left.
func (s *soak) rest() (mb int) {
	mb = resident(s.T, s.e.Pid())
	for late := time.Now().Add(1500 * time.Millisecond); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		mb = min(mb, resident(s.T, s.e.Pid()))
	}
	return mb
}

// flat compares what the server holds with the aim and with what it held at first, and the
// server with one that is new, in pairs.
func (s *soak) flat() {
	first, last := s.samples[0], s.samples[len(s.samples)-1]
	if last.MB > 60 || last.Descriptors > first.Descriptors {
		s.Errorf("after %d builds %d MB and %d descriptors, at first %d MB and %d", last.Builds, last.MB, last.Descriptors, first.MB, first.Descriptors)
	}
	fresh, stderr := s.startShipped()
	s.e.Replace(s.uri, s.text(s.round))
	s.build(fresh)
	s.build(s.e)
	var edits, builds []float64
	for i := range 400 {
		edits = append(edits, s.edit(s.e, i)/s.edit(fresh, i))
		if i%10 == 0 {
			builds = append(builds, s.build(s.e)/s.build(fresh))
		}
		fresh.Forget()
		s.e.Forget()
	}
	s.rest()
	old, young := goroutinesOf(s.e, s.stderr), goroutinesOf(fresh, stderr)
	s.Logf("after %d builds and %d edits, against a new server on the same engine: edits %.2f, builds %.2f times as long; %d goroutines, the new one %d",
		s.round, s.round*soakEdits, median(edits), median(builds), old, young)
	if median(edits) > 1.2 || median(builds) > 1.2 {
		s.Errorf("it has become slow")
	}
	if old > young+2 { // some come and go
		s.Errorf("%d goroutines, a new server has %d:\n%s", old, young, s.stderr)
	}
}

// soakDrawing is the samples as a picture.
func soakDrawing(samples []soakSample) string {
	p := newPlot("builds", fmt.Sprintf("One server, %d builds and %d edits on the embedded engine", samples[len(samples)-1].Builds, samples[len(samples)-1].Builds*soakEdits))
	of := func(f func(soakSample) float64) []point {
		var points []point
		for _, s := range samples {
			points = append(points, point{float64(s.Builds), f(s)})
		}
		return points
	}
	p.panel("resident memory at rest, MB", 60, of(func(s soakSample) float64 { return float64(s.MB) }))
	p.panel("open descriptors", 0, of(func(s soakSample) float64 { return float64(s.Descriptors) }))
	p.panel("from an edit to its diagnostics, ms", 0, of(func(s soakSample) float64 { return s.Edit }))
	p.panel("cached build, from the command to the result, ms", 0, of(func(s soakSample) float64 { return s.Build }))
	return p.String()
}

// The picture has a line for each figure, through each sample, and none leaves its panel.
func TestSoakDrawing(t *testing.T) {
	var samples []soakSample
	for i := range 9 {
		samples = append(samples, soakSample{Builds: 10 * (i + 1), MB: 40 + i%3, Descriptors: 12, Edit: 1, Build: 40})
	}
	drawing := soakDrawing(samples)
	if n := strings.Count(drawing, "<polyline"); n != 4 {
		t.Errorf("%d lines", n)
	}
	for _, points := range polylines(t, drawing) {
		if len(points) != len(samples) || !slices.IsSortedFunc(points, func(a, b point) int { return int(a.x - b.x) }) {
			t.Errorf("%v", points)
		}
		for _, p := range points {
			if p.x < 0 || p.x > plotWidth || p.y < 0 {
				t.Errorf("%v", p)
			}
		}
	}
}
