package handlers

import (
	"math"
	"slices"
	"time"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

// ofStages says of stages what became of each, by its index: of its newest build, or of its steps
// in a newer build of another stage.
func (m *marks) ofStages(uri workspace.URI, stages []dockerfile.Stage) map[int]string {
	targets, steps := m.newestOf(uri, stages)
	became, now := map[int]string{}, time.Now()
	for i, b := range targets {
		became[i] = b.summary(now)
	}
	if steps == nil {
		return became
	}
	built, err := steps.baseline.File.Stages()
	if err != nil {
		return became
	}
	for j, stage := range built {
		i := dockerfile.Target(stages, stage.Name)
		if stage.Name == "" || i < 0 || targets[i] != nil && targets[i].sequence >= steps.sequence {
			continue
		}
		until := math.MaxInt
		if j+1 < len(built) {
			until = built[j+1].Lines.First
		}
		if text := steps.total(stage.Lines.First, until, now); text != "" {
			became[i] = text
		}
	}
	return became
}

// newestOf are the newest builds of stages, by their index, and the newest of which steps are
// known; nil if there is none.
func (m *marks) newestOf(uri workspace.URI, stages []dockerfile.Stage) (newest map[int]*trackedBuild, steps *trackedBuild) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.files[uri.Key()]
	if f == nil {
		return nil, nil
	}
	newest = map[int]*trackedBuild{}
	for target, b := range f.targets {
		i := dockerfile.Target(stages, target)
		if old := newest[i]; old == nil || old.sequence < b.sequence {
			newest[i] = b
		}
	}
	return newest, f.steps
}

// total is what became of the steps of a stage that took part in a build, and how long they took
// together; the lines are those of the text that was built. It is empty if there are none, or they
// have yet to come.
func (f *trackedBuild) total(from, until int, now time.Time) string {
	var steps []build.Step
	var worst build.Step
	var took time.Duration
	for i, s := range f.steps {
		if s.Lines.First < from || s.Lines.First >= until {
			continue
		}
		if len(steps) == 0 || compareSteps(s, worst) > 0 {
			worst = s
		}
		if began, runs := f.since[i]; runs {
			took += now.Sub(began)
		}
		steps, took = append(steps, s), took+s.Duration
	}
	switch {
	case !slices.ContainsFunc(steps, func(s build.Step) bool { return !s.From() }) || worst.Status == build.Waiting:
		return ""
	case worst.Status == build.Running:
		return runningFor(took)
	case worst.Status == build.Canceled && !worst.Started:
		return skipped
	case worst.Status == build.Failed, worst.Status == build.Canceled:
		return string(worst.Status)
	case allCached(steps):
		return "cached"
	}
	return seconds(took)
}

// summary is what became of a build in a word or two.
func (f *trackedBuild) summary(now time.Time) string {
	switch {
	case f.outcome == nil:
		return runningFor(now.Sub(f.began))
	case f.outcome.Status == build.Done && allCached(f.steps):
		return "cached"
	case f.outcome.Status == build.Done:
		return seconds(f.outcome.Duration)
	}
	return string(f.outcome.Status)
}

// allCached says whether no step was run. An image that a stage stands on is looked up
// every time.
func allCached(steps []build.Step) bool {
	ran := func(s build.Step) bool { return s.Status != build.Cached && !s.From() }
	return slices.ContainsFunc(steps, func(s build.Step) bool { return !s.From() }) && !slices.ContainsFunc(steps, ran)
}
