package handlers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
)

// wishFor is what a Dockerfile in a context wants of it.
func wishFor(t *testing.T, dir, source string) usageQuery {
	t.Helper()
	w := usageQuery{view: view{Setup: planFor(dir, source, nil).Setup}}
	var err error
	if w.need, err = new(dockerfile.ContextNeeds).OfAll(t.Context(), dockerfile.Parse([]byte(source)), dockerfile.Given{}); err != nil {
		t.Fatal(err)
	}
	if w.ignore, err = w.IgnoreFile(); err != nil {
		t.Fatal(err)
	}
	return w
}

// What was seen a moment ago is not looked at again until something changed; a look that
// was ended left nothing behind; a context that is too large is not tried all the time.
func TestLook(t *testing.T) {
	const dockerfile = "FROM scratch\nCOPY . /\n"
	dir := layout{"a": "1"}.lay(t)
	w := wishFor(t, dir, dockerfile)
	var v contextUsage
	v.init(nil)
	look := func(ctx context.Context, want int) {
		t.Helper()
		seen, err := v.current(ctx, []usageQuery{w})
		if err != nil || seen.uses[keyOfUse(0, w.need.Uses[0])].Files != want {
			t.Errorf("%+v, %v; want %d files", seen, err, want)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if seen, err := v.current(canceled, []usageQuery{w}); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", seen, err)
	}
	look(t.Context(), 2) // the buffer of the Dockerfile too
	if err := os.WriteFile(filepath.Join(dir, "b"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	look(t.Context(), 2)
	v.changed(nil)
	look(t.Context(), 3)

	v.changed(nil)
	tooLong, cancel := context.WithTimeoutCause(t.Context(), 0, errLargeContext)
	defer cancel()
	v.file(w.Doc.URI).turn <- struct{}{} // who waits for another's look sees nothing either
	if seen, err := v.current(tooLong, []usageQuery{w}); !errors.Is(err, errLargeContext) {
		t.Errorf("%+v, %v", seen, err)
	}
	<-v.file(w.Doc.URI).turn

	f := v.file(w.Doc.URI)
	f.last = &usageSnapshot{key: keyOfQueries([]usageQuery{w}), at: time.Now(), took: surveyWithin, err: errLargeContext}
	f.stale = false
	if seen, err := v.current(t.Context(), []usageQuery{w}); !errors.Is(err, errLargeContext) {
		t.Errorf("%+v, %v", seen, err)
	}
	if rest := f.rest(); rest < 3*surveyWithin {
		t.Errorf("rests for %s", rest)
	}
}

// An edit ends the look of who looks.
func TestEditEndsLook(t *testing.T) {
	files := layout{}
	for _, d := range "abcdefghijklmnopqrstuvwxyz" {
		for _, e := range "abcdefghijklmnopqrstuvwxyz" {
			files[string(d)+"/"+string(e)+"/"] = ""
		}
	}
	w := wishFor(t, files.lay(t), "FROM scratch\nCOPY . /\n")
	var v contextUsage
	v.init(nil)
	ended := make(chan error)
	go func() {
		for {
			if _, err := v.current(t.Context(), []usageQuery{w}); err != nil {
				ended <- err
				return
			}
		}
	}()
	for {
		v.changed(nil)
		select {
		case err := <-ended:
			if !errors.Is(err, errNewerText) {
				t.Error(err)
			}
			return
		case <-t.Context().Done():
			return
		default:
		}
	}
}
