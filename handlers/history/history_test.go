package history

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func record(i int) Record {
	return Record{ID: fmt.Sprintf("id%d", i), Began: epoch.Add(time.Duration(i) * time.Second), Key: fmt.Sprint("key ", i%2),
		Header: fmt.Appendf(nil, "{%d}", i), Logs: []string{"", fmt.Sprintf("line\n%d", i)}}
}

func add(t *testing.T, s Store, r Record) {
	t.Helper()
	if err := s.Add(r); err != nil {
		t.Fatal(err)
	}
}

// ids are those of builds that can be read, and how many cannot.
func ids(t *testing.T, list []Build, err error) (ids []string, broken int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if _, err := b.Header(); err != nil {
			broken++
			continue
		}
		ids = append(ids, b.ID())
	}
	return ids, broken
}

func TestStore(t *testing.T) {
	s := Store{filepath.Join(t.TempDir(), "a", "b")}
	if list, err := s.List(); len(list) != 0 || err != nil {
		t.Errorf("before the first: %v, %v", list, err)
	}
	for _, i := range []int{2, 1, 3} {
		add(t, s, record(i))
	}
	list, err := s.List()
	if got, _ := ids(t, list, err); fmt.Sprint(got) != "[id3 id2 id1]" {
		t.Error(got)
	}
	header, err := list[1].Header()
	if string(header) != "{2}" || err != nil {
		t.Errorf("%q, %v", header, err)
	}
	logs, err := list[1].Logs()
	if fmt.Sprintf("%q", logs) != `["" "line\n2"]` || err != nil {
		t.Errorf("%q, %v", logs, err)
	}
	list, err = s.Newest("key 1")
	if got, _ := ids(t, list, err); fmt.Sprint(got) != "[id3 id1]" {
		t.Error(got)
	}
	for _, path := range []string{filepath.Dir(s.Dir), s.Dir, list[0].file} {
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // there the folder's own rules count
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
}

// Of too many builds, and of too many bytes, the oldest go; a build that is too large is
// kept in part, or refused.
func TestBounds(t *testing.T) {
	s := Store{t.TempDir()}
	for i := range maxBuilds + 20 {
		add(t, s, record(i))
	}
	list, err := s.List()
	if got, _ := ids(t, list, err); len(got) != maxBuilds || got[0] != "id119" || got[99] != "id20" {
		t.Error(got)
	}

	s = Store{t.TempDir()}
	large := strings.Repeat("0123456\n", MaxStepLog)
	for i := range 40 {
		r := record(i)
		r.Logs = []string{large, "short", large, large, large, large, large, large, large, large, large, large}
		add(t, s, r)
	}
	list, _ = s.List()
	if n := len(list); n < maxBytes/maxLogs-1 || n > maxBytes/maxLogs+1 || list[0].ID() != "id39" {
		t.Errorf("%d of 1 MiB each", n)
	}
	logs, err := list[0].Logs()
	if err != nil || len(logs) != 12 || logs[1] != "short" || len(strings.Join(logs, "")) > maxLogs+1000 || !strings.HasPrefix(logs[2], "[only the last 85 KiB were kept]\n0123456\n") {
		t.Errorf("%d logs, %.100q, %v", len(logs), logs[2], err)
	}
	r := record(99)
	r.Header = make([]byte, maxHeader+1)
	if err := s.Add(r); err == nil || !strings.Contains(err.Error(), "id99") {
		t.Error(err)
	}
}

// What is not whole is not read, and what is not ours neither read nor removed.
func TestBroken(t *testing.T) {
	s := Store{t.TempDir()}
	add(t, s, record(1))
	list, _ := s.List()
	whole, err := os.ReadFile(list[0].file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(s.Dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken := []string{"", "\n", magic, magic + "\n", magic + " -1\n", magic + " 9223372036854775807 2\n", magic + " x\n", "buildls-build-2 0\n", magic + " 0 0\n", strings.Repeat(" 0", maxHeader), string(whole) + "more"}
	for n := range whole {
		broken = append(broken, string(whole[:n]))
	}
	for i, content := range broken {
		r := record(2)
		r.ID = fmt.Sprint("broken", i)
		write(r.name(), content)
		if i >= maxBuilds-10 {
			t.Fatal("too many")
		}
	}
	foreign := []string{write("notes.build", "mine"), write("a-b-c.txt", "mine"), write("a-b.build", "mine")}
	old := write(unfinished+"1", "x")
	young := write(unfinished+"2", "x")
	if err := os.Chtimes(old, epoch, epoch); err != nil {
		t.Fatal(err)
	}
	add(t, s, record(3))
	list, err = s.List()
	if got, n := ids(t, list, err); fmt.Sprint(got) != "[id3 id1]" || n != len(broken) {
		t.Errorf("%v, %d of %d broken", got, n, len(broken))
	}
	for _, path := range append(foreign, young) {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("what a killed writer left: %v", err)
	}
}

// Many write, list and forget at once.
func TestTogether(t *testing.T) {
	s := Store{t.TempDir()}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 60 {
				if err := s.Add(record(w*60 + i)); err != nil {
					t.Error(err)
				}
				s.List()
			}
		})
	}
	wg.Wait()
	add(t, s, record(1000))
	list, err := s.List()
	if got, broken := ids(t, list, err); len(got) != maxBuilds || broken != 0 || got[0] != "id1000" {
		t.Errorf("%d, %d broken", len(got), broken)
	}
}

