package build

import (
	"testing"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// at is a moment of a build.
func at(second float64) *time.Time {
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(second * float64(time.Second)))
	return &t
}

func mapped(names ...string) LineMap {
	var m LineMap
	for i, name := range names {
		m = append(m, MappedVertex{Digest: digest.FromString(name), Name: name, Lines: dockerfile.Lines{First: i, Last: i}})
	}
	return m
}

func vertices(vs ...client.Vertex) *client.SolveStatus {
	ss := &client.SolveStatus{}
	for _, v := range vs {
		v.Digest = digest.FromString(v.Name)
		ss.Vertexes = append(ss.Vertexes, &v)
	}
	return ss
}

func TestFold(t *testing.T) {
	state := newBuildState()
	state.update(vertices(client.Vertex{Name: "[internal] load metadata", Started: at(0)}))
	if p := state.progress(); p != (Progress{Message: "[internal] load metadata"}) {
		t.Errorf("before the line map: %+v", p)
	}
	state.setLines(mapped("[1/5] FROM a", "[2/5] RUN one", "[3/5] RUN two", "[4/5] RUN three", "[5/5] RUN never"))
	state.update(vertices(client.Vertex{Name: "[internal] load metadata", Started: at(0), Completed: at(1)},
		client.Vertex{Name: "[1/5] FROM a", Started: at(1), Completed: at(1), Cached: true},
		client.Vertex{Name: "[2/5] RUN one", Started: at(1)}))
	if p := state.progress(); p != (Progress{Message: "[2/5] RUN one", Percentage: 23}) {
		t.Errorf("one of five: %+v", p)
	}
	if s := state.live(); s[0].Status != Cached || s[1].Status != Running || s[2].Status != Waiting {
		t.Errorf("live: %+v", s)
	}
	logs := state.update(&client.SolveStatus{Logs: []*client.VertexLog{
		{Vertex: digest.FromString("[2/5] RUN one"), Data: []byte("hello\n")},
		{Vertex: digest.FromString("[internal] load metadata"), Data: []byte("meta\n")}}})
	if len(logs) != 2 || logs[0] != (Log{Step: 1, Name: "[2/5] RUN one", Text: "hello\n"}) || logs[1].Step != -1 {
		t.Errorf("logs %+v", logs)
	}
	state.update(vertices(client.Vertex{Name: "[2/5] RUN one", Started: at(1), Completed: at(3.5)},
		client.Vertex{Name: "[3/5] RUN two", Started: at(4), Completed: at(5), Error: "process \"/bin/sh -c false\" did not complete successfully: exit code: 12"},
		client.Vertex{Name: "[4/5] RUN three", Started: at(4), Completed: at(5), Error: "process \"/bin/sh\" did not complete successfully: context canceled"}))

	want := []Step{
		{Name: "[1/5] FROM a", Lines: dockerfile.Lines{First: 0, Last: 0}, Status: Cached, Started: true},
		{Name: "[2/5] RUN one", Lines: dockerfile.Lines{First: 1, Last: 1}, Status: Done, Started: true, Duration: 2500 * time.Millisecond},
		{Name: "[3/5] RUN two", Lines: dockerfile.Lines{First: 2, Last: 2}, Status: Failed, Started: true, Duration: time.Second},
		{Name: "[4/5] RUN three", Lines: dockerfile.Lines{First: 3, Last: 3}, Status: Canceled, Started: true, Duration: time.Second},
		{Name: "[5/5] RUN never", Lines: dockerfile.Lines{First: 4, Last: 4}, Status: Canceled},
	}
	for i, got := range state.steps(false) {
		if got.ExitCode != nil && (i != 2 || *got.ExitCode != 12) || got.ExitCode == nil && i == 2 {
			t.Errorf("exit code of %+v", got)
		}
		got.ExitCode = nil
		if got != want[i] {
			t.Errorf("step %d: %+v, want %+v", i, got, want[i])
		}
	}
	if v := state.failed(); v == nil || v.Name != "[3/5] RUN two" {
		t.Errorf("failed: %+v", v)
	}
}

// A vertex that the solver comes back to keeps its first start; one that succeeded is
// not running again.
func TestVertexStartsAgain(t *testing.T) {
	state := newBuildState()
	state.setLines(mapped("RUN one"))
	state.update(vertices(client.Vertex{Name: "RUN one", Started: at(1), Completed: at(2)}))
	state.update(vertices(client.Vertex{Name: "RUN one", Started: at(3)}))
	if p := state.progress(); p.Percentage != 95 {
		t.Errorf("%+v", p)
	}
	state.update(vertices(client.Vertex{Name: "RUN one", Started: at(3), Completed: at(4)}))
	if s := state.steps(true)[0]; s.Duration != 3*time.Second || s.Status != Done {
		t.Errorf("%+v", s)
	}
}

// What a successful build never spoke of was cached.
func TestUnspokenIsCached(t *testing.T) {
	state := newBuildState()
	state.setLines(mapped("RUN one"))
	if s := state.steps(true)[0]; s.Status != Cached {
		t.Errorf("%+v", s)
	}
	if s := state.steps(false)[0]; s.Status != Canceled {
		t.Errorf("%+v", s)
	}
}

