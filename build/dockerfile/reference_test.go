package dockerfile

import (
	"strings"
	"testing"
)

// A variable is not expanded in single quotes, in a heredoc whose name is quoted, and in the
// JSON form of what is run. Each text has one variable, $V.
func TestExpands(t *testing.T) {
	for text, want := range map[string]bool{
		"LABEL a=$V":                                    true,
		"LABEL a=\"$V\"":                                true,
		"LABEL a='$V'":                                  false,
		"LABEL a=\"it's $V\"":                           true,
		"LABEL a=it\\'s$V":                              true,
		"LABEL a='x' b=$V":                              true,
		"LABEL a='x' \\\n# it's\n b=$V":                 true,
		"LABEL a='x \\\n $V'":                           false,
		"ENV A=${V}":                                    true,
		"RUN echo $V":                                   true,
		"RUN echo '$V'":                                 false,
		"RUN [\"echo\", \"$V\"]":                        false,
		"CMD [\"$V\"]":                                  false,
		"ENTRYPOINT [\"$V\"]":                           false,
		"HEALTHCHECK CMD [\"$V\"]":                      false,
		"ONBUILD RUN [\"$V\"]":                          false,
		"ONBUILD LABEL a='$V'":                          false,
		"ONBUILD LABEL a=$V":                            true,
		"CMD echo $V":                                   true,
		"VOLUME [\"$V\"]":                               true,
		"COPY [\"$V\", \"/\"]":                          true,
		"COPY <<E /\n$V\nE":                             true,
		"COPY <<'E' /\n$V\nE":                           false,
		"COPY <<\"E\" /\n$V\nE":                         false,
		"COPY <<A <<'B' /\n1\nA\n$V\nB":                 false,
		"COPY <<'A' <<B /\n1\nA\n$V\nB":                 true,
		"COPY <<-'E' /$V\n1\nE":                         true,
		"RUN <<'E'\necho $V\nE":                         true,
		"RUN cat <<'E'\n$V\nE":                          false,
		"RUN cat <<E\n$V\nE":                            true,
		"RUN \\\n  cat <<\"E\"\n1\n$V\nE":               false,
		"RUN --mount=type=cache,target=/c <<'E'\n$V\nE": true,
	} {
		before, _, _ := strings.Cut("FROM scratch\n"+text, "$")
		if _, got := Parse([]byte("FROM scratch\n" + text + "\nUSER me\n")).VariableAt(len(before)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// The variable at a byte is the innermost one: « and » mark what is found at ^.
func TestVariableAt(t *testing.T) {
	for text, want := range map[string]string{
		"ENV «A^B»=1 C=2":              "AB set",
		"ENV AB=1 «^C»=2":              "C set",
		"ENV «^A» b c":                 "A set",
		"ENV A b ^c":                   "",
		"ARG «A^»=${B}":                "",
		"ARG A=«${^B:-x}»":             "B",
		"ARG A=${B:-«$^C»}x":           "C",
		"ARG A=«${B:-^x$C}»":           "B",
		"ONBUILD ENV «^A»=1":           "A set",
		"ENV «\"^A\"»=1":               "A set",
		"RUN a \\\n # $X\n b«$^Y» c":   "Y",
		"RUN <<E\necho «$^Y»\nE":       "Y",
		"COPY --from=«$^S» a <<E /\nE": "S",
		"LABEL a=\\$^X":                "",
		"FROM a\nLABEL «^a»=1":         "",
	} {
		marked := strings.NewReplacer("«", "", "»", "").Replace(text)
		offset := strings.Index(marked, "^")
		file := Parse([]byte(strings.Replace(marked, "^", "", 1)))
		got := ""
		if m, ok := file.VariableAt(offset); ok {
			if got = m.Name; m.Sets {
				got += " set"
			}
			before, rest, _ := strings.Cut(strings.Replace(text, "^", "", 1), "«")
			inside, _, _ := strings.Cut(rest, "»")
			start, end := file.Offset(m.Token.First, m.Token.Start), file.Offset(m.Token.Last, m.Token.End)
			if start != len(before) || end != len(before)+len(inside) {
				t.Errorf("%q: found at %d to %d", text, start, end)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
