package build

import (
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/escape"
	"github.com/buildls/buildls/build/lazyregexp"
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
	// Why says in a sentence why the step was not cached. Run leaves it empty: see package explain.
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

// A buildState is the state of one build. It is a pure function of the line map and of the status
// messages, in the order in which they came. One goroutine has it.
type buildState struct {
	dockerfile []byte // nil as long as it is not known

	lines    LineMap
	index    map[digest.Digest]int // of each vertex in lines
	vertices map[digest.Digest]*vertex
	order    []*vertex // as first seen
	warnings []*client.VertexWarning
	warned   []dockerfile.Problem // by this side
	notes    []string             // likewise, of linked builds
	message  string               // the newest that progress showed
	images   dockerfile.Images
	defs     []Definition
	hidden   redact.Mask

	linked map[*Request]LineMap       // of each build that this one stands on
	owner  map[digest.Digest]*Request // the build whose messages about a vertex count

	book *logs.Book
}

type vertex struct {
	client.Vertex
	running bool                   // perhaps again: an exporter pushes after it has completed
	parts   []*client.VertexStatus // as first seen
	escapes escape.Filter          // of its output
	logs.Output
}

func newBuildState() *buildState {
	return &buildState{vertices: map[digest.Digest]*vertex{}, linked: map[*Request]LineMap{}, owner: map[digest.Digest]*Request{}, book: &logs.Book{Limit: logs.MaxBytes}}
}

// update adds one status message to the state, and returns the output in it.
func (b *buildState) update(ss *client.SolveStatus) []Log {
	for _, v := range ss.Vertexes {
		w := b.vertex(v.Digest)
		if w.running && presumed(v) {
			continue // it runs
		}
		w.running = v.Started != nil && v.Completed == nil
		w.Vertex = merge(w.Vertex, *v)
	}
	for _, s := range ss.Statuses {
		b.part(s)
	}
	b.warnings = append(b.warnings, ss.Warnings...)
	var logs []Log
	say := func(v *vertex, text []byte) {
		if len(text) > 0 {
			logs = append(logs, Log{Step: b.step(v.Digest), Name: b.displayName(v), Text: string(text)})
		}
	}
	for _, l := range ss.Logs {
		v := b.vertex(l.Vertex)
		say(v, v.Write(l.Data, b.hidden))
	}
	for _, v := range ss.Vertexes {
		if v.Completed != nil {
			say(b.vertices[v.Digest], b.vertices[v.Digest].Flush(b.hidden))
		}
	}
	return logs
}

// flushLogs keeps the output that was held back for the mask. It is called after the last message.
func (b *buildState) flushLogs() {
	for _, v := range b.order {
		v.Flush(b.hidden)
	}
}

func (b *buildState) vertex(d digest.Digest) *vertex {
	v := b.vertices[d]
	if v == nil {
		v = &vertex{Vertex: client.Vertex{Digest: d}, Output: logs.Output{Book: b.book}}
		b.vertices[d] = v
		b.order = append(b.order, v)
	}
	return v
}

// merge returns a vertex's newest state. A vertex may start again after it completed, because the
// solver came back for another of its results. Its time counts from its first start.
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
func (b *buildState) setLines(m LineMap) {
	b.lines = m
	b.index = make(map[digest.Digest]int, len(m))
	for i, v := range m {
		b.index[v.Digest] = i
	}
}

// step is the index of a vertex in the steps, or -1.
func (b *buildState) step(d digest.Digest) int {
	if i, ok := b.index[d]; ok {
		return i
	}
	return -1
}

// steps are the vertices of the line map and what became of them. If the build has succeeded, a
// vertex that the engine never spoke of was not needed: the cache had the result of a later one.
func (b *buildState) steps(succeeded bool) []Step {
	steps, unproven := make([]Step, 0, len(b.lines)), b.unproven()
	for _, m := range b.lines {
		s := Step{Name: m.Name, Lines: m.Lines, Status: Canceled}
		v := b.vertices[m.Digest]
		if v != nil {
			s.Name = v.Name
		}
		if v != nil && !unproven[m.Digest] {
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
func (b *buildState) live() []Step {
	steps := b.steps(false)
	for i, m := range b.lines {
		switch v := b.vertices[m.Digest]; {
		case !steps[i].Started:
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

// failed is the first vertex that failed by itself and was not canceled; nil if there is none.
func (b *buildState) failed() *vertex {
	for _, v := range b.order {
		if v.status() == Failed {
			return v
		}
	}
	return nil
}

// hasFailed says whether the engine has said that a vertex failed.
func (b *buildState) hasFailed(d digest.Digest) bool {
	v := b.vertices[d]
	return v != nil && v.Error != ""
}

var (
	canceledText = lazyregexp.New(`context canceled|CANCELED`)
	exitCodeText = lazyregexp.New(`(?:^|: )exit code: (\d+)$`)
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

// progress names a vertex that runs: an instruction's rather than an internal one, and of these the
// youngest. It counts how many instructions are complete. The last five percent are for the export.
func (b *buildState) progress() Progress {
	var running *vertex
	for _, v := range b.order {
		if !v.running || b.step(v.Digest) >= 0 && v.Completed != nil {
			continue
		}
		if running == nil || b.step(v.Digest) >= 0 || b.step(running.Digest) < 0 {
			running = v
		}
	}
	if running != nil { // while none runs, the name of the last one stays
		b.message = b.displayName(running) + running.doing()
	}
	p := Progress{Message: b.message}
	if len(b.lines) == 0 {
		return p
	}
	done := 0
	for _, m := range b.lines {
		if v := b.vertices[m.Digest]; v != nil && v.Completed != nil {
			done++
		}
	}
	p.Percentage = 5 + 90*done/len(b.lines)
	return p
}
