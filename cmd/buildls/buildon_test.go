package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A followedAuthor has a Dockerfile open whose build follows the text.
type followedAuthor struct {
	*testing.T
	*lsptest.Editor
	dir, uri string
}

// followed is a status of a build that follows the text.
type followed struct{ Status, URI, Message string }

// newFollowedAuthor opens the Dockerfile of a workspace, with settings over those that have it followed.
func newFollowedAuthor(t *testing.T, s site, settings map[string]any, files ...string) followedAuthor {
	t.Helper()
	dir := workspace(t, append([]string{"Dockerfile", base(t)}, files...)...)
	all := map[string]any{"buildOn": "type", "buildOnType": map[string]any{"delay": 1}}
	for k, v := range settings {
		all[k] = v
	}
	capabilities := map[string]any{}
	for k, v := range showingAll {
		capabilities[k] = v
	}
	capabilities["experimental"] = map[string]any{"buildls": map[string]any{"log": true, "finished": true, "shell": true, "following": true}}
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: capabilities, Settings: all})
	x := followedAuthor{t, e, dir, "file://" + dir + "/Dockerfile"}
	x.Open(x.uri, "dockerfile", base(t))
	return x
}

// statuses are those of which the server has told, since the last Forget.
func (x followedAuthor) statuses() (list []followed) {
	for _, m := range x.All("buildls/following") {
		var f followed
		if err := json.Unmarshal(m.Params, &f); err != nil {
			x.Error(err)
		}
		list = append(list, f)
	}
	return list
}

// count is how many statuses were so.
func (x followedAuthor) count(status string) (n int) {
	for _, f := range x.statuses() {
		if f.Status == status {
			n++
		}
	}
	return n
}

// awaitStatus waits until a status is the last one.
func (x followedAuthor) awaitStatus(status string) {
	x.Helper()
	x.Await("status "+status, func() bool {
		all := x.statuses()
		return len(all) > 0 && all[len(all)-1].Status == status
	})
}

// types replaces the lines below FROM, and waits until a build of them has a status.
func (x followedAuthor) types(lines, status string) {
	x.Helper()
	x.Forget()
	x.Replace(x.uri, base(x.T)+lines)
	x.awaitStatus(status)
}

// mark is the mark behind the first line below FROM.
func (x followedAuthor) mark() (label string) {
	for _, h := range x.Hints(x.uri, 0, 9) {
		if h.Position.Line == 1 {
			label = h.Label
		}
	}
	return label
}

// isQuiet checks that nothing is in the author's face.
func (x followedAuthor) isQuiet() {
	x.Helper()
	for _, method := range []string{"window/showMessage", "window/workDoneProgress/create", "$/progress", "buildls/log", "buildls/buildFinished"} {
		if n := x.Count(method); n > 0 {
			x.Errorf("%d of %s", n, method)
		}
	}
}

// With buildOn type, what is typed is built when the author pauses, and nothing is shown but its
// end.
func TestBuildOnType(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		x := newFollowedAuthor(t, s, nil)
		x.types("RUN echo "+x.dir+"\n", "succeeded") // which no engine has in its cache
		if mark := x.mark(); !strings.HasSuffix(mark, " s") {
			t.Errorf("the mark %q", mark)
		}
		if list := buildsOf(t, x.Editor); len(list) != 1 || list[0].Status != "succeeded" || len(list[0].Tags)+len(list[0].Warnings) > 0 || list[0].Digest != nil {
			t.Errorf("%+v", list)
		}
		x.types("RUN echo typed; exit 7\n", "failed")
		x.Await("the mistake", func() bool { return x.Codes(x.uri) == "1:build" })
		x.isQuiet()

		sleep := newSleep()
		x.Forget()
		x.Replace(x.uri, base(t)+"RUN "+sleep+"\n")
		x.Await("the line that was mended", func() bool { return x.Codes(x.uri) == "" })
		awaitSleep(t, sleep)
		x.types("LABEL quiet="+x.dir+"\nRUN echo mended\n", "succeeded")
		awaitNoSleep(t, sleep)
		x.isQuiet()
		if list := buildsOf(t, x.Editor); len(list) != 1 {
			t.Errorf("%d builds are remembered: %+v", len(list), list)
		}
		if s.docker != nil {
			if out := s.docker.Docker(t, "images", "-q", "--filter", "label=quiet="+x.dir); strings.TrimSpace(out) != "" {
				t.Errorf("docker images: %s", out)
			}
		}
		x.Shutdown()
	})
}

