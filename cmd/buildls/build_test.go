package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

func TestBuild(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", "FROM scratch\n", "app.txt", "from the disk\n")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"COPY app.txt /\nENV A=b\nRUN cat /app.txt\nRUN echo from the buffer\n")

		r := mustBuild(t, e, map[string]any{"tags": []string{"app:dev"}})
		if log := logOf(t, e, r); !strings.Contains(log, "from the disk") || !strings.Contains(log, "from the buffer") {
			t.Errorf("log %q", log)
		}
		if r.URI != uri || r.Context != dir || r.Engine != s.engine || len(r.Platforms) != 1 {
			t.Errorf("%+v", r)
		}
		if !slices.Equal(r.Overlaid, []string{uri}) {
			t.Errorf("overlaid %v", r.Overlaid)
		}
		var lines, names []string
		for _, st := range r.Steps {
			lines = append(lines, st.Range.String())
			names = append(names, st.Name)
			if !slices.Contains([]string{"done", "cached"}, st.Status) {
				t.Errorf("step %+v", st)
			}
		}
		if got := strings.Join(lines, " "); got != fmt.Sprintf("0:0-0:%d 1:0-1:14 3:0-3:16 4:0-4:24", len(base(t))-1) {
			t.Errorf("ranges %s of %q", got, names)
		}
		checkExport(t, s, r)
		checkProgress(t, e, "Build app:dev", "Built")

		again := mustBuild(t, e, map[string]any{"tags": []string{"app:dev"}})
		for _, st := range again.Steps {
			if st.Status != "cached" && !strings.Contains(st.Name, "FROM") {
				t.Errorf("built again: %+v", st)
			}
		}
		e.Shutdown()
	})
}

// checkExport checks that the image is where the result says.
func checkExport(t *testing.T, s site, r result) {
	t.Helper()
	if !s.store {
		if r.Digest != nil || len(r.Tags) != 0 || len(r.Warnings) != 1 || r.Warnings[0].Code != "not-exported" {
			t.Errorf("an engine without an image store: %+v", r)
		}
		return
	}
	if r.Digest == nil || r.ImageID == nil || !slices.Equal(r.Tags, []string{"docker.io/library/app:dev"}) {
		t.Fatalf("%+v", r)
	}
	if out := s.docker.Docker(t, "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"); !strings.Contains(out, "app:dev "+*r.ImageID) {
		t.Errorf("docker images: %s, want %s", out, *r.ImageID)
	}
	if out := s.docker.Docker(t, "inspect", "--format", "{{.Config.Env}}", "app:dev"); !strings.Contains(out, "A=b") {
		t.Errorf("docker inspect: %s", out)
	}
}

// checkProgress checks the one progress so far: its order, its percentages, its pace.
func checkProgress(t *testing.T, e *lsptest.Editor, title, end string) {
	t.Helper()
	tokens := e.Tokens()
	if len(tokens) != 1 {
		t.Fatalf("tokens %v", tokens)
	}
	all := e.Progress(tokens[0])
	first, last := all[0], all[len(all)-1]
	if first.Kind != "begin" || first.Title != title || first.Cancellable == nil || !*first.Cancellable || first.Percentage == nil || *first.Percentage != 0 {
		t.Errorf("begin %+v", first)
	}
	if last.Kind != "end" || !strings.Contains(last.Message, end) {
		t.Errorf("end %+v", last)
	}
	reports := all[1 : len(all)-1]
	percentage := 0
	for i, p := range reports {
		if p.Kind != "report" || p.Percentage == nil || *p.Percentage < percentage || *p.Percentage > 100 {
			t.Errorf("report %+v after %d %%", p, percentage)
			continue
		}
		percentage = *p.Percentage
		if i >= 10 && p.At.Sub(reports[i-10].At).Milliseconds() < 900 {
			t.Errorf("more than 10 reports a second: %v to %v", reports[i-10].At, p.At)
		}
	}
}

