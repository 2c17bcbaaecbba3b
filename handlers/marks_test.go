package handlers

import (
	"testing"
	"time"

	"github.com/buildls/buildls/build"
)

// The label of an instruction is that of the worst of its vertices.
func TestLabels(t *testing.T) {
	now := time.Now()
	seven := 7
	cached := build.Step{Status: build.Cached}
	quick := build.Step{Status: build.Done, Duration: 1449 * time.Millisecond}
	slow := build.Step{Status: build.Done, Duration: 95 * time.Second}
	waiting := build.Step{Status: build.Waiting}
	running := build.Step{Status: build.Running}
	failed := build.Step{Status: build.Failed, Started: true, ExitCode: &seven}
	lost := build.Step{Status: build.Failed}
	canceled := build.Step{Status: build.Canceled, Started: true}
	skipped := build.Step{Status: build.Canceled}
	for _, c := range []struct {
		want  string
		steps []build.Step
	}{
		{"cached", []build.Step{cached}},
		{"1.4 s", []build.Step{cached, quick}},
		{"1 min 35 s", []build.Step{slow, quick, cached}},
		{"", []build.Step{waiting, slow}},
		{"running 3 s", []build.Step{waiting, cached, quick, running}},
		{"✗ exit 7", []build.Step{running, failed, canceled}},
		{"✗ failed", []build.Step{lost}},
		{"canceled", []build.Step{skipped, canceled, quick}},
		{"skipped", []build.Step{quick, skipped, cached}},
	} {
		f := &trackedBuild{steps: c.steps, since: map[int]time.Time{}}
		for i := range c.steps {
			f.since[i] = now.Add(-3500 * time.Millisecond)
		}
		if got := f.labels(now)[0]; got != c.want {
			t.Errorf("%+v: %q, want %q", c.steps, got, c.want)
		}
	}
}
