package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/lsp/lsptest"
)

// An author has one Dockerfile open, on an engine to which things happen.
type author struct {
	*testing.T
	*lsptest.Editor
	dir, uri string
	stderr   *bytes.Buffer
	tmp      string // where the server makes its temporary files
}

func newAuthor(t *testing.T, env []string, dir string) author {
	t.Helper()
	a := author{t, nil, dir, "file://" + dir + "/Dockerfile", &bytes.Buffer{}, t.TempDir()}
	cmd := program(t, append(env, "GOTRACEBACK=all", "TMPDIR="+a.tmp))
	cmd.Stderr = a.stderr
	a.Editor = newEditor(t, cmd, lsptest.Options{Folders: []string{dir}})
	a.Open(a.uri, "dockerfile", base(t))
	return a
}

// begin has the text built, and returns the token of the build's progress.
func (a author) begin(text string, fields map[string]any) (token string) {
	a.Helper()
	a.Replace(a.uri, text)
	all := map[string]any{"uri": a.uri}
	for k, v := range fields {
		all[k] = v
	}
	var answer struct{ Token string }
	if err := a.Execute("buildls.build", all, &answer); err != nil {
		a.Fatal(err)
	}
	return `"` + answer.Token + `"`
}

// shows says whether a build that runs has shown words of its step.
func (a author) shows(token, words string) bool {
	for _, p := range a.Progress(token) {
		if strings.Contains(p.Message, words) {
			return true
		}
	}
	return false
}

// awaitEnd waits for a build's end, and checks that it was told once, in words that hold
// these parts.
func (a author) awaitEnd(token string, parts ...string) {
	a.Helper()
	a.Await("the progress's end", func() bool { return a.Ended(token) })
	kinds := map[string]int{}
	for _, p := range a.Progress(token) {
		kinds[p.Kind]++
	}
	all := a.Progress(token)
	if last := all[len(all)-1]; !contains(last.Message, parts...) || kinds["begin"] != 1 || kinds["end"] != 1 {
		a.Errorf("end %q, %v; want %q", last.Message, kinds, parts)
	}
}

// messages are those in the author's face since the last call.
func (a author) messages() (list []string) {
	for _, m := range a.All("window/showMessage") {
		list = append(list, string(m.Params))
	}
	return list
}

// build builds a text, which must succeed, and returns the build's output.
func (a author) build(text string, fields map[string]any) string {
	a.Helper()
	a.Replace(a.uri, text)
	return logOf(a.T, a.Editor, mustBuild(a.T, a.Editor, fields))
}

// descriptors counts the server's open files.
func (a author) descriptors() int {
	list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", a.Pid()))
	return len(list)
}

// awaitDescriptors waits until the server has no more open files than it had.
func (a author) awaitDescriptors(had int) {
	a.Helper()
	if !eventually(func() bool { return a.descriptors() <= had }) {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", a.Pid()))
		for i, l := range links {
			links[i], _ = os.Readlink(l)
		}
		a.Errorf("%d open files, there were %d: %q", a.descriptors(), had, links)
	}
}

// ofBuild are functions that run as long as a build does.
var ofBuild = lazyregexp.New(`buildls/build\.(solve|Run|\(\*linking\))|buildkit/(session|client)\.\S*|handlers\.\(\*Server\)\.run`)

// leave ends the server in a way that shows its goroutines: none may be a build's. No
// temporary file may be left, either.
func (a author) leave() {
	a.Helper()
	syscall.Kill(a.Pid(), syscall.SIGQUIT)
	a.Exit()
	if left, _ := os.ReadDir(a.tmp); len(left) > 0 {
		a.Errorf("left: %v", left)
	}
	_, dump, _ := strings.Cut(a.stderr.String(), "SIGQUIT: quit")
	if !strings.Contains(dump, "goroutine ") {
		a.Fatalf("no dump: %s", a.stderr)
	}
	for stack := range strings.SplitSeq(dump, "\n\n") {
		// Who keeps the history of a build that has ended waits for a second at most.
		if found := ofBuild.FindString(stack); found != "" && !strings.Contains(stack, "(*historyStore).keep") {
			a.Errorf("left: %s in\n%s", found, stack)
		}
	}
}
