package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A clock that was set back, or a tool that keeps old times, gives a file of the same size a
// time before the one that was built. It is sent nevertheless, and so is a buffer over it:
// what differs in its time is another file, whichever is the newer.
func TestClockSetBack(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		a := newAuthor(t, s.env, workspace(t, "Dockerfile", "FROM scratch\n"))
		path := filepath.Join(a.dir, "file")
		now := time.Now()
		write := func(text string, at time.Time) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(want string) {
			t.Helper()
			log := a.build(base(t)+"COPY file /\nRUN cat /file # "+a.dir+"\n", map[string]any{"uri": a.uri, "noCache": true})
			if !strings.Contains(log, want) {
				t.Errorf("built %q, want %q", log, want)
			}
		}
		write("one\n", now)
		expect("one")
		write("two\n", now.Add(-time.Hour))
		expect("two")
		write("six\n", now.Add(24*time.Hour)) // the clock was ahead …
		expect("six")
		uri := "file://" + path
		a.Open(uri, "plaintext", "ten\n") // … and now is right
		expect("ten")
		a.Close(uri)
		expect("six")
		write("1st\n", time.Unix(0, 0))
		expect("1st")
		a.leave()
	})
}