// Builds that are kept while the clock was ahead do not push out those that come after it
// was set back, nor are they taken for newer.
func TestClockSetBack(t *testing.T) {
	s := Store{t.TempDir()}
	ahead := record(0)
	for i := range maxBuilds {
		ahead.ID, ahead.Began = fmt.Sprintf("ahead%d", i), time.Now().Add(time.Hour+time.Duration(i)*time.Second)
		add(t, s, ahead)
	}
	for i := range 3 {
		r := record(i)
		r.Key, r.Began = ahead.Key, time.Now()
		add(t, s, r)
	}
	list, err := s.Newest(ahead.Key)
	if got, _ := ids(t, list[:4], err); fmt.Sprint(got) != fmt.Sprintf("[id2 id1 id0 ahead%d]", maxBuilds-1) || len(list) != maxBuilds {
		t.Error(got, len(list))
	}
}

// What began before a time is forgotten, and nothing else.
func TestForget(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "builds")}
	if n, bytes, err := s.Forget(time.Now(), false); n != 0 || bytes != 0 || err != nil {
		t.Errorf("of none: %d, %d, %v", n, bytes, err)
	}
	for i := range 4 {
		add(t, s, record(i))
	}
	other := filepath.Join(s.Dir, "other")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	third := record(2).Began
	for _, dry := range []bool{true, false} {
		if n, bytes, err := s.Forget(third, dry); n != 2 || bytes == 0 || err != nil {
			t.Errorf("%d, %d, %v", n, bytes, err)
		}
		list, err := s.List()
		if left, _ := ids(t, list, err); len(left) != map[bool]int{true: 4, false: 2}[dry] {
			t.Errorf("dry %v leaves %v", dry, left)
		}
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// Details, and what a build was made of, are kept beside the rest, unless they are too large. A
// record of the first format has neither, one of the second no latter.
func TestDetails(t *testing.T) {
	s := Store{t.TempDir()}
	small, large := record(1), record(2)
	small.Details, large.Details = []byte("how it was\nmade"), make([]byte, maxDetails+1)
	small.MadeOf, large.MadeOf = []byte("of\nthis"), make([]byte, maxMadeOf+1)
	add(t, s, small)
	add(t, s, large)
	for i, lengths := range []string{"buildls-build-1 3", "buildls-build-2 3 2"} {
		old := record(3 + i)
		text := fmt.Sprintf("%s %d %d\n%s%s%s%s", lengths, len(old.Logs[0]), len(old.Logs[1]), old.Header, []string{"", "in"}[i], old.Logs[0], old.Logs[1])
		if err := os.WriteFile(filepath.Join(s.Dir, old.name()), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.List()
	if got, broken := ids(t, list, err); len(got) != 4 || broken > 0 {
		t.Fatalf("%v, %d broken", got, broken)
	}
	for i, want := range [][2]string{{"in", ""}, {"", ""}, {"", ""}, {"how it was\nmade", "of\nthis"}} { // the newest first
		details, err := list[i].Details()
		if string(details) != want[0] || err != nil {
			t.Errorf("%s: %q, %v", list[i].ID(), details, err)
		}
		madeOf, err := list[i].MadeOf()
		if string(madeOf) != want[1] || err != nil {
			t.Errorf("%s: %q, %v", list[i].ID(), madeOf, err)
		}
		logs, err := list[i].Logs()
		if fmt.Sprint(logs) != fmt.Sprint(record(4-i).Logs) || err != nil {
			t.Errorf("%s: %q, %v", list[i].ID(), logs, err)
		}
	}
}
