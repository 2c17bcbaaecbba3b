package format

import (
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// What a mistake of the layout would change in a build is taken back, and the rest stays.
func TestProofTakesBack(t *testing.T) {
	const text = "# one\nfrom  a\nRUN  x  y\nRUN <<E\n a\nE\nENV  k  v  w\nONBUILD  run  x\nCMD   z\n"
	const good = "# one\nFROM a\nRUN x  y\nRUN <<E\n a\nE\nENV k v  w\nONBUILD run  x\nCMD z\n"
	for name, c := range map[string]struct {
		line int
		text string
		want string
	}{
		"a command":            {2, "RUN x y", "# one\nFROM a\nRUN  x  y\nRUN <<E\n a\nE\nENV k v  w\nONBUILD run  x\nCMD z\n"},
		"a heredoc":            {4, "a", good},
		"a value":              {6, "ENV k v w", "# one\nFROM a\nRUN x  y\nRUN <<E\n a\nE\nENV  k  v  w\nONBUILD run  x\nCMD z\n"},
		"a trigger":            {7, "ONBUILD RUN x", "# one\nFROM a\nRUN x  y\nRUN <<E\n a\nE\nENV k v  w\nONBUILD  run  x\nCMD z\n"},
		"what parses no more":  {6, "ENV k", "# one\nFROM a\nRUN x  y\nRUN <<E\n a\nE\nENV  k  v  w\nONBUILD run  x\nCMD z\n"},
		"what ends no more":    {6, "ENV k v  w \\", "# one\nFROM a\nRUN x  y\nRUN <<E\n a\nE\nENV  k  v  w\nONBUILD run  x\nCMD z\n"},
		"an instruction more":  {8, "CMD z\nCMD z", "# one\nFROM a\nRUN x  y\nRUN <<E\n a\nE\nENV k v  w\nONBUILD run  x\nCMD   z\n"},
		"a comment":            {0, "# two", "# one\nfrom  a\nRUN x  y\nRUN <<E\n a\nE\nENV k v  w\nONBUILD run  x\nCMD z\n"},
		"a directive":          {0, "# syntax=x", good},
		"a comment of another": {0, "CMD x", good},
	} {
		l := newLayout(dockerfile.Parse([]byte(text)), usual, everything)
		l.layOut()
		if got := textOf(l.rows); got != good {
			t.Fatalf("%q", got)
		}
		l.rows[c.line].text = c.text
		l.prove(t.Context())
		r := l.result()
		if same := sameForBuild(t, text, r.Text()); !same || r.Text() != c.want {
			t.Errorf("%s: got %q\nwant %q: %v", name, r.Text(), c.want, r.Left)
		}
	}
}

// sameForBuild says whether BuildKit's parser makes the same of two texts.
func sameForBuild(t *testing.T, a, b string) bool {
	t.Helper()
	before, err := dockerfile.Parse([]byte(a)).Nodes()
	if err != nil {
		t.Fatal(err)
	}
	return newLayout(dockerfile.Parse([]byte(b)), usual, everything).proved(before)
}
