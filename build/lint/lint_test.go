package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// said are the problems of a text, as "line code".
func said(t *testing.T, text, ignore string) []string {
	t.Helper()
	var all []string
	for _, p := range new(Checker).find(t.Context(), File{Dockerfile: dockerfile.Parse([]byte(text)), Ignore: []byte(ignore)}) {
		all = append(all, fmt.Sprintf("%d %s", p.Lines.First+1, p.Code))
		if rule := p.Code != "syntax" && p.Code != "unchecked" && p.Code != "InvalidBaseImagePlatform"; rule && !strings.HasPrefix(p.URL, "https://docs.docker.com/go/dockerfile/rule/") {
			t.Errorf("%s has the URL %q", p.Code, p.URL)
		}
	}
	slices.Sort(all)
	return all
}

// wants compares with what the text itself says: lines end in " #! code code".
func wants(t *testing.T, name, marked, ignore string) {
	t.Helper()
	var text strings.Builder
	var want []string
	for i, line := range strings.SplitAfter(marked, "\n") {
		plain, codes, found := strings.Cut(line, " #! ")
		text.WriteString(plain)
		if found {
			text.WriteByte('\n')
		}
		for _, code := range strings.Fields(codes) {
			want = append(want, fmt.Sprintf("%d %s", i+1, code))
		}
	}
	slices.Sort(want)
	if got := said(t, text.String(), ignore); !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\n%s", name, diff(want, got), numbered(text.String()))
	}
}

// A mistake hides nothing, and its repair makes none.
func TestRecovery(t *testing.T) {
	for name, text := range map[string]string{
		"ten mistakes": `FROM scratch AS a
RUNN foo #! syntax
ENV X #! syntax
COPY --form=b a c #! syntax
STOPSIGNAL nope #! syntax
FROM scratch AS b
RUN --mount=type=nope,target=/x true #! syntax
EXPOSE 99999 #! syntax
CMD ["a", 1] #! syntax
WORKDIR #! syntax
FROM scratch AS 1c #! syntax
LABEL a=b
FROM --platform=a/b/c/d/e scratch AS d #! syntax
COPY --from=b /a /b
MAINTAINER me #! MaintainerDeprecated
`,
		"a FROM keeps its stage": `FROM alpine AS 9 #! syntax
RUN true
FROM --platfrom=x alpine AS build #! syntax
WORKDIR /a
FROM build
WORKDIR b
COPY --from=build /a /a
COPY --from=1 /a /a
`,
		"a typo of FROM is one": `FRM scratch #! syntax
RUN true
CMD ["a"]
FORM scratch AS b #! syntax
CMD ["b"]
`,
		"variables that a mistake would have set": `FROM scratch
ENVV A=b #! syntax
LABEL a=$A
EXPOSE ${A}/tcp
`,
		"in a stage below too": `FROM scratch AS a
ENV A #! syntax
FROM a
LABEL a=$A
FROM scratch
LABEL a=$A #! UndefinedVar
`,
		"a WORKDIR at fault": `FROM scratch
WORKDIR #! syntax
WORKDIR rel
`,
		"a SHELL at fault": `FROM scratch
SHELL sh -c #! syntax
CMD foo
`,
		"other instructions at fault define nothing": `FROM scratch
RUN --mount=type=x true #! syntax
LABEL a=$A #! UndefinedVar
WORKDIR rel #! WorkdirRelativePath
`,
		"an argument at fault": `ARG A=${B #! syntax
FROM image:$A
FROM scratch
STOPSIGNAL x #! syntax
`,
		"a heredoc of an unknown instruction": `FROM scratch
RUNN <<EOF #! syntax
echo
FROM x
EOF
CMD x #! JSONArgsRecommended
`,
		"a heredoc without end": `FROM scratch
RUN <<EOF #! syntax
echo foo

FROM scratch AS next
CMD x #! JSONArgsRecommended
`,
		"a mistake behind lines that were no heredoc": `FROM scratch
RUNN <<EOF #! syntax
x
EOF
STOPSIGNAL x #! syntax
CMD [1] #! syntax
`,
		"a comment behind a mistake": `FROM scratch
CMD [1] #! syntax
# check=skip=all
ENV A=$B
`,
		"a mistake and another escape": "# escape=`" + `
FROM scratch
CMD [1] #! syntax
LABEL a b #! LegacyKeyValueFormat
RUN a \
b #! syntax
`,
		"instructions before any stage": `ENV a=b #! syntax
RUN true
ARG A=scratch
FROM scratch
STOPSIGNAL x #! syntax
`,
		"a directive at fault": `# escape=x #! syntax
FROM scratch
STOPSIGNAL x #! syntax
`,
		"two circles": `FROM scratch AS a
COPY --from=b / / #! syntax
FROM scratch AS b
COPY --from=a / /
FROM scratch AS c
COPY --from=c / / #! syntax
CMD x #! JSONArgsRecommended
`,
		"images by number": `FROM scratch
COPY --from=image a b
COPY --from=1 a $X #! UndefinedVar
RUN --mount=type=cache,target=/x true
COPY --from=3 a b
COPY --from=5 a b #! syntax
`,
		"a trigger at fault": `FROM scratch AS a
ONBUILD FOO
CMD x #! JSONArgsRecommended
FROM a #! syntax
LABEL a b #! LegacyKeyValueFormat
STOPSIGNAL x #! syntax
`,
		"same mistake in many": strings.Repeat("FROM scratch\n"+strings.Repeat("STOPSIGNAL x #! syntax\n", 30), 5),
	} {
		wants(t, name, text, "")
	}
}

