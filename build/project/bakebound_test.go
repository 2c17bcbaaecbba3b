package project

import (
	"fmt"
	"strings"
	"testing"
)

// many is n parts of a text, one behind the other.
func many(n int, part func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(part(i))
	}
	return b.String()
}

// TestBakeBounds reads files whose targets and groups name each other so often that nobody
// could follow each way.
func TestBakeBounds(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string // of a problem; empty for none
	}{
		"contexts": {"target \"t0\" {}\n" + many(100, func(i int) string {
			return fmt.Sprintf("target \"t%d\" {\n  contexts = { a = \"target:t%d\", b = \"target:t%d\" }\n}\n", i+1, i, i)
		}), ""},
		"inherits": {"target \"p\" {\n  annotations = [for i in range(0, 1000) : \"a=${i}\"]\n}\n" + many(50, func(i int) string {
			return fmt.Sprintf("target \"t%d\" {\n  inherits = [for i in range(0, 1000) : \"p\"]\n}\n", i)
		}), "inherit too much"},
		"groups": {"group \"g\" {\n  targets = [for i in range(0, 1000) : \"t${i}\"]\n}\ntarget \"t0\" {}\n" + many(1100, func(i int) string {
			return fmt.Sprintf("group \"g%d\" {\n  targets = [\"g\"]\n}\n", i)
		}), "too many targets"},
		"blocks": {many(10_000, func(i int) string { return fmt.Sprintf("target \"t%d\" {}\n", i) }), "more than 2000"},
		"matrixes": {many(20, func(i int) string {
			return fmt.Sprintf("target \"t%d\" {\n  name = \"t%d-${x}\"\n  matrix = { x = range(0, 1000) }\n}\n", i, i)
		}), "computes more"},
		"matrix": {"target \"t\" {\n  name = \"t-${x}\"\n  matrix = { x = range(0, 1000) }\n}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := files{"docker-bake.hcl": c.text}.read()
			told := ""
			for _, problem := range p.Problems {
				told += problem.Message + "\n"
			}
			if !strings.Contains(told, c.want) || c.want == "" && told != "" {
				t.Errorf("%.300s; want %q", told, c.want)
			}
		})
	}
}
