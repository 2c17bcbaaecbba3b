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
		line := strings.Count(before, "\n")
		if got := Expands([]byte("FROM scratch\n"+text+"\nUSER me\n"), line, len(before)-strings.LastIndex(before, "\n")-1); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
