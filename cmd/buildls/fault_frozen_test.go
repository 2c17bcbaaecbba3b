package main

import (
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Engines of all kinds are frozen for a minute in the middle of a step, longer than any
// patience on either side of the wire, while their authors type. Nobody waits for them, one
// build is canceled, and the other goes on where it was.
func TestFrozenMinute(t *testing.T) {
	t.Parallel()
	var all []*frozen
	for _, name := range slices.Sorted(maps.Keys(victims)) {
		all = append(all, freeze(t, name))
	}
	thaw := time.After(time.Minute)
	for _, f := range all {
		f.typeIn()
		f.cancelOne()
	}
	for _, f := range all {
		f.refused = f.begin(base(t)+"RUN never\n", nil)
	}
	for _, f := range all {
		f.awaitEnd(f.refused, "Failed: ", "did not answer within")
		f.cancelWaiting()
	}
	<-thaw
	for _, f := range all {
		f.thaw()
	}
}

// A frozen engine has two builds in a step: one is to be canceled, one to be finished.
type frozen struct {
	author
	victim
	canceled, kept, refused  string // tokens
	canceledSleep, keptSleep string
	pid                      int
}

func freeze(t *testing.T, name string) *frozen {
	t.Helper()
	v := victims[name](t)
	f := &frozen{author: newAuthor(t, v.env, workspace(t, "Dockerfile", "FROM scratch\n")), victim: v, canceledSleep: newSleep(), keptSleep: newSleep()}
	from := base(t)[:len(base(t))-1]
	text := from + " AS one\nRUN trap '' TERM; " + f.canceledSleep + "; true\n" + from + " AS two\nRUN " + f.keptSleep + " || echo went on\n"
	f.canceled = f.begin(text, map[string]any{"target": "one"})
	f.kept = f.begin(text, map[string]any{"target": "two"})
	awaitSleep(t, f.canceledSleep)
	awaitSleep(t, f.keptSleep)
	f.pid = v.pid()
	if err := syscall.Kill(f.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(name, err)
	}
	t.Cleanup(func() { syscall.Kill(f.pid, syscall.SIGCONT) })
	return f
}

// typeIn has the author make mistakes and mend them, and sees each said.
func (f *frozen) typeIn() {
	f.Helper()
	var took []time.Duration
	for range 20 {
		for _, edit := range []struct{ text, want string }{{"RUNN\n", "0:syntax"}, {"", ""}} {
			seen := len(f.Published(f.uri))
			began := time.Now()
			if edit.text != "" {
				f.Insert(f.uri, 0, 0, edit.text)
			} else {
				f.Delete(f.uri, 0, 0, 1, 0)
			}
			f.Await("the mistake", func() bool { return len(f.Published(f.uri)) > seen && f.Editor.Codes(f.uri) == edit.want })
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	f.Logf("%s: typed to shown %v in the middle, %v at most", f.name, took[len(took)/2], took[len(took)-1])
	if took[len(took)/2] > time.Second { // what it should take, a benchmark says
		f.Errorf("%s: typing waits for a frozen engine: %v", f.name, took[len(took)/2])
	}
}

func (f *frozen) cancelOne() {
	f.Helper()
	f.Notify("window/workDoneProgress/cancel", map[string]any{"token": strings.Trim(f.canceled, `"`)})
	f.awaitEnd(f.canceled, "Canceled")
}

// cancelWaiting cancels a build that waits for the engine's answer.
func (f *frozen) cancelWaiting() {
	f.Helper()
	token := f.begin(base(f.T)+"RUN never\n", nil)
	f.Notify("window/workDoneProgress/cancel", map[string]any{"token": strings.Trim(token, `"`)})
	f.awaitEnd(token, "Canceled")
}

// thaw has the engine go on: so does the build that was not canceled.
func (f *frozen) thaw() {
	f.Helper()
	if f.Ended(f.kept) {
		f.Errorf("%s: %+v while the engine was frozen", f.name, f.Progress(f.kept))
	}
	if err := syscall.Kill(f.pid, syscall.SIGCONT); err != nil {
		f.Fatal(err)
	}
	awaitNoSleep(f.T, f.canceledSleep)
	endSleep(f.T, f.keptSleep)
	f.awaitEnd(f.kept, "Built ")
	f.build(base(f.T)+"RUN echo thawed\n", nil)
	f.leave()
}
