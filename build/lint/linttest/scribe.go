package linttest

import (
	"math/rand/v2"
	"strings"
)

// A Scribe writes random Dockerfiles.
type Scribe struct{ *rand.Rand }

// Pick is one of some texts.
func (s Scribe) Pick(of ...string) string { return of[s.IntN(len(of))] }

var vars = []string{"A", "B", "TOKEN", "DIR", "PORT", "VERSION", "TARGETARCH"}

func (s Scribe) v() string {
	v := s.Pick(vars...)
	return s.Pick("$"+v, "${"+v+"}", "${"+v+":-x}", "x", "/a/b", "1", v)
}

// Instruction is an instruction, with its comments, behind some stages: a mistake, as often as wrong
// says.
func (s Scribe) Instruction(stages []string, wrong float64) string {
	if s.Float64() < wrong {
		return s.Pick("RUNN x", "COPY --form=a b c", "RUN --mount=type=nope x", "ENV X", "EXPOSE 99999", "COPY a", "STOPSIGNAL nope",
			"HEALTHCHECK FOO", "WORKDIR", "RUN --mount=type=bind,from=nope$,target=/x y", "COPY --chmod=9 a b", "CMD [1]", "SHELL x",
			"COPY --from=99 a b", "COPY --from=$A a b", "ENVV A=b", "LABEL =x", "VOLUME $", "COPY ${A:?no} b", "ADD --checksum=x a b")
	}
	from := s.Pick(append(stages, "image", "0")...)
	kw := func(w string) string {
		switch s.IntN(12) {
		case 0:
			return strings.ToLower(w)
		case 1:
			return w[:1] + strings.ToLower(w[1:])
		}
		return w
	}
	comment := ""
	if s.IntN(8) == 0 {
		comment = s.Pick("# text\n", "# check=skip=UndefinedVar\n", "# check=skip=all\n", "# A the arg\n", "\n", "#\n", "# x\n\n# y\n")
	}
	switch s.IntN(24) {
	case 0, 1, 2:
		return comment + kw("ENV") + " " + s.Pick(vars...) + "=" + s.v()
	case 3:
		return comment + kw("ENV") + " " + s.Pick(vars...) + " " + s.v()
	case 4, 5:
		return comment + kw("ARG") + " " + s.Pick(vars...) + s.Pick("", "=", "="+s.v())
	case 6, 7:
		return comment + kw("WORKDIR") + " " + s.v()
	case 8:
		return comment + kw("COPY") + " secret" + s.Pick("", ".txt", "/x") + " " + s.v()
	case 9:
		return comment + kw("COPY") + " --from=" + from + " a " + s.v()
	case 10:
		return comment + kw("RUN") + " --mount=type=bind,target=/x,from=" + s.Pick(append(stages, "image")...) + " x " + s.v()
	case 11:
		return comment + kw("CMD") + " " + s.Pick("foo", `["a"]`)
	case 12:
		return comment + kw("ENTRYPOINT") + " " + s.Pick("foo", `["a"]`)
	case 13:
		return kw("HEALTHCHECK") + " CMD x"
	case 14:
		return kw("SHELL") + ` ["sh"]`
	case 15:
		return kw("MAINTAINER") + " me"
	case 16:
		return comment + kw("EXPOSE") + " " + s.Pick("80", "80/TCP", "1:2", "$PORT", "80 81/UDP")
	case 17:
		return kw("LABEL") + " " + s.Pick("a=b", "a b", "a=$A")
	case 18:
		return "RUN <<EOF\nfrom x\n# y\n  $A\nEOF"
	case 19:
		return "RUN a \\\n" + s.Pick("", "\n", "# c\n") + "  b $A"
	case 20:
		return kw("ONBUILD") + " " + s.Pick("ENV A=b", "WORKDIR x", "CMD foo", "ARG DIR", "RUN $B", "COPY secret "+s.v(), "SHELL [\"x\"]")
	case 21:
		return kw("USER") + " " + s.v()
	case 22:
		return "COPY <<E /x\n$A\n" + s.Pick("", "FROM scratch\n") + "E"
	}
	return comment + kw("ADD") + " a secret " + s.v()
}

// Dockerfile has about so many lines.
func (s Scribe) Dockerfile(lines int, wrong float64) string {
	var b strings.Builder
	b.WriteString(s.Pick("", "", "", "# escape=`\n", "# check=skip=JSONArgsRecommended\n", "# check=error=true;skip=StageNameCasing\n", "# check=experimental=all\n", "# hello\n"))
	for range s.IntN(4) {
		b.WriteString(s.Pick("ARG A=scratch", "ARG A", "ARG B=$A", "ARG VERSION=1 DIR=x", "# d\nARG TOKEN=x", "arg PORT=80") + "\n")
	}
	var names []string
	for i := 0; i < lines; {
		name := s.Pick("a", "b", "c", "Build", "context", "d1", "e")
		base := "scratch"
		if len(names) > 0 && s.IntN(2) == 0 {
			base = s.Pick(names...)
		}
		b.WriteString(s.Pick("", "", "# "+name+" is it\n", "# check=skip=all\n") + s.Pick("FROM ", "FROM ", "from ", "FROM --platform=$TARGETPLATFORM ", "FROM --platform=linux/arm64 ") + base)
		if s.IntN(5) > 0 {
			b.WriteString(s.Pick(" AS ", " as ") + name)
			names = append(names, strings.ToLower(name))
		}
		b.WriteString("\n")
		for range s.IntN(30) {
			b.WriteString(s.Instruction(names, wrong) + "\n")
			i++
		}
		i++
	}
	return b.String()
}
