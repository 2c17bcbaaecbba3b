package handlers

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/buildls/buildls/handlers/history"
)

// A disk that hangs holds nobody up for long, whoever comes, and is used again once it
// answers.
func TestSlowDisk(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		var p historyStore
		answers := make(chan bool)
		hang := func(history.Store) (bool, error) { return <-answers, nil }
		start := time.Now()
		for range 2 {
			if _, err := ask(&p, time.Second, hang); !errors.Is(err, errSlow) {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Error(took)
		}
		answers <- true
		if ok, err := ask(&p, time.Second, func(history.Store) (bool, error) { return true, nil }); !ok || err != nil {
			t.Error(ok, err)
		}
	})
}
