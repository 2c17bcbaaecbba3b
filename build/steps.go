package build

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/escape"
	"github.com/buildls/buildls/build/logs"
	"github.com/buildls/buildls/build/redact"
)

// Status is how a step ended.
type Status string

const (
	Waiting  Status = "waiting" // for another to end
	Running  Status = "running"
	Cached   Status = "cached"
	Done     Status = "done"
	Failed   Status = "failed"
	Canceled Status = "canceled" // stopped, or never started
)

// A Step is what became of an instruction on a platform.
type Step struct {
	Name     string // as BuildKit shows it, e.g. "[build 2/3] RUN make"
	Lines    dockerfile.Lines
	Columns  dockerfile.Columns // narrow Lines if others stand in them; else the zero value
	Status   Status
	Started  bool // false for one that was not reached
	Duration time.Duration
	ExitCode *int // of a RUN that failed
	// Why it was not cached, in a sentence; empty if it was, or did not run.
	Why string
}

// From says whether the step stands for a FROM: an image that is looked up.
func (s Step) From() bool {
	_, instruction, _ := strings.Cut(s.Name, "] ")
	return strings.HasPrefix(instruction, "FROM ")
}

// A Log is output of a vertex.
type Log struct {
	Step int    // index into the steps, -1 if the vertex stands for no instruction
	Name string // the vertex's
	Text string
}

// Progress is how far a build is.
type Progress struct {
	Message    string // the step that runs, as BuildKit shows it
	Percentage int    // 0 to 99; a build is whole only when it has ended
}

// fold is the state of one build: a pure function of the line map and of the
// status messages in the order in which they came.
type fold struct {
	dockerfile []byte // nil as long as it is not known

	lines    LineMap
	index    map[digest.Digest]int // of each vertex in lines
	vertices map[digest.Digest]*vertex
	order    []*vertex // as first seen
	warnings []*client.VertexWarning
	message  string // the newest that progress showed
	images   dockerfile.Images
	defs     []definition
	hidden   redact.Mask

	linked map[*Request]LineMap       // of the builds that this one stands on
	owner  map[digest.Digest]*Request // which of them tells of a vertex

	book *logs.Book
}

type vertex struct {
	client.Vertex
	running bool                   // perhaps again: an exporter pushes after it has completed
	parts   []*client.VertexStatus // as first seen
	escapes escape.Filter          // of its output
	logs.Output
}

func newFold() *fold {
	return &fold{vertices: map[digest.Digest]*vertex{}, linked: map[*Request]LineMap{}, owner: map[digest.Digest]*Request{}, book: &logs.Book{Limit: logs.MaxBytes}}
}

// update folds one status message in, and returns the output that it brought.
func (f *fold) update(ss *client.SolveStatus) []Log {
	for _, v := range ss.Vertexes {
		w := f.vertex(v.Digest)
		w.running = v.Started != nil && v.Completed == nil
		w.Vertex = merge(w.Vertex, *v)
	}
	for _, s := range ss.Statuses {
		f.part(s)
	}
	f.warnings = append(f.warnings, ss.Warnings...)
	var logs []Log
	say := func(v *vertex, text []byte) {
		if len(text) > 0 {
			logs = append(logs, Log{Step: f.step(v.Digest), Name: f.shown(v), Text: string(text)})
		}
	}
	for _, l := range ss.Logs {
		v := f.vertex(l.Vertex)
		say(v, v.Write(l.Data, f.hidden))
	}
	for _, v := range ss.Vertexes {
		if v.Completed != nil {
			say(f.vertices[v.Digest], f.vertices[v.Digest].Flush(f.hidden))
		}
	}
	return logs
}

// flushLogs keeps what was held back: nothing more comes.
func (f *fold) flushLogs() {
	for _, v := range f.order {
		v.Flush(f.hidden)
	}
}

func (f *fold) vertex(d digest.Digest) *vertex {
	v := f.vertices[d]
	if v == nil {
		v = &vertex{Vertex: client.Vertex{Digest: d}, Output: logs.Output{Book: f.book}}
		f.vertices[d] = v
		f.order = append(f.order, v)
	}
	return v
}

