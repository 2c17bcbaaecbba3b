package handlers

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// A build that does not end holds up no editor that closes.
func TestWaitForBuilds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b builds
		r := b.start(t.Context(), &plan.Plan{Setup: plan.Setup{Doc: &workspace.Document{URI: "untitled:Dockerfile"}}}, 1)
		start := time.Now()
		if b.wait(); time.Since(start) != 5*time.Second {
			t.Error(time.Since(start))
		}
		b.wg.Done()
		r.cancel(nil)
	})
}

// A build can be canceled from its command on, before there is a plan.
func TestCancelComing(t *testing.T) {
	var b builds
	planned := &plan.Plan{Setup: plan.Setup{Doc: &workspace.Document{URI: "untitled:Dockerfile"}}}
	b.expect()
	older := b.start(t.Context(), planned, 1)
	b.expect()
	if !b.cancel("") || older.ctx.Err() != nil {
		t.Error("the newest is the one that is being planned")
	}
	if !b.cancel("") || context.Cause(older.ctx) != errCanceled {
		t.Error("then the newest is the one that runs")
	}
	if r := b.start(t.Context(), planned, 2); context.Cause(r.ctx) != errCanceled {
		t.Errorf("it was canceled before it started: %v", context.Cause(r.ctx))
	}
	b.expect()
	b.forget(3)
	b.expect()
	b.cancelAll(errShutdown)
	if r := b.start(t.Context(), planned, 4); context.Cause(r.ctx) != errShutdown {
		t.Errorf("the editor has closed before it started: %v", context.Cause(r.ctx))
	}
	if len(b.coming) != 0 {
		t.Errorf("left: %v", b.coming)
	}
}
