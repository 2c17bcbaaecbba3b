package build

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/logs"
	"github.com/buildls/buildls/build/redact"
	"github.com/moby/buildkit/client"
)

// printed folds in what a step printed, in many pieces.
func printed(state *buildState, lines int) (all string) {
	var b strings.Builder
	for i := range lines {
		line := fmt.Sprintf("%d: %s\n", i, strings.Repeat("x", i%100))
		b.WriteString(line)
		state.update(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: "v", Data: []byte(line)}, {Vertex: "w", Data: []byte("other\n")}}})
	}
	return b.String()
}

// setTemp has temporary files made in dir.
func setTemp(t *testing.T, dir string) {
	for _, name := range []string{"TMPDIR", "TMP"} { // the latter on Windows
		t.Setenv(name, dir)
	}
}

// All output is kept, and little of it in memory.
func TestLongLog(t *testing.T) {
	temp := t.TempDir()
	setTemp(t, temp)
	noneLeft := func() {
		t.Helper()
		if left, err := filepath.Glob(temp + "/*"); err != nil || len(left) > 0 {
			t.Errorf("%v, %v", left, err)
		}
	}
	state := newBuildState()
	state.setLines(LineMap{{Digest: "v"}, {Digest: "w"}})
	all := printed(state, 50_000)
	out := &Outcome{Steps: make([]Step, 2), outputs: state.outputs()}
	if got := out.Log(0); got != all {
		t.Errorf("%d bytes of %d", len(got), len(all))
	}
	if got := out.Log(1); got != strings.Repeat("other\n", 50_000) {
		t.Errorf("%d bytes of the other", len(got))
	}
	for _, n := range []int{10, 3 * logs.BlockBytes, 1 << 20} {
		if got := out.LastLogs(n)[1]; got != all[len(all)-n:] {
			t.Errorf("the last %d bytes: %d", n, len(got))
		}
	}
	memory, file := out.LogSize()
	if memory > 6*logs.BlockBytes || file < int64(len(all)-2*logs.BlockBytes) {
		t.Errorf("%d bytes in memory, %d in the file", memory, file)
	}
	if runtime.GOOS != "windows" { // where an open file keeps its name
		noneLeft()
	}
	out.Drop()
	noneLeft()
	if text := out.Log(0); !strings.Contains(text, "KiB of output can no longer be read") || !strings.HasSuffix(text, all[len(all)-logs.BlockBytes:]) {
		t.Errorf("%.100q", text)
	}
}

// Of too much, and of what there is no place for, the end is kept, and it is said.
func TestTooLongLog(t *testing.T) {
	state := newBuildState()
	state.book.Limit = 4 * logs.BlockBytes
	all := printed(state, 20_000)
	text := state.vertices["v"].ReadAll()
	begin, end, ok := strings.Cut(text, " KiB of output were not kept]\n")
	if begin = begin[:strings.LastIndex(begin, "\n[")]; !ok || !strings.HasPrefix(all, begin) || !strings.HasSuffix(all, end) || len(end) < logs.BlockBytes || len(begin) < logs.BlockBytes {
		t.Errorf("%d bytes, then %d", len(begin), len(end))
	}

	setTemp(t, filepath.Join(t.TempDir(), "none"))
	state = newBuildState()
	all = printed(state, 50_000)
	text = state.vertices["v"].ReadAll()
	_, end, ok = strings.Cut(text, " KiB of output were not kept]\n")
	if !ok || !strings.HasSuffix(all, end) || len(end) < logs.LostBytes-logs.BlockBytes || len(end) > logs.LostBytes+logs.BlockBytes {
		t.Errorf("%d bytes", len(end))
	}
}

// However output is cut into pieces, no value is left in it, and nothing else is lost.
func TestHideInPieces(t *testing.T) {
	hidden := redact.Mask{[]byte("abcabd"), []byte("abcab"), []byte("bcab"), []byte("dddd")}.Sorted()
	for range 2000 {
		text := make([]byte, rand.IntN(60))
		for i := range text {
			text[i] = "abcd"[rand.IntN(4)]
		}
		whole := shownOf(hidden, [][]byte{text})
		var pieces [][]byte
		for rest := text; len(rest) > 0; {
			n := 1 + rand.IntN(len(rest))
			pieces, rest = append(pieces, bytes.Clone(rest[:n])), rest[n:]
		}
		if got := shownOf(hidden, pieces); got != whole {
			t.Fatalf("%s in %q: %s, whole %s", text, pieces, got, whole)
		}
		if slices.ContainsFunc(hidden, func(v []byte) bool { return strings.Contains(whole, string(v)) }) {
			t.Fatalf("%s: %s", text, whole)
		}
	}
}

// shownOf is what is kept of pieces, and told.
func shownOf(hidden redact.Mask, pieces [][]byte) string {
	out := logs.Output{Book: &logs.Book{Limit: logs.MaxBytes}}
	var told []byte
	for _, p := range pieces {
		told = append(told, out.Write(p, hidden)...)
	}
	told = append(told, out.Flush(hidden)...)
	if string(told) != out.ReadAll() {
		return fmt.Sprintf("told %q, kept %q", told, out.ReadAll())
	}
	return string(told)
}
