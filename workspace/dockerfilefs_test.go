package workspace

import (
	"io"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"
)

func TestDockerfileFSIsSentWhenItChanges(t *testing.T) {
	e := newEngine(t)
	for _, c := range []struct {
		what, text, ignore, seed string
		want                     []string
	}{
		{"at first", "FROM a", "", "/x/Dockerfile", []string{"Dockerfile"}},
		{"unchanged", "FROM a", "", "/x/Dockerfile", nil},
		{"another text of the same size", "FROM b", "", "/x/Dockerfile", []string{"Dockerfile"}},
		{"back again", "FROM a", "", "/x/Dockerfile", []string{"Dockerfile"}},
		{"another Dockerfile", "FROM a", "", "/y/Dockerfile", []string{"Dockerfile"}},
		{"with an ignore file", "FROM a", "*", "/y/Dockerfile", []string{"Dockerfile.dockerignore"}},
		{"another ignore file", "FROM a", "!", "/y/Dockerfile", []string{"Dockerfile.dockerignore"}},
		{"without", "FROM a", "", "/y/Dockerfile", []string{"-Dockerfile.dockerignore"}},
	} {
		files := map[string][]byte{"Dockerfile": []byte(c.text), "unrelated": []byte("x")}
		if c.ignore != "" {
			files["Dockerfile.dockerignore"] = []byte(c.ignore)
		}
		equal(t, c.what, e.build(t, NewDockerfileFS("Dockerfile", files, c.seed), fsutil.FilterOpt{}), c.want)
		if got := e.holds(t)["Dockerfile"]; got != c.text {
			t.Errorf("%s: the engine has %q", c.what, got)
		}
	}
}

func TestDockerfileFSFiles(t *testing.T) {
	mount := NewDockerfileFS("app.Dockerfile", map[string][]byte{
		"app.Dockerfile": []byte("FROM a"), "app.Dockerfile.dockerignore": []byte("*"),
	}, "untitled:1")
	equal(t, "walk", walked(t, mount, "/"), []string{"app.Dockerfile", "app.Dockerfile.dockerignore"})
	f, err := mount.Open("app.Dockerfile")
	must(t, err)
	data, err := io.ReadAll(f)
	must(t, err)
	equal(t, "content", string(data), "FROM a")
	e := newEngine(t)
	e.build(t, mount, fsutil.FilterOpt{FollowPaths: []string{"app.Dockerfile"}})
	equal(t, "sent", e.holds(t), map[string]string{"app.Dockerfile": "FROM a"})
	equal(t, "without the file", walked(t, NewDockerfileFS("Dockerfile", nil, ""), ""), []string(nil))
}

func TestContentTime(t *testing.T) {
	from, to := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := map[int64]string{}
	for i := range 20000 {
		s := string(rune('0'+i%10)) + time.Unix(int64(i), 0).String()
		for _, at := range []time.Time{contentTime(s, "n", nil), contentTime("", "n", []byte(s)), contentTime("", s, nil)} {
			if at.Before(from) || !at.Before(to) || at.Nanosecond()%100 != 0 {
				t.Fatalf("%v is no plausible time", at)
			}
			if other, ok := seen[at.UnixNano()]; ok {
				t.Fatalf("%q and %q share %v", s, other, at)
			}
			seen[at.UnixNano()] = s
		}
	}
	if contentTime("ab", "", nil).Equal(contentTime("a", "b", nil)) {
		t.Error("what belongs to what does not count")
	}
	// It is the same in every run, or Dockerfiles were sent again after a restart.
	if got, want := contentTime("/x/Dockerfile", "Dockerfile", []byte("FROM a")).UnixNano(), int64(1656718514254451100); got != want {
		t.Errorf("the time is now %d, was %d", got, want)
	}
}