// Two edits in a row, of one length and within a second: each is what is built, of the
// Dockerfile as of a file that it copies.
func TestEditsOfOneLength(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", "FROM scratch\n", "app.txt", "disk\n")
		uri, file := "file://"+dir+"/Dockerfile", "file://"+dir+"/app.txt"
		e := edit(t, s.env, dir)
		text := func(word string) string { return base(t) + "COPY app.txt /\nRUN echo " + word + " $(cat /app.txt)\n" }
		e.Open(uri, "dockerfile", text("one"))
		e.Open(file, "plaintext", "1st\n")
		for _, c := range [][2]string{{"one", "1st"}, {"two", "1st"}, {"two", "2nd"}, {"six", "3rd"}} {
			e.Replace(uri, text(c[0]))
			e.Replace(file, c[1]+"\n")
			r := mustBuild(t, e, map[string]any{"uri": uri})
			if log := logOf(t, e, r); !strings.Contains(log, c[0]+" "+c[1]) {
				t.Errorf("%v: log %q", c, log)
			}
			if !slices.Equal(r.Overlaid, []string{uri, file}) {
				t.Errorf("overlaid %v", r.Overlaid)
			}
		}
		e.Close(file) // unsaved: the disk counts again
		if log := logOf(t, e, mustBuild(t, e, map[string]any{"uri": uri})); !strings.Contains(log, "six disk") {
			t.Errorf("after closing: log %q", log)
		}
		e.Shutdown()
	})
}

// A new buffer builds, with the workspace as its context and without one.
func TestUntitled(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "app.txt", "here\n")
		e := edit(t, s.env, dir)
		e.Open("untitled:Untitled-1", "dockerfile", base(t)+"COPY app.txt /\nRUN cat /app.txt && exit 3\n")
		r := buildNow(t, e, nil)
		if r.Status != "failed" || r.Error.ExitCode == nil || *r.Error.ExitCode != 3 || !strings.Contains(r.Error.Log, "here") {
			t.Errorf("%+v", r.Error)
		}
		if d := e.Diagnostics("untitled:Untitled-1"); len(d) != 1 || d[0].Range.Start.Line != 2 {
			t.Errorf("%+v", d)
		}
		e.Shutdown()

		alone := newEditor(t, program(t, s.env), lsptest.Options{})
		alone.Open("untitled:Untitled-1", "dockerfile", base(t)+"RUN echo none is needed\n")
		if r = mustBuild(t, alone, nil); r.Context != "" {
			t.Errorf("context %q", r.Context)
		}
		alone.Change("untitled:Untitled-1", 1, 0, 2, 0, "COPY . /ctx\n")
		r = buildNow(t, alone, nil)
		if r.Status != "failed" || !strings.Contains(r.Error.Message, "no context") || r.Error.Range == nil || r.Error.Range.Start.Line != 1 {
			t.Errorf("%s: %+v", r.Status, r.Error)
		}
		alone.Shutdown()
	})
}

// Without wait the answer comes at once, and the rest through progress and
// notifications.
func TestNotWaiting(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", "")
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"experimental": map[string]any{"buildls": map[string]any{"log": true, "finished": true}}}})
	e.Open("file://"+dir+"/Dockerfile", "dockerfile", base(t)+"RUN echo out loud\n")
	var answer struct{ ID, Token string }
	if err := e.Execute("buildls.build", map[string]any{"noCache": true}, &answer); err != nil || answer.ID == "" || answer.Token == "" {
		t.Fatalf("%+v, %v", answer, err)
	}
	e.Await("the build's end", func() bool { return len(e.All("buildls/buildFinished")) == 1 })
	var r result
	if err := json.Unmarshal(e.All("buildls/buildFinished")[0].Params, &r); err != nil || r.ID != answer.ID || r.Status != "succeeded" {
		t.Errorf("%+v, %v", r, err)
	}
	if !e.Ended(`"` + answer.Token + `"`) {
		t.Errorf("progress %+v", e.Progress(`"`+answer.Token+`"`))
	}
	loud := slices.ContainsFunc(e.All("buildls/log"), func(m lsptest.Message) bool {
		return strings.Contains(string(m.Params), "out loud") && strings.Contains(string(m.Params), `"step":1`)
	})
	if !loud {
		t.Errorf("no log among %d messages", len(e.All("buildls/log")))
	}
	var list []result
	if err := e.Execute("buildls.builds", nil, &list); err != nil || len(list) != 1 || list[0].ID != answer.ID {
		t.Errorf("builds: %+v, %v", list, err)
	}
	e.Shutdown()
}