// Values that double with every line are not expanded to the end of memory.
func TestGrowth(t *testing.T) {
	start := "ENV A=0123456789\n"
	for name, text := range map[string]string{
		"ENV":      "FROM scratch\n" + start + strings.Repeat("ENV A=$A$A\n", 60) + "LABEL a b\n",
		"ARG":      "ARG A=0123456789\n" + strings.Repeat("ARG A=$A$A\n", 60) + "FROM scratch\nLABEL a b\n",
		"replace":  "FROM scratch\nENV A=aaaaaaaaaa\n" + strings.Repeat("ENV A=${A//a/$A}\n", 60) + "LABEL a b\n",
		"stages":   "FROM scratch AS a\n" + start + strings.Repeat("FROM a AS a\nENV A=$A$A\n", 60) + "LABEL a b\n",
		"ONBUILD":  "FROM scratch AS a\n" + start + "ONBUILD ENV A=$A$A\n" + strings.Repeat("FROM a AS a\nONBUILD ENV A=$A$A\n", 60) + "FROM a\nLABEL a b\n",
		"taken up": "ARG A=0123456789\n" + strings.Repeat("ARG A=$A$A\n", 16) + "FROM scratch\nARG A\n" + strings.Repeat("ENV A=$A$A\n", 60) + "LABEL a b\n",
	} {
		all := said(t, text, "")
		unchecked := slices.ContainsFunc(all, func(s string) bool { return strings.HasSuffix(s, "unchecked") })
		if last := strings.Count(text, "\n"); !unchecked || !slices.Contains(all, fmt.Sprintf("%d LegacyKeyValueFormat", last)) {
			t.Errorf("%s: %.200q", name, all)
		}
	}
}

// What an image that is not known here may decide is not told.
func TestUnknownImage(t *testing.T) {
	for name, text := range map[string]string{
		"its variables": `FROM image
COPY $A /
WORKDIR $B
EXPOSE ${C}/tcp
STOPSIGNAL $D
ENV E=${F:?}
VOLUME $G
RUN --mount=type=cache,target=$H true
`,
		"what is made of its variables": `FROM image
ENV DIR=$X
WORKDIR $DIR
ARG PORT
EXPOSE ${PORT}/tcp
`,
		"in a stage that stands on it": `FROM image AS a
FROM a
COPY $A /
`,
		"through an argument": `ARG BASE=image
FROM $BASE
COPY $A /
`,
		"not what the file sets": `FROM image
ENV A=rel P=99999
WORKDIR $A #! WorkdirRelativePath
EXPOSE $P #! syntax
`,
		"not on scratch": `ARG BASE=scratch
FROM --platform=$BUILDPLATFORM $BASE AS a
FROM a
COPY $A / #! UndefinedVar
EXPOSE ${C}/tcp #! syntax
`,
	} {
		wants(t, name, text, "")
	}
}

// Each rule speaks up, and keeps still.
func TestRules(t *testing.T) {
	for _, text := range []string{
		"FROM scratch AS Base #! StageNameCasing\nFROM scratch AS b\n",
		"FROM scratch as base #! FromAsCasing\nFROM scratch AS b\n",
		"FROM scratch\nRUN a \\\n\n  b #! NoEmptyContinuation\nRUN a \\\n  b\n",
		"FROM scratch\nRun a #! ConsistentInstructionCasing\nrun b #! ConsistentInstructionCasing\nRUN c\nRUN d\n",
		"FROM scratch AS a\nFROM scratch AS a #! DuplicateStageName\n",
		"FROM scratch AS scratch #! ReservedStageName\nFROM scratch AS context #! ReservedStageName\n",
		"FROM scratch\nCMD foo #! JSONArgsRecommended\nENTRYPOINT [\"a\"]\n",
		"FROM scratch\nMAINTAINER me #! MaintainerDeprecated\n",
		"FROM ${A:-scratch} #! UndefinedArgInFrom\n",
		"FROM scratch\nWORKDIR a #! WorkdirRelativePath\nWORKDIR b\n",
		"FROM scratch\nLABEL a=$A b=$PATH #! UndefinedVar\n",
		"FROM scratch\nCMD [\"a\"] #! MultipleInstructionsDisallowed\nCMD [\"b\"]\n",
		"FROM scratch\nENV a b #! LegacyKeyValueFormat\nENV a=b\n",
		"FROM --platform=$TARGETPLATFORM scratch #! RedundantTargetPlatform\nFROM --platform=$BUILDPLATFORM scratch\n",
		"FROM scratch\nARG TOKEN #! SecretsUsedInArgOrEnv\nARG TOKEN_FILE\n",
		"ARG A\nFROM image:${A} #! InvalidDefaultArgInFrom syntax\n",
		"FROM --platform=linux/amd64 scratch #! FromPlatformFlagConstDisallowed\nFROM --platform=linux/amd64 scratch AS amd64\n",
		"FROM scratch\nCOPY secret / #! CopyIgnoredFile\nADD secret secret / #! CopyIgnoredFile\nCOPY a /\n",
		"# check=experimental=all\n# what it is\nARG A=1 #! InvalidDefinitionDescription\n# A is\nARG A=1\nFROM scratch\n",
		"FROM scratch\nEXPOSE 80/TCP 81 #! ExposeProtoCasing\n",
		"FROM scratch\nEXPOSE 1:80 81 #! ExposeInvalidFormat\n",
	} {
		wants(t, text, text, "secret\n")
	}
}

