package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An engine that is killed in the middle of whatever it does is said to have gone, leaves
// nothing in the server, and is used again when it is back, for the same build.
func TestEngineKilled(t *testing.T) {
	onEachVictim(t, func(t *testing.T, v victim) {
		dir := workspace(t, "Dockerfile", "FROM scratch\n", "sent", "small\n")
		a := newAuthor(t, v.env, dir)
		a.build(base(t)+"COPY sent /\nRUN cat /sent\n", nil)
		open, said := a.descriptors(), 0
		gone := func(token string) {
			t.Helper()
			a.awaitEnd(token, "Failed: ", "went away during the build")
			said++
			a.Await("one message", func() bool { return len(a.messages()) == said })
			if list := buildsOf(t, a.Editor); list[0].Status != "failed" || list[0].Error == nil || list[0].Error.Range != nil {
				t.Errorf("%+v", list[0])
			}
			if got := a.Editor.Codes(a.uri); got != "" {
				t.Errorf("no line is at fault, but there is %s", got)
			}
			if v.name != "embedded" { // which a build starts
				if r := buildNow(t, a.Editor, nil); r.Error == nil || !contains(r.Error.Message, "cannot use", "Start ") {
					t.Errorf("%+v", r)
				}
				said++
			}
			v.start()
		}

		large := filepath.Join(dir, "sent")
		if err := os.Truncate(large, 8<<30); err != nil { // takes no room, and long to be sent
			t.Fatal(err)
		}
		token := a.begin(base(t)+"COPY sent /\nRUN cat /sent\n", nil)
		if !eventually(func() bool { return a.readSoFar(large) > 4<<20 }) {
			t.Fatal("the file is not sent")
		}
		v.kill()
		gone(token)
		if err := os.WriteFile(large, []byte("small again\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if log := a.build(base(t)+"COPY sent /\nRUN cat /sent\n", nil); !strings.Contains(log, "small again") {
			t.Errorf("after a kill while files were sent: %q", log)
		}

		sleep := newSleep()
		token = a.begin(base(t)+"RUN trap '' TERM; "+sleep+"; true\n", nil)
		awaitSleep(t, sleep)
		v.kill()
		gone(token)
		if v.name == "embedded" {
			awaitNoSleep(t, sleep)
		}
		a.build(base(t)+"RUN echo after a kill in a step\n", nil)

		out := filepath.Join(dir, "out.tar")
		fields := map[string]any{"outputs": []any{output("oci", out, "compression", "uncompressed")}}
		if v.store {
			fields = map[string]any{"tags": []string{"killed:a"}}
		}
		text := base(t) + "RUN dd if=/dev/urandom of=/blob bs=1M count=64 && echo " + dir + "\n"
		token = a.begin(text, fields)
		a.Await("the export", func() bool { return a.shows(token, "exporting to") })
		v.kill()
		gone(token)
		if left, _ := filepath.Glob(filepath.Join(dir, "*out*")); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		a.build(text, fields)
		a.awaitDescriptors(open)
		a.leave()
	})
}

// readSoFar is how far the server has read a file that it has open.
func (a author) readSoFar(path string) (position int64) {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", a.Pid()))
	for _, l := range links {
		if to, _ := os.Readlink(l); to == path {
			info, _ := os.ReadFile(strings.Replace(l, "/fd/", "/fdinfo/", 1))
			fmt.Sscanf(string(info), "pos: %d", &position)
		}
	}
	return position
}
