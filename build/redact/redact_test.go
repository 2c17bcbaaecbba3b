package redact

import "testing"

func TestURLs(t *testing.T) {
	for text, want := range map[string]string{
		"[2/3] ADD https://me:p%40ss@host/a.tgz /":      "[2/3] ADD https://***@host/a.tgz /",
		`git clone "https://token@host/a.git"`:          `git clone "https://***@host/a.git"`,
		"http://a:b@one/ and http://c:d@e@two":          "http://***@one/ and http://***@two",
		"ssh://git@host/a, ssh://git:pass@host/a":       "ssh://git@host/a, ssh://git@host/a",
		"git@host:a, me@mail, http://host/@scope":       "git@host:a, me@mail, http://host/@scope",
		"http://host?q=a@b http://host#a@b":             "http://host?q=a@b http://host#a@b",
		"http://***@host":                               "http://***@host",
		`msg="stage name \"http://me:pass@host/base\""`: `msg="stage name \"http://***@host/base\""`,
	} {
		if got := URLs(text); got != want {
			t.Errorf("%s became\n%s, want\n%s", text, got, want)
		}
	}
}
