//go:build linux && !portable

package daemon

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestIdleCountsFromTheLastCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newActivity(time.Minute)
		start := time.Now()
		for range 2 { // two calls at once, the second ends later
			if err := a.begin(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Minute)
		a.end()
		time.Sleep(5 * time.Minute)
		a.end()
		<-a.over
		if got := time.Since(start); got != 11*time.Minute {
			t.Errorf("idle after %v, want 11m", got)
		}
		if err := a.begin(); status.Code(err) != codes.Unavailable {
			t.Errorf("a call to an ending engine: %v, want Unavailable", err)
		}
	})
}

func TestUnusedEngineIdlesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		<-newActivity(time.Minute).over
		if got := time.Since(start); got != time.Minute {
			t.Errorf("idle after %v", got)
		}
	})
}

func TestIdleZeroIsNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newActivity(0)
		if err := a.begin(); err != nil {
			t.Fatal(err)
		}
		a.end()
		select {
		case <-a.over:
			t.Error("idle")
		case <-time.After(1000 * time.Hour):
		}
	})
}
