package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/identity"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A change is the contract's.
type change struct {
	Path, Change string
	Bytes        int64
}

// changesOf are the lines "added /path 3" of a step.
func changesOf(t *testing.T, e *lsptest.Editor, r result, text string) []string {
	t.Helper()
	var changes []change
	if err := e.Execute("buildls.files", map[string]any{"id": r.ID, "step": stepNamed(t, r, text)}, &changes); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s %d", c.Change, c.Path, c.Bytes))
	}
	return lines
}

func TestStepFiles(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "app.txt", "eleven byte", "more/b.txt", "b")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+`WORKDIR /made/here
COPY app.txt more/ /made/here/
RUN echo `+t.TempDir()+` >/ran && rm /made/here/b.txt && echo longer >>app.txt && ln -s /ran /link && mkdir /empty
RUN rm -r /made && chmod 600 /ran
RUN printf 'a\0b' >/bin.dat && head -c 1500000 /dev/zero | tr '\0' x >/large
FROM scratch
COPY --from=0 /ran /large /
`)
		r := mustBuild(t, e, nil)
		for text, want := range map[string][]string{
			"WORKDIR":        {"added /made/ 0", "added /made/here/ 0"},
			"COPY app.txt":   {"added /made/here/app.txt 11", "added /made/here/b.txt 1"},
			"rm -r /made":    {"deleted /made/ 0", "deleted /made/here/ 0", "deleted /made/here/app.txt 18", "changed /ran"},
			"COPY --from=0 ": {"added /large 1500000", "added /ran"},
		} {
			got := changesOf(t, e, r, text)
			for i := range got {
				if strings.Contains(got[i], " /ran ") {
					got[i] = got[i][:strings.LastIndex(got[i], " ")]
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, not %q", text, got, want)
			}
		}
		if got := changesOf(t, e, r, "RUN echo"); len(got) != 5 || got[0] != "added /empty/ 0" || got[1] != "added /link 0" ||
			got[2] != "changed /made/here/app.txt 18" || got[3] != "deleted /made/here/b.txt 1" || !strings.HasPrefix(got[4], "added /ran ") {
			t.Errorf("RUN: %q", got)
		}
		ask := func(text string, path string) (f file, err error) {
			err = e.Execute("buildls.file", map[string]any{"id": r.ID, "step": stepNamed(t, r, text), "path": path}, &f)
			return f, err
		}
		for path, want := range map[string]file{
			"/made/here/app.txt": {Text: "eleven bytelonger\n", Bytes: 18},
			"made/here/app.txt":  {Text: "eleven bytelonger\n", Bytes: 18},
		} {
			if f, err := ask("RUN echo", path); f != want || err != nil {
				t.Errorf("%s: %+v %v", path, f, err)
			}
		}
		if f, err := ask("COPY app.txt", "/made/here/app.txt"); f.Text != "eleven byte" || err != nil {
			t.Errorf("before it changed: %+v %v", f, err)
		}
		if f, err := ask("RUN echo", "/link"); !strings.HasPrefix(f.Text, "/") || err != nil {
			t.Errorf("through a link: %+v %v", f, err)
		}
		if f, err := ask("RUN printf", "/bin.dat"); (f != file{Bytes: 3, Binary: true}) || err != nil {
			t.Errorf("binary: %+v %v", f, err)
		}
		if f, err := ask("RUN printf", "/large"); f.Text != strings.Repeat("x", 1<<20) || !f.Truncated || f.Bytes != 1500000 || err != nil {
			t.Errorf("large: %d of %d %v %v", len(f.Text), f.Bytes, f.Truncated, err)
		}
		for path, want := range map[string]string{"/made/here/b.txt": "is not there after this step", "/made": "is a directory", "/ran/x": "is not there", "../../..": "is a directory"} {
			if _, err := ask("RUN echo", path); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, not %q", path, err, want)
			}
		}
	})
}

// A file is the contract's.
type file struct {
	Text              string
	Bytes             int64
	Binary, Truncated bool
}

