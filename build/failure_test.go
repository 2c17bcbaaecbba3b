package build

import (
	"errors"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
)

// Errors as engines word them, and as the author reads them. The texts are recorded
// from Docker 20.10 and 28.5 and from buildkitd 0.34.
func TestPlainError(t *testing.T) {
	for text, want := range map[string]string{
		"failed to solve: dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)":                                                               "unknown instruction: RUNN (did you mean RUN?)",
		"failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 2: Unknown flag: form":                                "Unknown flag: form",
		"failed to solve: rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: failed to create LLB definition: the Dockerfile cannot be empty": "the Dockerfile cannot be empty",
		"failed to solve: failed to compute cache key: failed to calculate checksum of ref ymtw1q::x2lp3: \"/nope.txt\": not found":                                      "failed to compute cache key: failed to calculate checksum of the file: \"/nope.txt\": not found",
		"failed to solve: target stage \"x\" could not be found":                                                                                                         "target stage \"x\" could not be found",
	} {
		if got := dockerfile.PlainError(errors.New(text)); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestMissingPath(t *testing.T) {
	for text, want := range map[string]string{
		`failed to compute cache key: failed to calculate checksum of the file: "/nope.txt": not found`:                                              "/nope.txt",
		`failed to compute cache key: "/sub/nope.txt" not found: not found`:                                                                          "/sub/nope.txt",
		`lstat /nope.txt: no such file or directory`:                                                                                                 "/nope.txt",
		`failed to walk /var/lib/docker/overlay2/a82b9ccb38/merged: lstat /var/lib/docker/overlay2/a82b9ccb38/merged/a/b: no such file or directory`: "/a/b",
		`docker.io/library/nope:latest: not found`:                                                                                                   "",
	} {
		if got, ok := missingPath(text); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", text, got, ok, want)
		}
	}
}

// A build that fails because warnings are errors is failed by the line that is warned of.
func TestLintFailure(t *testing.T) {
	text := []byte("# check=error=true\nFROM scratch as a\nFROM scratch AS b\nRUN x\n")
	state := newBuildState()
	state.dockerfile = text
	for line, short := range map[int32]string{2: "FromAsCasing: casing", 4: "Other: not of this failure", 3: "StageNameCasing: casing"} {
		state.warnings = append(state.warnings, &client.VertexWarning{Short: []byte(short), SourceInfo: &pb.SourceInfo{Data: text}, Range: []*pb.Range{{Start: &pb.Position{Line: line}, End: &pb.Position{Line: line}}}})
	}
	for rules, want := range map[string]int{"FromAsCasing": 1, "FromAsCasing, StageNameCasing": 1, "StageNameCasing": 2} {
		fail := newFailure(errors.New("failed to solve: lint violation found for rules: "+rules), state, text)
		if fail.Lines == nil || fail.Lines.First != want || fail.Code != "build" {
			t.Errorf("%s: %+v", rules, fail)
		}
	}
	if fail := newFailure(errors.New("failed to solve: lint violation found for rules: Gone"), state, text); fail.Lines != nil {
		t.Errorf("%+v", fail.Lines)
	}
}

// Where something is missing is told by the flags of the instruction that takes it.
func TestSourceOf(t *testing.T) {
	for _, c := range [][3]string{
		{"COPY a /", "/a", ""},
		{"COPY --link --from=build a /", "/a", "build"},
		{"RUN --mount=type=bind,source=a,target=/a x", "/a", ""},
		{"RUN --mount=type=bind,from=x,source=b,target=/b --mount=type=bind,src=a,from=y,target=/a x", "/a", "y"},
		{"RUN --mount=type=bind,from=x,source=b,target=/b --mount=type=bind,source=./a,target=/a x", "/a", ""},
	} {
		if got := sourceOf(c[0], c[1]); got != c[2] {
			t.Errorf("%s: %q, not %q", c[0], got, c[2])
		}
	}
}

func TestTailOf(t *testing.T) {
	log := "one\n\x1b[31mtwo\x1b[0m\r\n\n 10%\r 50%\r100%\nfour  \n"
	if got, want := tailOf(log, 3), "two\n100%\nfour"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for line, want := range map[string]string{
		"":                                     "",
		"ls: /nope\r: No such file\r\n":        `ls: /nope\r: No such file`,
		"sh: can't open 'a\r'\r\n":             `sh: can't open 'a\r'`,
		"/bin/sh: line 1: true\r: not found\n": `/bin/sh: line 1: true\r: not found`,
		"cp: 'a\r' and 'b\r' differ\n":         `cp: 'a\r' and 'b\r' differ`,
		"\rReading 5\rReading 90\n":            "Reading 90",
		"Receiving objects:  10% (1/9)\rReceiving objects: 100% (9/9), done.\n": "Receiving objects: 100% (9/9), done.",
		"[=>  ] 1 MB\r[==> ] 2 MB\r[====] 3 MB\rdone\n":                         "done",
		"  % Total    % Received\r  0     0    0     0\r100  1256  100  1256\n": "100  1256  100  1256",
		"Downloading 10%\r\x1b[KDownloading 99%\r\n":                            "Downloading 99%",
	} {
		if got := tailOf(line, 3); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

func TestKeepsCarriageReturns(t *testing.T) {
	const text = "FROM a\r\nRUN <<EOF\r\nls\r\nEOF\r\nRUN a \\\r\n  b\r\nRUN <<EOF\nls\nEOF\n"
	for line, want := range map[int]bool{0: false, 1: true, 4: false, 6: false} {
		if got := keepsCarriageReturns([]byte(text), &dockerfile.Lines{First: line, Last: line}); got != want {
			t.Errorf("line %d: %v", line, got)
		}
	}
}

func TestStages(t *testing.T) {
	text := "# syntax=docker/dockerfile:1\n\n# compiles\nFROM a AS build\n# check=skip=all\nRUN x\nFROM --platform=linux/arm64 \\\n  b\n"
	stages, err := dockerfile.Parse([]byte(text)).Stages()
	if err != nil || len(stages) != 2 {
		t.Fatalf("%+v, %v", stages, err)
	}
	if s := stages[0]; s.Name != "build" || s.Base != "a" || s.Lines != (dockerfile.Lines{First: 3, Last: 3}) || s.Default {
		t.Errorf("%+v", s)
	}
	if s := stages[1]; s.Platform != "linux/arm64" || s.Lines != (dockerfile.Lines{First: 6, Last: 7}) || !s.Default {
		t.Errorf("%+v", s)
	}
	for target, want := range map[string]int{"build": 0, "BUILD": 0, "": 1, "1": -1, "x": -1} {
		if got := dockerfile.Target(stages, target); got != want {
			t.Errorf("target %q: stage %d, want %d", target, got, want)
		}
	}
	if got := dockerfile.Target([]dockerfile.Stage{{Name: "a"}, {Name: "A"}, {}}, "a"); got != 1 {
		t.Errorf("of two stages of a name the engine builds the last, not %d", got)
	}
	if _, err := dockerfile.Parse([]byte("RUNN\n")).Stages(); err == nil {
		t.Error("no error for what does not parse")
	}
}

// Whatever the bytes are, finding the place of an error does not panic and stays within
// the text.
func FuzzLocate(state *testing.F) {
	state.Add("FROM a\nRUN b\n", "failed to solve: dockerfile parse error on line 2: x")
	state.Add("", "the Dockerfile cannot be empty")
	state.Add("FROM a\nCOPY --from=docker.io/b c d\n", "docker.io/b:latest: not found")
	state.Add("FROM a\nRUN --mount=from=b,target=/x <<E\n\nE", "target stage \"q\" could not be found")
	state.Fuzz(func(t *testing.T, dockerfile, text string) {
		fail := newFailure(errors.New(text), newBuildState(), []byte(dockerfile))
		if l := fail.Lines; l != nil && (l.First < 0 || l.Last < l.First) {
			t.Errorf("%+v", *l)
		}
	})
}

// A build that fails is no syntax error because its RUN mounts something.
func TestMountsAreWellFormed(t *testing.T) {
	if l := (locator{file: dockerfile.Parse([]byte("FROM image\nRUN --mount=target=/a --mount=type=cache,target=/b true\n"))}); !l.wellFormed() {
		t.Error("it is taken for wrong")
	}
}