// A COPY whose source is missing fails before the engine has what it stands on, and the engine then
// calls all of that cached. A step that ran was cut off, and one behind it was never reached.
func TestPresumedCached(t *testing.T) {
	on := func(name string) []digest.Digest { return []digest.Digest{digest.FromString(name)} }
	state := newBuildState()
	state.setLines(mapped("FROM a", "RUN one", "RUN two", "COPY none /"))
	state.update(vertices(client.Vertex{Name: "FROM a", Started: at(0), Completed: at(0.5), Cached: true}))
	state.update(vertices(client.Vertex{Name: "RUN one", Inputs: on("FROM a"), Started: at(1)}))
	state.update(vertices(client.Vertex{Name: "RUN two", Inputs: on("RUN one")}))
	state.update(vertices(
		client.Vertex{Name: "RUN one", Inputs: on("FROM a"), Started: at(2), Completed: at(2), Cached: true},
		client.Vertex{Name: "RUN two", Inputs: on("RUN one"), Started: at(2), Completed: at(2), Cached: true},
		client.Vertex{Name: "COPY none /", Inputs: on("RUN two"), Started: at(2), Completed: at(2.1), Error: "not found"}))
	check := func(steps []Step, want ...Status) {
		t.Helper()
		for i, s := range steps {
			if s.Status != want[i] {
				t.Errorf("%s: %s, want %s", s.Name, s.Status, want[i])
			}
		}
	}
	check(state.live(), Cached, Running, Waiting, Failed)
	check(state.steps(false), Cached, Canceled, Canceled, Failed)

	// What a step loaded from the cache stands on is needed no more.
	state = newBuildState()
	state.setLines(mapped("RUN one", "RUN two", "RUN three"))
	state.update(vertices(
		client.Vertex{Name: "RUN one", Started: at(1), Completed: at(1), Cached: true},
		client.Vertex{Name: "RUN two", Inputs: on("RUN one"), Started: at(1), Completed: at(1.5), Cached: true},
		client.Vertex{Name: "RUN three", Inputs: on("RUN two"), Started: at(2), Completed: at(3), Error: "exit code: 1"}))
	check(state.steps(false), Cached, Cached, Failed)
}

// What a vertex is at is shown behind its name: bytes, or words.
func TestDoing(t *testing.T) {
	begun := time.Unix(1, 0)
	state := newBuildState()
	state.update(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "sha256:a", Name: "[1/2] FROM base", Started: &begun}}})
	for _, c := range []struct {
		want string
		part client.VertexStatus
	}{
		{"[1/2] FROM base: resolve registry/base", client.VertexStatus{ID: "resolve registry/base@sha256:12"}},
		{"[1/2] FROM base", client.VertexStatus{ID: "resolve registry/base@sha256:12", Completed: &begun}},
		{"[1/2] FROM base: 1MB of 4MB", client.VertexStatus{ID: "sha256:12", Current: 1e6, Total: 4e6}},
		{"[1/2] FROM base: 2MB of 7MB", client.VertexStatus{ID: "sha256:34", Current: 1e6, Total: 3e6}},
		{"[1/2] FROM base: 5MB of 7MB", client.VertexStatus{ID: "sha256:12", Current: 4e6, Total: 4e6}},
		{"[1/2] FROM base", client.VertexStatus{ID: "sha256:34", Current: 3e6, Total: 3e6}},
		{"[1/2] FROM base", client.VertexStatus{ID: "extracting sha256:12"}},
		{"[1/2] FROM base: transferring 5kB", client.VertexStatus{ID: "transferring:", Current: 5000}},
	} {
		c.part.Vertex = "sha256:a"
		state.update(&client.SolveStatus{Statuses: []*client.VertexStatus{&c.part}})
		if got := state.progress().Message; got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// An engine whose clock is set back while a step runs says that it ended before it began.
func TestClockSetBack(t *testing.T) {
	state := newBuildState()
	state.setLines(mapped("[1/1] RUN one"))
	state.update(vertices(client.Vertex{Name: "[1/1] RUN one", Started: at(60), Completed: at(1)}))
	if s := state.steps(true); s[0].Duration != 0 || s[0].Status != Done {
		t.Errorf("%+v", s)
	}
}

// A vertex that several instructions stand for has the lines of the first, in whatever order
// BuildKit names them.
func TestLinesOfSharedVertex(t *testing.T) {
	text := []byte("FROM a AS b\nFROM a\n")
	at := func(line int32) *pb.Location {
		return &pb.Location{Ranges: []*pb.Range{{Start: &pb.Position{Line: line}, End: &pb.Position{Line: line}}}}
	}
	src := &pb.Source{Infos: []*pb.SourceInfo{{Data: text}}}
	for _, locations := range [][]*pb.Location{{at(1), at(2)}, {at(2), at(1)}} {
		if lines, ok := linesIn(src, &pb.Locations{Locations: locations}, text); !ok || lines != (dockerfile.Lines{First: 0, Last: 0}) {
			t.Errorf("%v %v", lines, ok)
		}
	}
}