// What a step changed is known of builds that found all in the cache, that were not to use it,
// and whose context has changed since; and below a path.
func TestStepFilesLater(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "app.txt", "1")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		text := base(t) + "COPY app.txt /in/\nRUN echo " + t.TempDir() + " >/in/ran; mkdir /etc2 && echo >/etc2/x\n"
		e.Open(uri, "dockerfile", text)
		first := mustBuild(t, e, nil)
		cached := mustBuild(t, e, nil)
		fresh := mustBuild(t, e, map[string]any{"noCache": true})
		if err := os.WriteFile(dir+"/app.txt", []byte("changed"), 0o644); err != nil {
			t.Fatal(err)
		}
		changed := mustBuild(t, e, nil)
		for _, r := range []result{changed, fresh, cached, first} {
			want := "added /in/app.txt 1"
			if r.ID == changed.ID {
				want = "added /in/app.txt 7"
			}
			if got := changesOf(t, e, r, "COPY app.txt"); !slices.Equal(got, []string{"added /in/ 0", want}) {
				t.Errorf("COPY: %q", got)
			}
			var below []change
			err := e.Execute("buildls.files", map[string]any{"id": r.ID, "step": stepNamed(t, r, "RUN echo"), "path": "/in"}, &below)
			if err != nil || len(below) != 1 || below[0].Path != "/in/ran" || below[0].Change != "added" {
				t.Errorf("below /in: %+v %v", below, err)
			}
		}
	})
}

// A step that is no longer in the cache is not run again to be looked at.
func TestStepFilesGone(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		id := identity.NewID()
		dir := workspace(t, "app.txt", "1")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		count := "RUN --mount=type=cache,id=" + id + ",target=/count "
		e.Open(uri, "dockerfile", base(t)+count+"echo once >>/count/n && echo "+id+" >/ran\nCOPY app.txt /\n"+count+"echo there were $(wc -l </count/n)\n")
		r := mustBuild(t, e, map[string]any{"outputs": []map[string]any{{"type": "tar", "dest": dir + "/out.tar"}}})
		if log := logOf(t, e, r); !strings.Contains(log, "there were 1") {
			t.Fatal(log)
		}
		s.pruneSteps(t)
		for _, text := range []string{"echo once", "COPY app.txt", "wc -l"} {
			err := e.Execute("buildls.files", map[string]any{"id": r.ID, "step": stepNamed(t, r, text)}, nil)
			if err == nil || !strings.Contains(err.Error(), "no longer has this step in its cache") {
				t.Errorf("%s: %v", text, err)
			}
		}
		if log := logOf(t, e, mustBuild(t, e, nil)); !strings.Contains(log, "there were 2") {
			t.Errorf("it was run to be looked at: %s", log)
		}
	})
}

// Every kind of step, on each platform; and what there is nothing to show of.
func TestStepFilesOfAllKinds(t *testing.T) {
	s := buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t, "app.txt", "1", "Dockerfile", `FROM scratch AS made
ARG TARGETARCH
COPY app.txt /$TARGETARCH
ADD --chown=1:2 app.txt /two/
FROM scratch
COPY app.txt /below
COPY --link --from=made / /linked/
`)
	e := edit(t, s.env, dir)
	uri := "file://" + dir + "/Dockerfile"
	r := mustBuild(t, e, map[string]any{"uri": uri, "platforms": []string{"linux/amd64", "linux/arm64"}})
	for _, arch := range []string{"amd64", "arm64"} {
		for text, want := range map[string][]string{
			"COPY app.txt /" + arch:                       {"added /" + arch + " 1"},
			"linux/" + arch + " made 2/2] ADD":            {"added /two/ 0", "added /two/app.txt 1"},
			"linux/" + arch + " stage-1 2/2] COPY --link": {"added /linked/ 0", "added /linked/" + arch + " 1", "added /linked/two/ 0", "added /linked/two/app.txt 1"},
		} {
			if got := changesOf(t, e, r, text); !slices.Equal(got, want) {
				t.Errorf("%s: %q, not %q", text, got, want)
			}
		}
	}

	failing := "file://" + dir + "/Failing.Dockerfile"
	e.Open(failing, "dockerfile", base(t)+"RUN echo "+t.TempDir()+" >/done\nRUN echo >/lost; exit 3\nRUN true\n")
	f := buildNow(t, e, map[string]any{"uri": failing})
	if got := changesOf(t, e, f, "/done"); len(got) != 1 {
		t.Errorf("before the failure: %q", got)
	}
	for text, want := range map[string]string{"FROM": "brings an image in", "exit 3": "it failed", "RUN true": "it did not run"} {
		err := e.Execute("buildls.files", map[string]any{"step": stepNamed(t, f, text)}, nil)
		if err == nil || lsptest.Code(err) != -32602 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", text, err, want)
		}
	}
	for want, argument := range map[string]map[string]any{
		"it lacks step":                  {},
		"has 4 steps":                    {"step": 4},
		"no build \"x\" of this session": {"id": "x", "step": 0},
		"unknown field \"file\"":         {"file": "/x"},
	} {
		if err := e.Execute("buildls.files", argument, nil); err == nil || lsptest.Code(err) != -32602 || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, not %q", argument, err, want)
		}
	}
}
