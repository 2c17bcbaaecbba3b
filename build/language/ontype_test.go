package language

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// TestOnTyped types the character before the "|".
func TestOnTyped(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"RUN a \\\n|", "RUN a \\\n\t|"},
		{"RUN a \\\n    b \\\n|", "RUN a \\\n    b \\\n    |"},
		{"RUN a \\\n    b \\\n|c", "RUN a \\\n    b \\\n    |c"},
		{"RUN a \\\n  |b", "RUN a \\\n  |b"},                     // the editor indents itself
		{"RUN a \\\n|\nRUN b", "RUN a \\\n\t|\nRUN b"},           // before an empty line
		{"RUN a \\|\nb", "RUN a \\|\n\tb"},                       // the next line is made part of it
		{"RUN a \\|\nRUN b", "RUN a \\|\nRUN b"},                 // and the next instruction is not
		{"RUN a \\|\n\n", "RUN a \\|\n\n"},                       //
		{"# a \\|\nb", "# a \\|\nb"},                             //
		{"RUN <<E\na \\|\nb\nE\n", "RUN <<E\na \\|\nb\nE\n"},     //
		{"RUN <<E\na \\\n|\nE\n", "RUN <<E\na \\\n|\nE\n"},       //
		{"RUN a \\| b\nc", "RUN a \\| b\nc"},                     // not at the end
		{"# escape=`\nRUN a `|\nb", "# escape=`\nRUN a `|\n\tb"}, //
		{"# escape=`\nRUN a \\|\nb", "# escape=`\nRUN a \\|\nb"}, //
		{`CMD ["a" "|`, `CMD ["a", "|`},                          //
		{`CMD ["a""|"]`, `CMD ["a", "|"]`},                       // with the quote that an editor adds
		{`CMD ["a", "|`, `CMD ["a", "|`},                         //
		{`CMD ["a "|`, `CMD ["a "|`},                             // it ends a string
		{`CMD ["a\"" "|"]`, `CMD ["a\"", "|"]`},                  //
		{`RUN echo "a" "|`, `RUN echo "a" "|`},                   // no array
		{"CMD [\"a\" \\\n  \"|", "CMD [\"a\" \\\n  \"|"},         // the comma would stand above
		{"RUN <<E\n[\"a\" \"|\nE\n", "RUN <<E\n[\"a\" \"|\nE\n"}, //
		{`RUN [ "$a" = "b" ] && echo "x" "|`, `RUN [ "$a" = "b" ] && echo "x" "|`},
		{"RUN x \\\\|\ny", "RUN x \\\\|\ny"}, // no continuation
		{"RUN x \\|\n# c\nCOPY a b", "RUN x \\|\n# c\nCOPY a b"},
		{"|", "|"},                           //
		{"RUN a \\\r\n|", "RUN a \\\r\n\t|"}, //
		{"FROM a\nLABEL a=b \\\n|\n", "FROM a\nLABEL a=b \\\n\t|\n"}, //
		{"RUN a \\\n# c \\\n|", "RUN a \\\n# c \\\n|"},               // behind a comment
		{"HEALTHCHECK CMD [\"a\" \"|", "HEALTHCHECK CMD [\"a\" \"|"}, // left alone
		{"COPY [\"a b\" \"|\"]", "COPY [\"a b\", \"|\"]"},            //
		{"RUN --mount=type=tmpfs,target=/a [\"x\"\"|\"]", "RUN --mount=type=tmpfs,target=/a [\"x\", \"|\"]"},
	} {
		text, rest, _ := strings.Cut(c.text, "|")
		offset := len(text)
		typed := ""
		if offset > 0 {
			typed = text[offset-1:]
		}
		text += rest
		edits := OnTyped(dockerfile.Parse([]byte(text)), offset, typed, "\t")
		cursor := Edit{Span{offset, offset}, "|"}
		for _, e := range edits {
			if e.Start == offset { // the cursor stands behind what is put there
				cursor.Text = ""
				text = text[:offset] + e.Text + "|" + text[offset:]
			}
		}
		if cursor.Text != "" {
			text = Apply(text, append(edits, cursor))
		}
		if text != c.want {
			t.Errorf("%q: %q; want %q", c.text, text, c.want)
		}
	}
}
