package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The figures of benchmarks are a table in BENCHMARKS.md, which `make bench` writes. A run of
// some benchmarks leaves the rows of the others as they are.

var benchTable = flag.String("table", "", "write the figures of the benchmarks into the generated table of `FILE`")

// A figure is a row of the table.
type figure struct{ what, ours, peer, ratio, aim string }

func (f figure) String() string {
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", f.what, f.ours, f.peer, f.ratio, f.aim)
}

var (
	figuresMu sync.Mutex
	figures   []figure
)

// tell puts a row into the table.
func tell(f figure) {
	figuresMu.Lock()
	defer figuresMu.Unlock()
	figures = append(figures, f)
}

// tellPairs puts what pairs has measured into the table: what was measured, against whom, and
// what the ratio is to be at most; 0 if nothing is said of that.
func tellPairs(b *testing.B, what, peer string, aim float64) {
	b.Helper()
	m := measured[b.Name()]
	if m.ratio == 0 {
		b.Fatal("nothing was measured")
	}
	f := figure{what, fmt.Sprintf("%.1f ms", m.ours), fmt.Sprintf("%.1f ms, %s", m.theirs, peer), fmt.Sprintf("%.2f", m.ratio), ""}
	if aim > 0 {
		f.aim = fmt.Sprintf("≤ %g", aim)
	}
	tell(f)
}

// writeFigures writes the rows into the table of a file, in the order of their names.
func writeFigures(file string, rows []figure) error {
	const begin, end = "<!-- generated: bench -->\n", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no %s", file, strings.TrimSpace(begin))
	}
	lines := slices.DeleteFunc(strings.SplitAfter(old, "\n"), func(line string) bool {
		return !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") || slices.ContainsFunc(rows, func(f figure) bool { return strings.HasPrefix(line, "| "+f.what+" |") })
	})
	for _, f := range rows {
		lines = append(lines, f.String())
	}
	slices.SortStableFunc(lines, func(a, b string) int { return cmp.Compare(a, b) })
	table := "| what | ours | peer | ratio | aim |\n|---|---|---|---|---|\n" + strings.Join(slices.Compact(lines), "")
	return os.WriteFile(file, []byte(before+begin+table+end+after), 0o644)
}

// Rows of a run replace those of the same name, and leave the others.
func TestFigures(t *testing.T) {
	file := t.TempDir() + "/doc.md"
	if err := os.WriteFile(file, []byte("a\n<!-- generated: bench -->\n<!-- end -->\nz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][]figure{
		{{"start", "1", "2", "0.5", "≤ 0.5"}, {"build", "3", "4", "0.75", "≤ 1"}},
		{{"start", "5", "10", "0.50", "≤ 0.5"}},
	} {
		if err := writeFigures(file, rows); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	want := "a\n<!-- generated: bench -->\n| what | ours | peer | ratio | aim |\n|---|---|---|---|---|\n| build | 3 | 4 | 0.75 | ≤ 1 |\n| start | 5 | 10 | 0.50 | ≤ 0.5 |\n<!-- end -->\nz\n"
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s", err, text)
	}
}
