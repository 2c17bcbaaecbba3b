package dockerfile

import (
	"fmt"
	"strings"
	"testing"
)

// Each place that names a stage is found, and which stage that is: «name» is marked with the
// stage's number behind it, and a + where the name is given.
func TestStageNames(t *testing.T) {
	for _, text := range []string{
		"FROM a AS «One»0+\nFROM «one»0 as «two»1+\nFROM b\nCOPY --from=«ONE»0 x /\nCOPY --from=c x /\n",
		"FROM a\nFROM b AS «b»1+\nCOPY --from=«0»0 --from=«1»1 x /\nRUN --mount=type=bind,from=0,target=/a --mount=from=«b»1,target=/b x\n",
		"FROM a AS «x»0+\nFROM b AS «x»1+\nCOPY --from=«x»1 x /\nFROM 0\n",
		"FROM a AS «x»0+\nFROM b\nCOPY \\\n  --from=\\\n«x»0 . /\nONBUILD COPY --from=«x»0 a /\n",
		"FROM a \\\n  # why\n  AS «y»0+\nBROKEN --from=«y»0\nFROM «y»0 AS\nFROM\n",
	} {
		plain, want := strings.Builder{}, []string{}
		for rest := text; ; {
			before, after, ok := strings.Cut(rest, "«")
			plain.WriteString(before)
			if !ok {
				break
			}
			name, end, _ := strings.Cut(after, "»")
			mark := fmt.Sprintf("%d:%s %s", plain.Len(), name, end[:1])
			if rest = end[1:]; strings.HasPrefix(rest, "+") {
				mark, rest = mark+"+", rest[1:]
			}
			want = append(want, mark)
			plain.WriteString(name)
		}
		var got []string
		file := Parse([]byte(plain.String()))
		for _, n := range file.StageNames() {
			mark := fmt.Sprintf("%d:%s %d", file.Offset(n.Token.First, n.Token.Start), n.Name, n.Stage)
			if n.Defines {
				mark += "+"
			}
			got = append(got, mark)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s\n got %v\nwant %v", plain.String(), got, want)
		}
	}
}