// A text with a mistake is not built; one that has been built is not built again.
func TestBuildOnTypeMistake(t *testing.T) {
	x := newFollowedAuthor(t, embeddedSite(t), nil)
	x.types("RUN echo right\n", "succeeded")
	for _, wrong := range []string{"RUNN echo\n", "COPY --fromm=x a b\n", "FROM nobody AS 1x\n"} {
		x.Replace(x.uri, base(t)+wrong)
		x.Await(wrong, func() bool { return x.Codes(x.uri) != "" })
		x.Replace(x.uri, base(t)+"RUN echo right\n")
		x.Await("right again", func() bool { return x.Codes(x.uri) == "" })
	}
	x.Insert(x.uri, 2, 0, "RUN echo other\n")
	x.Await("another build", func() bool { return x.count("succeeded") == 2 })
	if n := x.count("building"); n != 2 {
		t.Errorf("%d builds: %+v", n, x.statuses())
	}

	sleep := newSleep() // what runs meanwhile goes on, and its end is shown where its lines are now
	x.types("RUN "+sleep+"\n", "building")
	x.Insert(x.uri, 1, 0, "RUNN echo\n")
	endSleep(t, sleep)
	x.Await("both mistakes", func() bool { return x.Codes(x.uri) == "1:syntax 2:build" })
	x.Shutdown()
}

// What the Dockerfile copies counts, in the editor and on the disk; nothing else does, and to open,
// save or close a file changes nothing.
func TestBuildOnTypeFiles(t *testing.T) {
	x := newFollowedAuthor(t, embeddedSite(t), nil, "copied", "a", "other", "a", "ignored", "a", ".dockerignore", "ignored\n")
	const lines = "COPY copi* ignore[d] /\nRUN cat /copied\n"
	x.types(lines, "succeeded")
	for _, name := range []string{"other", "ignored"} {
		x.Open("file://"+x.dir+"/"+name, "text", "a")
		for i := range 10 {
			x.Insert("file://"+x.dir+"/"+name, 0, 0, string(rune('a'+i)))
		}
	}
	copied := "file://" + x.dir + "/copied"
	x.Open(copied, "text", "a")
	x.Close(copied)
	x.Open(copied, "text", "a")
	expect := func(builds int, text string) {
		t.Helper()
		x.Await("a build of "+text, func() bool { return x.count("succeeded") == builds })
		if log := logOf(t, x.Editor, buildsOf(t, x.Editor)[0]); !strings.Contains(log, text) {
			t.Errorf("%q is not in %s", text, log)
		}
		if n := x.count("building"); n != builds {
			t.Errorf("%d builds: %+v", n, x.statuses())
		}
	}
	x.Replace(copied, "in-buffer")
	expect(2, "in-buffer")

	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(x.dir, "copied"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("in-buffer")
	x.Notify("textDocument/didSave", map[string]any{"textDocument": map[string]any{"uri": copied}})
	x.Close(copied)
	write("on-disk")
	expect(3, "on-disk")
	write("later") // of which no message tells
	expect(4, "later")
	x.Shutdown()
}

// A build that follows the text leaves nothing anywhere, whatever the settings say of builds, and
// runs nothing again.
func TestBuildOnTypeLeavesNothing(t *testing.T) {
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "iid"), []byte("of another build"), 0o600); err != nil {
		t.Fatal(err)
	}
	tag := enginetest.Registry(t) + "/quiet:" + filepath.Base(out)
	x := newFollowedAuthor(t, embeddedSite(t), map[string]any{"build": map[string]any{"**": map[string]any{
		"tags": []string{tag}, "push": true, "outputs": []any{map[string]any{"type": "local", "dest": filepath.Join(out, "files")}},
		"iidFile": filepath.Join(out, "iid"), "metadataFile": filepath.Join(out, "metadata"), "cacheTo": []string{"type=local,dest=" + filepath.Join(out, "cache")},
		"noCache": true, "pull": true, "target": "wanted", "buildArgs": map[string]any{"WHO": "author"},
	}}})
	const step = "AS wanted\nARG WHO\nRUN echo for-$WHO\n"
	text := strings.TrimSuffix(base(t), "\n") + " " + step
	x.Replace(x.uri, text+"FROM scratch\n")
	x.awaitStatus("succeeded")
	if log := logOf(t, x.Editor, buildsOf(t, x.Editor)[0]); !strings.Contains(log, "for-author") {
		t.Error(log)
	}
	x.Forget()
	x.Replace(x.uri, text+"RUN echo more\nFROM scratch\n")
	x.awaitStatus("succeeded")
	r := buildsOf(t, x.Editor)[0]
	if i := slices.IndexFunc(r.Steps, func(s stepOf) bool { return strings.Contains(s.Name, "for-") }); r.Target != "wanted" || i < 0 || r.Steps[i].Status != "cached" {
		t.Errorf("%+v", r)
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	if iid, err := os.ReadFile(filepath.Join(out, "iid")); err != nil || string(iid) != "of another build" {
		t.Errorf("%s, %v", iid, err)
	}
	if digest := digestAt(t, tag); digest != "" {
		t.Errorf("%s was pushed", digest)
	}
	x.Shutdown()
}

