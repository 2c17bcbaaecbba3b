package fix

import (
	"context"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
)

// preferred are the lines, from 1, whose unknown instruction has a preferred fix.
func preferredTypos(text string) (lines []int) {
	f := lint.File{Dockerfile: dockerfile.Parse([]byte(text))}
	for _, p := range lint.Check(context.Background(), f) {
		for _, fix := range For(p, f.Dockerfile, Known{Images: f.Images}) {
			if fix.Preferred && strings.HasPrefix(p.Message, "unknown instruction") {
				lines = append(lines, p.Lines.First+1)
			}
		}
	}
	return lines
}

// TestDataIsNoTypo: the lines of what looks like a heredoc, and what was to go on a command,
// are no mistyped instructions.
func TestDataIsNoTypo(t *testing.T) {
	heads := []string{"RUN tr a-z A-Z <<<END", "CMD <<END", "CMD <<-END", "CMD cat <<'END'", "CMD cat << \"END\" >x", "ENTRYPOINT <<END",
		"HEALTHCHECK CMD <<END", "SHELL <<END", "LABEL a=<<END", "ENV a=<<END", "ARG a=<<END", "USER <<END", "WORKDIR <<END", "EXPOSE <<END",
		"VOLUME <<END", "ONBUILD CMD <<END", "CMD <<A <<END", `COPY ["<<END", "/x"]`, "CMD a \\\n  <<END", "RUNN cat <<<END"}
	bodies := []string{"made up", "form x", "FORM x", "  RNU x", "COPPY a /", "what ever\nCOPPY a /"}
	ends := []string{"END\n", "\tEND\n", "END\"\r\n", "END)"}
	for i, head := range heads {
		for j, body := range bodies {
			text := "FROM scratch\n" + head + "\n" + body + "\n" + ends[(i+j)%len(ends)]
			for _, line := range preferredTypos(text) {
				if line != 2 {
					t.Errorf("%q: preferred on line %d", text, line)
				}
			}
		}
	}
	for _, text := range []string{"RUN a &&\nCOPPY b /", "RUN a |\nRNU b", "RUN a ` \nRNU b", "RUN a \\ # why\nRNU b", "RUN if a; then\nRNU b",
		"RUN echo \"\nCOPPY a\n\"", "CMD [\"a\",\nRNU \"b\"]", "RUN a\n  RNU b", "RUN a\nwhat is it\nRNU b", "RUN a\nEND", "RUN a\nform b"} {
		if lines := preferredTypos("FROM scratch\n" + text + "\n"); len(lines) > 0 {
			t.Errorf("%q: preferred on lines %d", text, lines)
		}
	}
}

// TestTypoIsPreferred: what is a mistyped instruction stays one.
func TestTypoIsPreferred(t *testing.T) {
	for _, text := range []string{"FORM scratch\n", "form scratch\n", "# x\nFORM scratch\nRUN a\n", "form scratch\nrun a\n", "ARG A\nFORM scratch\n",
		"FROM scratch\nRUNN a\n", "FROM scratch\nCOPPY a /\nRUNN b\n", "FROM scratch\nRUN <<EOF\na\nEOF\nCOPPY x /\nRUN <<EOF\nb\nEOF\n",
		"FROM scratch\nMAINTAINER O'Neil\nCOPPY a /\n", "FROM scratch\n  RUN a\n  COPPY a /\n", "FROM scratch\nRUN cat <<<x\nCOPPY a /\n",
		"from scratch\ncoppy a /\n", "FROM scratch\nRUN echo `date`\nENVV A=b\n", "FROM scratch\nRUN a \\\n && b\nCOPPY a /\n"} {
		if len(preferredTypos(text)) == 0 {
			t.Errorf("%q: nothing is preferred", text)
		}
	}
}

// TestNoJSONOfHeredoc: a heredoc behind CMD is a mistake, that JSON would hide.
func TestNoJSONOfHeredoc(t *testing.T) {
	for _, args := range []string{"<<X", "<<-X", "cat <<'X'", "cat << X", "cat <<<X", `sh -c "cat" <<X`} {
		for _, keyword := range []string{"CMD", "ENTRYPOINT", "HEALTHCHECK", "HEALTHCHECK CMD", "SHELL", "ONBUILD CMD"} {
			f := lint.File{Dockerfile: dockerfile.Parse([]byte("FROM scratch AS a\n" + keyword + " " + args + "\nFROM a\n"))}
			for _, p := range lint.Check(context.Background(), f) {
				for _, fix := range For(p, f.Dockerfile, Known{Images: f.Images}) {
					if p.Lines == (dockerfile.Lines{First: 1, Last: 1}) && !strings.HasPrefix(fix.Title, "Ignore") {
						t.Errorf("%s: %s: %s", f.Dockerfile, p.Message, fix.Title)
					}
				}
			}
		}
	}
}
