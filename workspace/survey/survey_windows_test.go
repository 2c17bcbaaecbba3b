package survey

import "testing"

// On Windows "\" separates the elements of a path in an ignore file. But the engine, which reads
// the file and has no such separator, takes none off the beginning of a line.
func TestExcludedWithBackslashes(t *testing.T) {
	dir := lay(t, "a.log=1", "src/b.log=22", "bin/x/y.js=333")
	a := ask(t, dir, Question{Ignore: []byte("src\\*.log\r\n\\a.log\r\nbin\\\r\n")})
	if got, want := excluded(a.Excluded), `0:src\*.log 1+0 [src/b.log]; 2:bin\ 0+1 [bin/]`; got != want || a.Files != 1 {
		t.Errorf("%s, and %d files are sent, want %s", got, a.Files, want)
	}
}
