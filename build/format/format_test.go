package format

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

var usual = Style{Indent: DefaultIndent}

func formatted(t *testing.T, text string, style Style) *Result {
	t.Helper()
	r, err := Format(t.Context(), dockerfile.Parse([]byte(text)), style)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each case is a text, a line of dashes, and what becomes of it.
func TestFormat(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"keywords":                     {"from scratch as x\nrun a\nhealthcheck none\n", "FROM scratch AS x\nRUN a\nHEALTHCHECK NONE\n"},
		"words":                        {"FROM  --platform=$A\tscratch   as  x  \n  EXPOSE 80    81\t\n", "FROM --platform=$A scratch AS x\nEXPOSE 80 81\n"},
		"shell":                        {"FROM a\nRUN   x   y  \\  \n\n # why\n   && z   \n", "FROM a\nRUN x   y  \\\n   # why\n   && z\n"},
		"flags":                        {"FROM a\nRUN --mount=type=cache,target=/x   \\\n --network=none \\\n    x  y\n", "FROM a\nRUN --mount=type=cache,target=/x \\\n    --network=none \\\n    x  y\n"},
		"flags before a shell's lines": {"FROM a\nRUN --mount=type=cache,target=/x \\\n # why\n --network=none \\\n    a \\\n  && b\n", "FROM a\nRUN --mount=type=cache,target=/x \\\n  # why\n  --network=none \\\n  a \\\n  && b\n"},
		"a word before deeper lines":   {"FROM a\nRUN \\\n if a; then \\\n      b \"\\\nc\"; \\\n  fi\n", "FROM a\nRUN \\\n  if a; then \\\n      b \"\\\nc\"; \\\n  fi\n"},
		"env":                          {"FROM a\nENV A=1\\\n  B=\"x \\\n  y\"   C=2\nENV k    a  b\n", "FROM a\nENV A=1 \\\n    B=\"x \\\n  y\" C=2\nENV k a  b\n"},
		"a value over lines":           {"FROM a\nENV k \\\n a \\\n        b\n", "FROM a\nENV k \\\n        a \\\n        b\n"},
		"one word":                     {"FROM a\nENV A=1\\\nB=2\n", "FROM a\nENV A=1\\\nB=2\n"},
		"json":                         {"FROM a\nCMD [ \"a\",\"b\"  ,\"c\" ]\nENTRYPOINT [ \\\n\"x,\", \\\n  \"y\" \\\n ]\nSHELL []\nVOLUME [\"/a\"]\n", "FROM a\nCMD [\"a\", \"b\", \"c\"]\nENTRYPOINT [ \\\n    \"x,\", \\\n    \"y\" \\\n]\nSHELL []\nVOLUME [\"/a\"]\n"},
		"healthcheck":                  {"FROM a\nhealthcheck  --interval=5s \\\n  cmd  [\"a\",\"b\"]\nHEALTHCHECK cmd  a  b\n", "FROM a\nHEALTHCHECK --interval=5s \\\n    CMD [\"a\", \"b\"]\nHEALTHCHECK CMD a  b\n"},
		"onbuild":                      {"FROM a\nonbuild   run  a  b  \n", "FROM a\nONBUILD run  a  b  \n"},
		"heredocs":                     {"FROM a\nRUN  <<EOF\n  one  \n\n\n  FROM x\nEOF\ncopy   <<-END  /x\n\t\ttwo\n\tEND\n", "FROM a\nRUN <<EOF\n  one  \n\n\n  FROM x\nEOF\nCOPY <<-END /x\n\t\ttwo\n\tEND\n"},
		"empty lines":                  {"\n\nFROM a\n\n\n\nRUN x\n# about b\nFROM b\nRUN y\n\n\n", "FROM a\n\nRUN x\n\n# about b\nFROM b\nRUN y\n"},
		"bare stages":                  {"FROM a AS b\nFROM c AS d\nRUN x\nFROM b\n", "FROM a AS b\nFROM c AS d\nRUN x\n\nFROM b\n"},
		"directives":                   {"#SYNTAX = docker/dockerfile:1\n#escape=`\nfrom a\nRUN x `\n  y\n", "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n  y\n"},
		"no directive":                 {"\n# syntax=docker/dockerfile:1\n  # escape=`\nFROM a\n", "\n# syntax=docker/dockerfile:1\n  # escape=`\nFROM a\n"},
		"comments":                     {"  # one   \nFROM a\n\t#two\nRUN x\n", "# one\nFROM a\n#two\nRUN x\n"},
		"check":                        {"FROM a\n  # check=skip=all\nCMD x\n", "FROM a\n  # check=skip=all\nCMD x\n"},
		"end":                          {"FROM a\nRUN x", "FROM a\nRUN x\n"},
		"end of heredoc":               {"FROM a\nRUN <<E\nx\nE", "FROM a\nRUN <<E\nx\nE\n"},
		"open end":                     {"from a\nRUN x \\", "FROM a\nRUN x \\"},
		"open heredoc":                 {"FROM a\nRUN   <<E\n  x", "FROM a\nRUN   <<E\n  x"},
		"crlf":                         {"from a\r\nRUN x \\\r\n\r\n  y\r\n\r\n\r\nRUN <<E\r\n a \r\nE\r\nFROM b\r\n", "FROM a\r\nRUN x \\\r\n  y\r\n\r\nRUN <<E\r\n a \r\nE\r\n\r\nFROM b\r\n"},
		"carriage return":              {"FROM a\nRUN   x\ry\nENV   a=1\n", "FROM a\nRUN   x\ry\nENV a=1\n"},
		"mark":                         {"\ufefffrom   a\n", "\ufeffFROM a\n"},
		"mark before a comment":        {"\ufeff  # x \nFROM a\n", "\ufeff# x\nFROM a\n"},
		"off":                          {"FROM a\n# buildls format off\nENV   a=1\n\n\n# buildls format on\nENV   b=2\nENV   c=3 \\\n  # buildls format off\n   d=4\nENV   e=5\n", "FROM a\n# buildls format off\nENV   a=1\n\n\n# buildls format on\nENV b=2\nENV   c=3 \\\n  # buildls format off\n   d=4\nENV   e=5\n"},
		"off in a heredoc":             {"FROM a\nRUN <<E\n# buildls format off\nE\nENV   e=5\n", "FROM a\nRUN <<E\n# buildls format off\nE\nENV e=5\n"},
		"lower case stays if it must":  {"from a\n# buildls format off\nrun   x\n# buildls format on\nenv   a=1\n", "from a\n# buildls format off\nrun   x\n# buildls format on\nenv a=1\n"},
		"unknown":                      {"FROM  a\nRUNN   x\n", "FROM a\nRUNN   x\n"},
		"a mistake":                    {"FROM  a\nENV   x\nENV   a=1\n", "FROM a\nENV   x\nENV a=1\n"},
		"foreign":                      {"# syntax=example.com/other\nfrom   a\n", "# syntax=example.com/other\nfrom   a\n"},
		"dashes":                       {"FROM a\nRUN   --   x\n", "FROM a\nRUN   --   x\n"},
		"marks":                        {"FROM a\nENV a=1      \\\n    b=2          \\\n\\\n    c=3\n", "FROM a\nENV a=1 \\\n    b=2 \\\n    \\\n    c=3\n"},
		"comment alone":                {"  # x", "  # x"},
		"nothing":                      {"", ""},
		"issue 28":                     {"FROM scratch\nRUN <<EOF\n  one\nEOF\nCOPY <<-END /x\n\ttwo\n\tEND\nRUN a && \\\nb \\\n# note\n&& c\nCMD [\"x\"]\n", "FROM scratch\nRUN <<EOF\n  one\nEOF\nCOPY <<-END /x\n\ttwo\n\tEND\nRUN a && \\\nb \\\n# note\n&& c\nCMD [\"x\"]\n"},
	} {
		r := formatted(t, c.text, usual)
		if got := r.Text(); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q, %v", name, got, c.want, r.Left)
		}
		if got := applied(c.text, r.Edits()); got != c.want {
			t.Errorf("%s: edits make\n    %q\nwant %q: %v", name, got, c.want, r.Edits())
		}
		if again := formatted(t, c.want, usual).Text(); again != c.want {
			t.Errorf("%s: again\n got %q\nwant %q", name, again, c.want)
		}
	}
}

// Where nobody says how lines are indented, those of shells do, which cannot change.
func TestOwnIndent(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a\nENV a=1 \\\nb=2\nRUN x \\\n\ty \\\n\tz \\\n  w\n":                 "FROM a\nENV a=1 \\\n\tb=2\nRUN x \\\n\ty \\\n\tz \\\n  w\n",
		"FROM a\nENV a=1 \\\nb=2\nRUN if x; then \\\n    y; \\\n    z; \\\n  fi\n": "FROM a\nENV a=1 \\\n  b=2\nRUN if x; then \\\n    y; \\\n    z; \\\n  fi\n",
		"FROM a\nENV a=1 \\\nb=2\nRUN x \\\ny\n":                                   "FROM a\nENV a=1 \\\n    b=2\nRUN x \\\ny\n",
	} {
		if got := formatted(t, text, Style{}).Text(); got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}

// applied is a text after edits, which are in its order.
func applied(text string, edits []Edit) string {
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.Start] + e.Text)
		at = e.End
	}
	return b.String() + text[at:]
}
