package format

import (
	"slices"
	"strings"
)

// maxTable bounds the table by which texts are compared: its cells. Of longer ones all lines between
// the first and the last that differ count as changed.
const maxTable = 4 << 20

// Diff is what changes from one text to another, in the form that patch reads: unified, without the
// names of files. It is empty if nothing does.
func Diff(before, after string) string {
	return unified(between(slices.Collect(strings.Lines(before)), slices.Collect(strings.Lines(after))))
}

// between are the lines of two texts, with as many as can be that are in both.
func between(a, b []string) (lines []diffLine) {
	first := 0
	for first < min(len(a), len(b)) && a[first] == b[first] {
		lines = append(lines, diffLine{' ', a[first]})
		first++
	}
	last := 0 // how many lines at the end are the same
	for last < min(len(a), len(b))-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	lines = append(lines, changed(a[first:len(a)-last], b[first:len(b)-last])...)
	for _, text := range a[len(a)-last:] {
		lines = append(lines, diffLine{' ', text})
	}
	return lines
}

// changed is between of texts that begin and end with other lines.
func changed(a, b []string) (lines []diffLine) {
	columns := len(b) + 1
	if (len(a)+1)*columns > maxTable {
		columns = 0
	}
	same := make([]int32, (len(a)+1)*columns) // how many lines from each on can be in both
	for i := len(a) - 1; i >= 0 && columns > 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			at := i*columns + j
			if same[at] = max(same[at+1], same[at+columns]); a[i] == b[j] {
				same[at] = same[at+columns+1] + 1
			}
		}
	}
	i, j := 0, 0
	var added []diffLine // behind what is removed
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j] && columns > 0:
			lines = append(append(lines, added...), diffLine{' ', a[i]})
			i, j, added = i+1, j+1, nil
		case j == len(b) || i < len(a) && (columns == 0 || same[(i+1)*columns+j] >= same[i*columns+j+1]):
			lines = append(lines, diffLine{'-', a[i]})
			i++
		default:
			added = append(added, diffLine{'+', b[j]})
			j++
		}
	}
	return append(lines, added...)
}