func TestSeverity(t *testing.T) {
	all := Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte("# check=error=true\nFROM scratch\nMAINTAINER me\n"))})
	if len(all) != 1 || all[0].Severity != dockerfile.Error || all[0].Code != "MaintainerDeprecated" || !all[0].Deprecated {
		t.Errorf("with error=true: %+v", all)
	}
	all = Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte("# check=error=true;skip=MaintainerDeprecated\nFROM scratch\nMAINTAINER me\n"))})
	if len(all) != 0 {
		t.Errorf("with skip: %+v", all)
	}
	all = Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte("# check=skpi=all\nFROM scratch\nMAINTAINER me\nSTOPSIGNAL x\n"))})
	if len(all) != 2 || all[0].Lines.First != 0 || all[1].Lines.First != 3 {
		t.Errorf("options that cannot be read: %+v", all)
	}
}

func TestForeignFrontend(t *testing.T) {
	for image, foreign := range map[string]bool{
		"docker/dockerfile": false, "docker/dockerfile:1.4": false, "docker.io/docker/dockerfile:1@sha256:00": false,
		"docker/dockerfile-upstream:master": false, "docker/dockerfile:1-labs": false,
		"example.com/docker/dockerfile:1": true, "docker/dockerfilex": true, "earthly/x": true,
	} {
		all := Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte("# syntax=" + image + "\nFOO\nBAR\n"))})
		if one := len(all) == 1 && all[0].Severity == dockerfile.Hint; one != foreign {
			t.Errorf("%s: %+v", image, all)
		}
	}
}

// What depends on a base image is said once that image is known.
func TestKnownImage(t *testing.T) {
	file := File{Dockerfile: dockerfile.Parse([]byte("FROM app:1 AS one\nENV A=$HOME_DIR\nENV B=$NOPE\nFROM one\nENV C=$NOPE\nFROM other\nENV D=$NOPE\n"))}
	var c Checker
	if got := c.Check(t.Context(), file); len(got) != 0 {
		t.Errorf("unknown image: %+v", got)
	}
	file.Images = dockerfile.Images{"docker.io/library/app:1": []byte(`{"architecture":"amd64","os":"linux","config":{"Env":["HOME_DIR=/home"]}}`)}
	got := c.Check(t.Context(), file)
	if len(got) != 2 || got[0].Lines.First != 2 || got[1].Lines.First != 4 || got[0].Code != "UndefinedVar" {
		t.Errorf("known image: %+v", got)
	}
	file.Images = nil
	if got := c.Check(t.Context(), file); len(got) != 0 {
		t.Errorf("unknown again: %+v", got)
	}
}

// Images that are known are resolved side by side. Were one for another platform, BuildKit's
// linter would warn of several at once, without a lock: the race detector sees it.
func TestOtherPlatforms(t *testing.T) {
	var text strings.Builder
	images := dockerfile.Images{}
	for i := range 50 {
		fmt.Fprintf(&text, "FROM --platform=linux/s390x base%d AS s%d\nRUN true\n", i, i)
		images[fmt.Sprintf("docker.io/library/base%d:latest", i)] = []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`)
	}
	for _, p := range Check(t.Context(), File{Dockerfile: dockerfile.Parse([]byte(text.String())), Images: images}) {
		if p.Code == "InvalidBaseImagePlatform" {
			t.Errorf("%+v", p)
		}
	}
}

// Engines run on Linux, wherever their author is.
func TestDefaultPlatform(t *testing.T) {
	wants(t, "linux", "ARG TARGETOS\nFROM scratch AS on-linux\nWORKDIR /app\nCOPY a /b/\nFROM on-${TARGETOS}\nFROM on-${BUILDPLATFORM%%/*}\n", "")
}
