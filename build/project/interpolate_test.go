package project

import (
	"fmt"
	"strings"
	"testing"
)

// TestComposeBounds reads compose files that would take hours, or all memory there is: without
// the bounds it does not end before the limit of go test.
func TestComposeBounds(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("${A:-", n) + "x" + strings.Repeat("}", n) }
	service := func(value string) string {
		return "services:\n  a:\n    build:\n      context: .\n      args: {A: \"" + value + "\"}\n"
	}
	for name, c := range map[string]struct {
		files files
		want  string // of a problem; empty for none
	}{
		"nested":          {files{"compose.yaml": service(deep(5000))}, "too often"},
		"nested, allowed": {files{"compose.yaml": service(deep(1000))}, ""},
		"nested twice":    {files{"compose.yaml": service(strings.Repeat("${A:-"+strings.Repeat("${A:-x}", 25)+"}", 25))}, ""},
		"many":            {files{"compose.yaml": service(strings.Repeat("${A}", 5000))}, "too often"},
		"lines":           {files{"compose.yaml": "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM scratch\n" + strings.Repeat("        RUN echo $$HOME $$PATH ${A:-x}\n", 2000)}, ""},
		"inline elsewhere": {files{"compose.yaml": "x-a:\n  dockerfile_inline: \"" + deep(5000) + "\"\n" +
			"services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: FROM scratch\n"}, ""},
		"inlines": {files{"compose.yaml": "services:\n" + many(2000, func(i int) string {
			return fmt.Sprintf("  s%d:\n    build:\n      dockerfile_inline: FROM a%d\n", i, i)
		})}, ""},
		"env":       {files{"compose.yaml": service("${A39}"), ".env": "A0=xxxxxxxxxx\n" + many(40, func(i int) string { return fmt.Sprintf("A%d=$A%d$A%d$A%d\n", i+1, i, i, i) })}, "too often"},
		"env, used": {files{"compose.yaml": service(strings.Repeat("$A\\n", 2000)), ".env": "A=" + strings.Repeat("x", 50_000) + "\n"}, "too often"},
		"an alias":  {files{"compose.yaml": "x-a: &a \"" + strings.Repeat("x", 100_000) + "\"\nservices:\n  a:\n    build:\n      args:\n" + many(5000, func(i int) string { return fmt.Sprintf("        A%d: *a\n", i) })}, "too often"},
		"extends":   {files{"compose.yaml": "services:\n  s0: {build: .}\n" + many(150, func(i int) string { return fmt.Sprintf("  s%d: {extends: s%d}\n", i+1, i) }) + many(2000, func(i int) string { return fmt.Sprintf("  a%d: {extends: s150}\n", i) })}, "extend each other"},
		"keys":      {files{"compose.yaml": "services:\n  a:\n    build:\n      args:\n" + many(40_000, func(i int) string { return fmt.Sprintf("        A%d: x\n", i) })}, "more than 10000 keys"},
		"many lines": {files{"compose.yaml": "services:\n" + many(5000, func(i int) string {
			return fmt.Sprintf("  s%d:\n    build:\n      context: .\n      args:\n        A: x\n", i)
		})}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.files.read()
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
