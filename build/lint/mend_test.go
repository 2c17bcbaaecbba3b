package lint

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
)

// What is mended has no mistakes of its own, and the lines of the file.
func TestMend(t *testing.T) {
	for _, s := range linttest.Corpus(t) {
		var c Checker
		file := File{Dockerfile: dockerfile.Parse([]byte(s.Dockerfile)), Ignore: []byte(s.Ignore)}
		problems := c.Check(t.Context(), file)
		mended := c.Mend(t.Context(), file)
		if !slices.ContainsFunc(problems, mistaken) && !bytes.Equal(mended.Text(), file.Dockerfile.Text()) {
			t.Errorf("%s: nothing is at fault, and it becomes\n%s", s.Name, numbered(mended.String()))
		}
		if got, want := bytes.Count(mended.Text(), []byte("\n")), bytes.Count(file.Dockerfile.Text(), []byte("\n")); got < want || got > want+1 {
			t.Errorf("%s: %d lines become %d", s.Name, want, got)
		}
		stages := c.look(t.Context(), file).planned != nil
		left := c.Check(t.Context(), File{Dockerfile: mended, Ignore: file.Ignore})
		if i := slices.IndexFunc(left, mistaken); i >= 0 && stages && !beyondRepair.MatchString(left[i].Message) {
			t.Errorf("%s: %+v is left in\n%.1000s", s.Name, left[i], numbered(mended.String()))
		}
	}
}

// beyondRepair is what no instruction is at fault of.
var beyondRepair = regexp.MustCompile("parser directive|escape token|check options|SOURCE_DATE_EPOCH|line greater than|invalid context name")

// mistaken says whether a problem ends the conversion of a file.
func mistaken(p dockerfile.Problem) bool {
	return p.Code == "syntax" && p.Severity == dockerfile.Error || p.Code == "unchecked"
}