// A build by command has a quiet one give way, and is not disturbed by what is typed meanwhile.
func TestBuildOnTypeGivesWay(t *testing.T) {
	x := newFollowedAuthor(t, embeddedSite(t), nil)
	sleep := newSleep()
	x.Replace(x.uri, base(t)+"RUN "+sleep+"; echo slept\n")
	awaitSleep(t, sleep)
	var answer struct{ ID string }
	if err := x.Execute("buildls.build", map[string]any{"uri": x.uri}, &answer); err != nil {
		t.Fatal(err)
	}
	x.awaitStatus("waiting")
	x.Insert(x.uri, 2, 0, "RUN echo typed\n")
	x.Await("the step that runs, and the typed line", func() bool { return strings.HasPrefix(x.mark(), "running") })
	endSleep(t, sleep)
	x.Await("the build by command", func() bool { return x.Count("buildls/buildFinished") == 1 })
	x.awaitStatus("succeeded")
	list := buildsOf(t, x.Editor)
	if len(list) != 2 || list[1].ID != answer.ID || list[1].Status != "succeeded" || len(list[0].Steps) != len(list[1].Steps)+1 {
		t.Errorf("%+v", list)
	}

	// What a command has built is not built again.
	x.Configure(map[string]any{"buildOn": "type", "buildOnType": map[string]any{"delay": 500, "stopAfter": 0.03}})
	x.Forget()
	x.Replace(x.uri, base(t)+"RUN echo by-command "+x.dir+"\n")
	mustBuild(t, x.Editor, map[string]any{"uri": x.uri})
	x.awaitStatus("resting")
	if n, mark := x.count("building"), x.mark(); n != 0 || !strings.HasSuffix(mark, " s") {
		t.Errorf("%d builds, the mark %q", n, mark)
	}

	// What it has shown stays until there is news.
	x.Configure(map[string]any{"buildOn": "type", "buildOnType": map[string]any{"delay": 500}})
	x.Replace(x.uri, base(t)+"RUN echo "+x.dir+"\nRUN exit 7\n")
	buildNow(t, x.Editor, map[string]any{"uri": x.uri})
	x.Insert(x.uri, 2, 0, "RUN "+sleep+"\n")
	awaitSleep(t, sleep)
	x.Await("the failure, where it is now", func() bool { return x.Codes(x.uri) == "3:build" })
	if mark := x.mark(); !strings.HasSuffix(mark, " s") {
		t.Errorf("the mark %q", mark)
	}
	endSleep(t, sleep)
	x.Await("the newer failure", func() bool { return x.Codes(x.uri) == "2:build" })
	x.Shutdown()
}

// It can be canceled, turned off, and it rests when nobody types.
func TestBuildOnTypeEnds(t *testing.T) {
	x := newFollowedAuthor(t, embeddedSite(t), nil)
	begin := func() (sleep string) {
		t.Helper()
		sleep = newSleep()
		x.types("RUN "+sleep+"\n", "building")
		awaitSleep(t, sleep)
		return sleep
	}
	sleep := begin()
	var answer struct{ Canceled bool }
	if err := x.Execute("buildls.cancel", nil, &answer); err != nil || !answer.Canceled {
		t.Errorf("%v, %v", answer, err)
	}
	awaitNoSleep(t, sleep)
	x.awaitStatus("waiting")

	sleep = begin()
	x.Close(x.uri)
	awaitNoSleep(t, sleep)
	x.awaitStatus("waiting")
	x.Open(x.uri, "dockerfile", base(t))

	sleep = begin()
	x.Configure(map[string]any{"buildOn": "command"})
	awaitNoSleep(t, sleep)
	x.awaitStatus("off")

	x.Configure(map[string]any{"buildOn": "type", "buildOnType": map[string]any{"delay": 1, "stopAfter": 0.03}})
	x.awaitStatus("waiting")
	x.types("RUN echo typed\n", "succeeded")
	x.awaitStatus("resting")
	x.types("RUN echo again\n", "succeeded")
	x.isQuiet()

	sleep = begin()
	x.Shutdown()
	awaitNoSleep(t, sleep)
}

// What does not lie in a folder of the author's is not built, and nothing is if the settings say
// so, as they do in a restricted window.
func TestBuildOnTypeElsewhere(t *testing.T) {
	s := embeddedSite(t)
	x := newFollowedAuthor(t, s, nil)
	for _, uri := range []string{"file://" + workspace(t, "Dockerfile", base(t)) + "/Dockerfile", "untitled:Dockerfile"} {
		x.Open(uri, "dockerfile", base(t))
		x.Replace(uri, base(t)+"RUN echo elsewhere\n")
	}
	x.types("RUN echo here\n", "succeeded")
	for _, f := range x.statuses() {
		if f.URI != x.uri && f.URI != "" {
			t.Errorf("%+v", f)
		}
	}
	x.Shutdown()

	x = newFollowedAuthor(t, s, map[string]any{"buildOn": "command"})
	x.Replace(x.uri, base(t)+"RUNN echo\n")
	x.Await("the mistake", func() bool { return x.Codes(x.uri) != "" })
	x.Replace(x.uri, base(t)+"RUN echo\n")
	x.Await("no mistake", func() bool { return x.Codes(x.uri) == "" })
	if list := buildsOf(t, x.Editor); len(list)+len(x.statuses()) > 0 {
		t.Errorf("%+v, %+v", list, x.statuses())
	}
	x.Shutdown()
}
