package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// many is a text of n parts.
func many(n int, part func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(part(i))
	}
	return b.String()
}

// Texts that would take BuildKit's parser and converter hours, or all memory there is, are
// answered, and where they are not checked to their end that is said, once.
func TestBeyond(t *testing.T) {
	nested := strings.Repeat("${A:-", 10_000)
	for name, c := range map[string]struct{ text, notice string }{
		"a million lines":           {"FROM scratch\n" + strings.Repeat("RUN x\n", 1_000_000), "longer than 2 MiB"},
		"many lines":                {"FROM scratch\n" + strings.Repeat("\n", 60_000), "more than 50000 lines"},
		"a long line":               {"FROM scratch\nRUN " + strings.Repeat("x", 10_000_000), "longer than 2 MiB"},
		"an instruction of lines":   {"FROM scratch\nRUN x" + strings.Repeat(" \\\n yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 40_000), "too many lines"},
		"a long licence":            {strings.Repeat("# All rights are reserved, and then some more, and then some.\n", 20_000) + "FROM scratch\n", ""},
		"nested variables":          {"FROM scratch\nENV B=" + nested + "\n", "line 2 nests"},
		"nested in lines":           {"FROM scratch\nENV B=" + strings.Repeat("${A:-\\\n", 10_000) + "\n", "nests more than"},
		"nested before a heredoc":   {"FROM scratch\nRUN <<E " + nested + "\nE\n", "line 2 nests"},
		"doubled variables":         {"FROM scratch\nENV A=x\n" + strings.Repeat("ENV A=$A$A\n", 100), "with its variables expanded"},
		"doubled arguments":         {"ARG A0=xxxxxxxxxx\n" + many(40, func(i int) string { return fmt.Sprintf("ARG A%d=$A%d$A%d$A%d$A%d\n", i+1, i, i, i, i) }) + "FROM $A40\n", "with its variables expanded"},
		"replaced in variables":     {"FROM scratch\nENV A=xxxxxxxxxx\n" + strings.Repeat("ENV A=${A//x/$A}\n", 30), "with its variables expanded"},
		"variables":                 {"FROM scratch\nENV" + many(12_000, func(i int) string { return fmt.Sprintf(" \\\n a%d=b", i) }), "not all of this"},
		"variables in instructions": {"FROM scratch\n" + many(20_000, func(i int) string { return fmt.Sprintf("ENV a%d=b\n", i) }), "not all of this"},
		"problems":                  {"FROM scratch\n" + strings.Repeat("ENV a b\n", 20_000), "not all of this"},
		"mistakes":                  {strings.Repeat("RUNN x\n", 20_000), "not all of this"},
		"bad stages":                {many(3000, func(i int) string { return fmt.Sprintf("FROM $$x AS s%d\nCOPY --from=$A x y\n", i) }), "not all of this"},
		"stages":                    {many(10_000, func(i int) string { return fmt.Sprintf("FROM scratch AS s%d\n", i) }), ""},
		"a chain of stages":         {"FROM scratch AS s0\n" + many(10_000, func(i int) string { return fmt.Sprintf("FROM s%d AS s%d\nENV a%d=b\n", i, i+1, i) }), "not all of this"},
		"triggers":                  {"FROM scratch AS s0\n" + strings.Repeat("ONBUILD RUN x\n", 3000) + strings.Repeat("FROM s0\nRUN x\n", 3000), "not all of this"},
		"heredocs":                  {"FROM scratch\n" + many(1000, func(i int) string { return fmt.Sprintf("RUN <<E%d\nx\nE%d\n", i, i) }), ""},
		"heredocs in one":           {"FROM scratch\nCOPY" + many(1000, func(i int) string { return fmt.Sprintf(" <<E%d", i) }) + " /x/\n" + many(1000, func(i int) string { return fmt.Sprintf("x\nE%d\n", i) }), ""},
		"open heredocs":             {"FROM scratch\n" + strings.Repeat("RUN <<E\n", 1000), ""},
		"ports":                     {"FROM scratch\n" + strings.Repeat("EXPOSE 1-65535/udp\n", 200), "not all of this"},
		"few ports":                 {"FROM scratch\nEXPOSE 1-65535/udp\n" + strings.Repeat("EXPOSE 8080 $PORT\n", 20), ""},
		"copies":                    {"FROM scratch\n" + strings.Repeat("COPY a /a\n", 8000), ""},
		"sources":                   {"FROM scratch\nCOPY" + strings.Repeat(" a", 30_000) + " /x/\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var checker Checker
			file := File{Dockerfile: dockerfile.Parse([]byte(c.text))}
			notices := 0
			for range 2 { // also from memory
				problems := checker.Check(t.Context(), file)
				mended := checker.Mend(t.Context(), file)
				if len(problems) > maxProblems+1 {
					t.Errorf("%d problems", len(problems))
				}
				notices = 0
				for _, p := range problems {
					if p.Code == "unchecked" && c.notice != "" && strings.Contains(p.Message, c.notice) {
						notices++
					}
				}
				if stages, err := mended.Stages(); err == nil && len(stages) > 10_001 {
					t.Errorf("%d stages", len(stages))
				}
			}
			if c.notice != "" && notices == 0 || notices > 1 && !strings.Contains(c.notice, "expanded") {
				t.Errorf("%d notices %q", notices, c.notice)
			}
		})
	}
}

// What uses a variable that is too long is not checked either, so that nothing is said of the
// value that it has no more.
func TestTooLongToUse(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, text := range []string{
		"ARG A=" + long + "\nARG B=" + strings.Repeat("$A", 200) + "\nARG C=$B\nFROM $C\n",
		"FROM scratch\nENV A=" + long + "\nENV B=" + strings.Repeat("$A", 200) + "\nENV C=$B\nCOPY $C /\n",
	} {
		problems := Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte(text))})
		if len(problems) != 3 {
			t.Errorf("%d problems", len(problems))
		}
		for _, p := range problems {
			if p.Code != "unchecked" {
				t.Errorf("%v: %s", p.Lines, p.Message)
			}
		}
		if at, err := dockerfile.Parse([]byte(text)).Refused(t.Context()); at != nil || err == nil {
			t.Errorf("it is converted: %v, %v", at, err)
		}
	}
}