// Progress shows on the request's own token, on none where the client refuses or cannot.
func TestProgressTokens(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t))
	argument := map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}

	own := edit(t, s.env, dir)
	var r result
	if err := own.Call("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{argument}, "workDoneToken": 7}, &r); err != nil || r.Status != "succeeded" {
		t.Fatalf("%+v, %v", r, err)
	}
	if !own.Ended("7") || len(own.All("window/workDoneProgress/create")) != 0 {
		t.Errorf("progress %+v", own.Progress("7"))
	}
	own.Shutdown()

	refusing := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, RefuseProgress: true})
	mustBuild(t, refusing, argument)
	if n := len(refusing.All("$/progress")); n != 0 {
		t.Errorf("%d messages on a refused token", n)
	}
	refusing.Shutdown()

	plain := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{"window": map[string]any{}}})
	mustBuild(t, plain, argument)
	if n := len(plain.All("$/progress")) + len(plain.All("window/workDoneProgress/create")); n != 0 {
		t.Errorf("%d messages to a client without progress", n)
	}
	plain.Shutdown()
}

func TestOverlaySetting(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", "", "app.txt", "from the disk\n")
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Settings: map[string]any{"overlay": "dockerfile"}})
	e.Open("file://"+dir+"/Dockerfile", "dockerfile", base(t)+"COPY app.txt /\nRUN cat /app.txt\n")
	e.Open("file://"+dir+"/app.txt", "plaintext", "from the buffer\n")
	r := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile"})
	if log := logOf(t, e, r); !strings.Contains(log, "from the disk") {
		t.Errorf("log %q", log)
	}
	e.Shutdown()
}

// A document is answered in the client's own spelling of its URI, odd as it may be.
func TestURISpelling(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := edit(t, s.env, dir)
	for _, uri := range []string{"file://", "untitled:Untitled-1", "file://" + dir + "/a b%2Fc.Dockerfile", "file://" + dir + "/%65scaped.日本.Dockerfile"} {
		e.Open(uri, "dockerfile", "FROM scratch\nRUNN\n")
		if r := buildNow(t, e, map[string]any{"uri": uri}); r.URI != uri {
			t.Errorf("%q: the result's is %q", uri, r.URI)
		}
		if d := e.Diagnostics(uri); len(d) != 1 {
			t.Errorf("%q: %+v", uri, d)
		}
		e.Close(uri)
	}
	e.Shutdown()
}

// Different targets and files build side by side.
func TestBuildsSideBySide(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := edit(t, s.env, dir)
	one, two := newSleep(), newSleep()
	uri := "file://" + dir + "/Dockerfile"
	from := base(t)
	e.Open(uri, "dockerfile", from[:len(from)-1]+" AS one\nRUN "+one+"\n"+from[:len(from)-1]+" AS two\nRUN "+two+"\n")
	for _, target := range []string{"one", "two"} {
		if err := e.Execute("buildls.build", map[string]any{"target": target}, nil); err != nil {
			t.Fatal(err)
		}
	}
	awaitSleep(t, one)
	awaitSleep(t, two)
	e.Shutdown()
	awaitNoSleep(t, one)
	awaitNoSleep(t, two)
}