// merge takes a vertex's newest state. It may start again after it completed (the
// solver came back for another of its results); it then counts from its first start.
func merge(old, v client.Vertex) client.Vertex {
	if old.Started != nil && v.Started != nil && old.Started.Before(*v.Started) {
		v.Started = old.Started
	}
	if old.Completed != nil && v.Completed == nil && old.Error == "" && !old.Cached {
		v.Completed = old.Completed
	}
	return v
}

// setLines says which vertices stand for instructions.
func (f *fold) setLines(m LineMap) {
	f.lines = m
	f.index = make(map[digest.Digest]int, len(m))
	for i, v := range m {
		f.index[v.Digest] = i
	}
}

// step is the index of a vertex in the steps, or -1.
func (f *fold) step(d digest.Digest) int {
	if i, ok := f.index[d]; ok {
		return i
	}
	return -1
}

// steps are the vertices of the line map and what became of them. Once the build
// has succeeded, what the engine never spoke of was not needed: the cache had what
// stands on it.
func (f *fold) steps(succeeded bool) []Step {
	steps := make([]Step, 0, len(f.lines))
	for _, m := range f.lines {
		s := Step{Name: m.Name, Lines: m.Lines, Status: Canceled}
		v := f.vertices[m.Digest]
		if v != nil {
			s.Name = v.Name
			s.Duration = v.duration()
			s.ExitCode = exitCodeIn(v.Error)
			s.Status = v.status()
			s.Started = v.Started != nil
		}
		if succeeded && s.Status == Canceled {
			s.Status = Cached
		}
		steps = append(steps, s)
	}
	return steps
}

// live are the steps of a build that has not ended.
func (f *fold) live() []Step {
	steps := f.steps(false)
	for i, m := range f.lines {
		switch v := f.vertices[m.Digest]; {
		case v == nil || v.Started == nil:
			steps[i].Status = Waiting
		case v.Completed == nil && v.Error == "":
			steps[i].Status = Running
		}
	}
	return steps
}

func (v *vertex) status() Status {
	switch {
	case v.Error != "" && canceledText.MatchString(v.Error):
		return Canceled
	case v.Error != "":
		return Failed
	case v.Cached:
		return Cached
	case v.Completed != nil:
		return Done
	default:
		return Canceled
	}
}

func (v *vertex) duration() time.Duration {
	if v.Started == nil || v.Completed == nil || v.Cached {
		return 0
	}
	return max(0, v.Completed.Sub(*v.Started)) // the engine's clock may have been set back
}

// failed is the first vertex that failed of itself, nil if there is none.
func (f *fold) failed() *vertex {
	for _, v := range f.order {
		if v.status() == Failed {
			return v
		}
	}
	return nil
}

// hasFailed says whether a vertex is known to have failed.
func (f *fold) hasFailed(d digest.Digest) bool {
	v := f.vertices[d]
	return v != nil && v.Error != ""
}

var (
	canceledText = regexp.MustCompile(`context canceled|CANCELED`)
	exitCodeText = regexp.MustCompile(`(?:^|: )exit code: (\d+)$`)
)

// exitCodeIn finds a process's exit code in a vertex's error, nil if there is none.
func exitCodeIn(message string) *int {
	m := exitCodeText.FindStringSubmatch(strings.TrimSpace(message))
	if m == nil {
		return nil
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return nil
	}
	return &n
}

// progress names the vertex that runs, an instruction's before an internal one, the
// youngest first, and counts how many are complete: of the instructions once they
// are known. The last hundredths are for the export.
func (f *fold) progress() Progress {
	var running *vertex
	for _, v := range f.order {
		if !v.running || f.step(v.Digest) >= 0 && v.Completed != nil {
			continue
		}
		if running == nil || f.step(v.Digest) >= 0 || f.step(running.Digest) < 0 {
			running = v
		}
	}
	if running != nil { // between two, the last one's name stays
		f.message = f.shown(running) + running.doing()
	}
	p := Progress{Message: f.message}
	if len(f.lines) == 0 {
		return p
	}
	done := 0
	for _, m := range f.lines {
		if v := f.vertices[m.Digest]; v != nil && v.Completed != nil {
			done++
		}
	}
	p.Percentage = 5 + 90*done/len(f.lines)
	return p
}
