package fix

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/linttest"
	"github.com/buildls/buildls/build/lint/locate"
	"github.com/buildls/buildls/build/lint/practice"
)

// A fixed text is what becomes of a Dockerfile by the fix of a title for the first
// problem of a code.
type fixed struct{ code, title, before, after string }

var fixedCases = []fixed{
	{"StageNameCasing", "Rename to build", "FROM scratch AS Build\r\nFROM scratch\r\nCOPY --from=BUILD a \\\r\n /\r\nRUN --mount=type=bind,from=Build,target=/x --mount=from=build,target=/y a Build\r\n",
		"FROM scratch AS build\r\nFROM scratch\r\nCOPY --from=build a \\\r\n /\r\nRUN --mount=type=bind,from=build,target=/x --mount=from=build,target=/y a Build\r\n"},
	{"StageNameCasing", "Rename to build", "FROM scratch AS Build\nONBUILD COPY --from=Build a /\nFROM --platform=$BUILDPLATFORM Build\n", "FROM scratch AS build\nONBUILD COPY --from=build a /\nFROM --platform=$BUILDPLATFORM build\n"},
	{"FromAsCasing", "Write AS", "FROM scratch \\\n# as\n as a\n", "FROM scratch \\\n# as\n AS a\n"},
	{"FromAsCasing", "Write as", "from scratch AS a", "from scratch as a"},
	{"NoEmptyContinuation", "Remove the empty lines", "FROM scratch\r\nCOPY a \\\r\n\r\n# c\r\n \t\r\n  /\r\n", "FROM scratch\r\nCOPY a \\\r\n# c\r\n  /\r\n"},
	{"NoEmptyContinuation", "Remove the empty line", "FROM scratch\nCOPY a / \\\n  ", "FROM scratch\nCOPY a / \\\n"},
	{"ConsistentInstructionCasing", "Write FROM", "from scratch as a\nCOPY a /\nCOPY b /\n", "FROM scratch AS a\nCOPY a /\nCOPY b /\n"},
	{"ConsistentInstructionCasing", "Write onbuild", "from scratch\ncopy a /\nOnbuild copy a /\n", "from scratch\ncopy a /\nonbuild copy a /\n"},
	{"JSONArgsRecommended", "Write as JSON", "FROM scratch\nCMD echo 'a  b' \"<c>\" \\\n  d=e \n", "FROM scratch\nCMD [\"echo\", \"a  b\", \"<c>\", \"d=e\"] \n"},
	{"JSONArgsRecommended", "Write as JSON", "FROM scratch\nENTRYPOINT ['a', 'b',]\r\n", "FROM scratch\nENTRYPOINT [\"a\", \"b\"]\r\n"},
	{"JSONArgsRecommended", "Write as JSON, run by /bin/sh", "FROM scratch\nCMD cd / && echo \"$A\\t\"\n", "FROM scratch\nCMD [\"/bin/sh\", \"-c\", \"cd / && echo \\\"$A\\\\t\\\"\"]\n"},
	{"JSONArgsRecommended", "Write as JSON, run by /bin/sh", "FROM scratch\nCMD exec a\n", "FROM scratch\nCMD [\"/bin/sh\", \"-c\", \"exec a\"]\n"},
	{"MaintainerDeprecated", "Write as a LABEL", "FROM scratch\nMAINTAINER Zoë \"$Z\" \\ <z@x>\n", "FROM scratch\nLABEL org.opencontainers.image.authors=\"Zoë \\\"\\$Z\\\" \\\\ <z@x>\"\n"},
	{"MaintainerDeprecated", "Write as a LABEL", "from scratch\nmaintainer 'me'\n", "from scratch\nlabel org.opencontainers.image.authors=\"me\"\n"},
	{"UndefinedArgInFrom", "Change to VERSION", "ARG VERSION=1\nFROM image:${VERSON:-2}\n", "ARG VERSION=1\nFROM image:${VERSION:-2}\n"},
	{"UndefinedArgInFrom", "Declare ARG V", "\ufeff# syntax=docker/dockerfile:1\r\n# base\r\nFROM image:1$V\r\n", "\ufeff# syntax=docker/dockerfile:1\r\nARG V\r\n# base\r\nFROM image:1$V\r\n"},
	{"UndefinedArgInFrom", "Declare ARG V", "\ufeffFROM image:1$V\n", "\ufeffARG V\nFROM image:1$V\n"},
	{"UndefinedArgInFrom", "Declare arg V", "arg A=1\n\nfrom image:1$V\n", "arg A=1\narg V\n\nfrom image:1$V\n"},
	{"WorkdirRelativePath", "Begin the path with /", "FROM scratch\nWORKDIR a\n", "FROM scratch\nWORKDIR /a\n"},
	{"WorkdirRelativePath", "Begin the path with /", "FROM scratch\nWORKDIR \"./a b\"\n", "FROM scratch\nWORKDIR \"/a b\"\n"},
	{"WorkdirRelativePath", "Begin the path with /", "FROM scratch\nWORKDIR .", "FROM scratch\nWORKDIR /"},
	{"UndefinedVar", "Change to $name", "FROM scratch\nENV name=1\nCOPY a$nam ${nam:-b} /\n", "FROM scratch\nENV name=1\nCOPY a$name ${name:-b} /\n"},
	{"UndefinedVar", "Declare ARG X", "ARG X=1\nFROM scratch\nCOPY a /\n# the file\n# and more\nCOPY a \\\n  $X /\nCOPY $X /\n", "ARG X=1\nFROM scratch\nCOPY a /\nARG X\n# the file\n# and more\nCOPY a \\\n  $X /\nCOPY $X /\n"},
	{"UndefinedVar", "Declare ARG X", "FROM scratch\nCOPY <<E /a\n\n${X}\nE\n", "FROM scratch\nARG X\nCOPY <<E /a\n\n${X}\nE\n"},
	{"MultipleInstructionsDisallowed", "Remove this CMD, which has no effect", "FROM scratch\nCMD [\"a\", \\\n  \"b\"]\nCMD [\"c\"]", "FROM scratch\nCMD [\"c\"]"},
	{"LegacyKeyValueFormat", "Write as key=value", "FROM scratch\nENV a \t b\n", "FROM scratch\nENV a=b\n"},
	{"LegacyKeyValueFormat", "Write as key=value", "FROM scratch\nENV a b \\\n  c  \n", "FROM scratch\nENV a=\"b \\\n  c\"  \n"},
	{"LegacyKeyValueFormat", "Write as key=value", "FROM scratch\nLABEL a \\\r\n\t'b  c'\r\n", "FROM scratch\nLABEL a='b  c'\r\n"},
	{"LegacyKeyValueFormat", "Write as key=value", "FROM scratch\nENV a b \"c  d\"  'e'\n", "FROM scratch\nENV a=b\\ \"c  d\"\\ \\ 'e'\n"},
	{"LegacyKeyValueFormat", "Write as key=value", "# escape=`\nFROM scratch\nENV a C:\\d e `\n f\n", "# escape=`\nFROM scratch\nENV a=\"C:\\d e `\n f\"\n"},
	{"RedundantTargetPlatform", "Remove --platform", "FROM --platform=$TARGETPLATFORM  scratch AS a\n", "FROM scratch AS a\n"},
	{"RedundantTargetPlatform", "Remove --platform", "FROM --platform=${TARGETPLATFORM} \\\n  scratch\n", "FROM \\\n  scratch\n"},
	{"InvalidDefinitionDescription", "Describe base with this comment", "# check=experimental=all\n#  The image\nFROM scratch AS base\n", "# check=experimental=all\n#  base The image\nFROM scratch AS base\n"},
	{"InvalidDefinitionDescription", "Describe A with this comment", "# check=experimental=all\n# a: x\nARG A\nFROM scratch\n", "# check=experimental=all\n# A x\nARG A\nFROM scratch\n"},
	{"ExposeProtoCasing", "Write tcp", "FROM scratch\nEXPOSE 80 81-82/TCP\n", "FROM scratch\nEXPOSE 80 81-82/tcp\n"},
	{"ExposeInvalidFormat", "Expose 80/udp", "FROM scratch\nEXPOSE 127.0.0.1:8080:80/udp\n", "FROM scratch\nEXPOSE 80/udp\n"},

	{"DuplicateStageName", "Ignore rule DuplicateStageName in this file", "FROM scratch AS a\r\nFROM scratch AS a\r\n", "# check=skip=DuplicateStageName\r\nFROM scratch AS a\r\nFROM scratch AS a\r\n"},
	{"ReservedStageName", "Ignore rule ReservedStageName in this file", "\ufeff# about\nFROM scratch AS context\n", "\ufeff# check=skip=ReservedStageName\n# about\nFROM scratch AS context\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing in this file", "# escape=`\n# syntax=docker/dockerfile:1\n\nFROM scratch as a\n", "# escape=`\n# syntax=docker/dockerfile:1\n# check=skip=FromAsCasing\n\nFROM scratch as a\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing in this file", "#!/usr/bin/x\nFROM scratch as a\n", "#!/usr/bin/x\n# check=skip=FromAsCasing\nFROM scratch as a\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing in this file", "  # escape=`\nFROM scratch as a\nLABEL a=`\n b\n", "# check=skip=FromAsCasing\n  # escape=`\nFROM scratch as a\nLABEL a=`\n b\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing in this file", "\ufeff#check = skip=JSONArgsRecommended;error=true why \r\nFROM scratch as a\r\n", "\ufeff#check = skip=JSONArgsRecommended,FromAsCasing;error=true why \r\nFROM scratch as a\r\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing in this file", "# check=error=true\nFROM scratch as a\n", "# check=error=true;skip=FromAsCasing\nFROM scratch as a\n"},
	{"InvalidDefinitionDescription", "Ignore rule InvalidDefinitionDescription in this file", "# check=experimental=InvalidDefinitionDescription;error=true\n# x\nFROM scratch AS a\n", "# check=error=true\n# x\nFROM scratch AS a\n"},
	{"InvalidDefinitionDescription", "Ignore rule InvalidDefinitionDescription in this file", "# syntax=docker/dockerfile:1\n# check=experimental=all\n# x\nFROM scratch AS a\n", "# syntax=docker/dockerfile:1\n# x\nFROM scratch AS a\n"},

	{"syntax", "Change to COPY", "FROM scratch\nCOPPY a /\n", "FROM scratch\nCOPY a /\n"},
	{"syntax", "Change to from", "FROM scratch\nCOPY --form=a b /\n", "FROM scratch\nCOPY --from=a b /\n"},
	{"syntax", "Change to target", "FROM scratch\nRUN --mount=type=cache,taget=/x a\n", "FROM scratch\nRUN --mount=type=cache,target=/x a\n"},
	{"syntax", "Change to cache", "FROM scratch\nRUN --mount=type=cach,target=/x a\n", "FROM scratch\nRUN --mount=type=cache,target=/x a\n"},
	{"syntax", "Change to shared", "FROM scratch\nRUN --mount=type=cache,target=/x,sharing=share a\n", "FROM scratch\nRUN --mount=type=cache,target=/x,sharing=shared a\n"},
	{"syntax", "Change to BUILDPLATFORM", "FROM --platform=$BUILDPLATFROM scratch\n", "FROM --platform=$BUILDPLATFORM scratch\n"},
	{"syntax", "Write as JSON", "FROM scratch\nSHELL /bin/sh -c\n", "FROM scratch\nSHELL [\"/bin/sh\", \"-c\"]\n"},
	{"JSONArgsRecommended", "Ignore rule JSONArgsRecommended here", "FROM scratch\r\n  CMD a b\r\n", "FROM scratch\r\n  # buildls ignore=JSONArgsRecommended\r\n  CMD a b\r\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing here", "\ufeffFROM scratch as a\n", "\ufeff# buildls ignore=FromAsCasing\nFROM scratch as a\n"},
	{"FromAsCasing", "Ignore rule FromAsCasing here", "# syntax=docker/dockerfile:1\n# buildls ignore=StageNameCasing why\nFROM scratch as A\n", "# syntax=docker/dockerfile:1\n# buildls ignore=StageNameCasing,FromAsCasing why\nFROM scratch as A\n"},
	{"UnusedIgnore", "Remove this comment", "# buildls ignore=FromAsCasing\nFROM scratch AS a\n", "FROM scratch AS a\n"},
	{"UnusedIgnore", "Remove StageNameCasing from this comment", "# buildls ignore=StageNameCasing, FromAsCasing x\nFROM scratch as a\n", "# buildls ignore=FromAsCasing x\nFROM scratch as a\n"},
	{"UnusedIgnore", "Remove nope from this comment", "# buildls ignore=FromAsCasing, nope x\nFROM scratch as a\n", "# buildls ignore=FromAsCasing x\nFROM scratch as a\n"},
	{"DL3006", "Ignore rule DL3006 here", "FROM a\n", "# buildls ignore=DL3006\nFROM a\n"},
	{"DL3006", "Ignore rule DL3006 in this file", "# escape=`\n\nFROM a\n", "# escape=`\n# buildls global ignore=DL3006\n\nFROM a\n"},
	{"DL3006", "Ignore rule DL3006 in this file", "# hadolint global ignore=DL3007\nFROM a\n", "# hadolint global ignore=DL3007,DL3006\nFROM a\n"},
	{"syntax", "Insert CMD", "FROM scratch\nHEALTHCHECK --retries=2 curl x\n", "FROM scratch\nHEALTHCHECK --retries=2 CMD curl x\n"},
}

func TestFixes(t *testing.T) {
	for _, c := range fixedCases {
		f := lint.File{Dockerfile: dockerfile.Parse([]byte(c.before))}
		if strings.HasPrefix(c.code, "DL") {
			f.Rules.Set = practice.All
		}
		problems := lint.Check(context.Background(), f)
		i := slices.IndexFunc(problems, func(p dockerfile.Problem) bool { return p.Code == c.code })
		if i < 0 {
			t.Errorf("%q: no problem %s in %+v", c.before, c.code, problems)
			continue
		}
		fixes := For(problems[i], f.Dockerfile, Known{Images: f.Images})
		n := slices.IndexFunc(fixes, func(f Fix) bool { return f.Title == c.title })
		if n < 0 {
			t.Errorf("%q: %s: no fix %q in %+v", c.before, problems[i].Message, c.title, fixes)
			continue
		}
		if after := apply(c.before, fixes[n].Edits); after != c.after {
			t.Errorf("%s\ngot  %q\nwant %q", c.title, after, c.after)
		}
		mends(t, problems, i, f, fixes[n])
	}
}

// mends checks that a fix mends its problem and makes none.
func mends(t *testing.T, before []dockerfile.Problem, i int, f lint.File, fix Fix) {
	t.Helper()
	f.Dockerfile = dockerfile.Parse([]byte(apply(f.Dockerfile.String(), fix.Edits)))
	left := map[string]int{}
	for _, p := range before {
		left[p.Code+p.Message]++
	}
	left[before[i].Code+before[i].Message]--
	for _, p := range lint.Check(context.Background(), f) {
		if left[p.Code+p.Message]--; left[p.Code+p.Message] < 0 {
			t.Errorf("%s: %q has a problem: %s: %s", fix.Title, f.Dockerfile, p.Code, p.Message)
		}
	}
}

// apply applies edits that are not in each other's way.
func apply(text string, edits []Edit) string {
	return Apply(dockerfile.Parse([]byte(text)), slices.SortedStableFunc(slices.Values(edits), compareEdits))
}

// TestEveryFix tries every fix for every problem of the texts for other tests.
func TestEveryFix(t *testing.T) {
	var texts []lint.File
	for _, c := range linttest.UnderlinedCases {
		_, text := linttest.Marked(c.Text)
		texts = append(texts, lint.File{Dockerfile: dockerfile.Parse([]byte(text)), Ignore: []byte(c.Ignore)})
	}
	for _, c := range fixedCases {
		texts = append(texts, lint.File{Dockerfile: dockerfile.Parse([]byte(c.before))})
	}
	for _, f := range texts {
		problems := lint.Check(context.Background(), f)
		for i, p := range problems {
			for _, fix := range For(p, f.Dockerfile, Known{Images: f.Images}) {
				mends(t, problems, i, f, fix)
			}
		}
	}
}

func TestFixAll(t *testing.T) {
	before := "\ufefffrom --platform=$TARGETPLATFORM scratch as Build\r\nENV a b\r\nEXPOSE 1:2/TCP 3/UDP\r\nLABEL c \\\r\n\r\n  d e\r\n" +
		"COPY --from=0 a /\r\nFROM scratch as Build\r\nCOPY --from=BUILD a $x /\r\nCMD a\r\n"
	after := "\ufeffFROM scratch AS build\r\nENV a=b\r\nEXPOSE 2/tcp 3/udp\r\nLABEL c \\\r\n  d e\r\n" +
		"COPY --from=0 a /\r\nFROM scratch AS build\r\nCOPY --from=build a $x /\r\nCMD a\r\n"
	f := lint.File{Dockerfile: dockerfile.Parse([]byte(before))}
	f.Dockerfile = dockerfile.Parse([]byte(apply(before, All(lint.Check(context.Background(), f), f.Dockerfile, Known{Images: f.Images}))))
	if f.Dockerfile.String() != after {
		t.Errorf("got  %q\nwant %q", f.Dockerfile, after)
	}
	f.Dockerfile = dockerfile.Parse([]byte(apply(after, All(lint.Check(context.Background(), f), f.Dockerfile, Known{Images: f.Images}))))
	if edits := All(lint.Check(context.Background(), f), f.Dockerfile, Known{Images: f.Images}); len(edits) > 0 {
		t.Errorf("more to do: %+v", edits)
	}
	if !bytes.Contains(f.Dockerfile.Text(), []byte("LABEL c=\"d e\"\r\n")) {
		t.Errorf("got %q", f.Dockerfile)
	}
}

// FuzzFixes checks that no fix reaches out of the text, and that none of its own edits
// are in each other's way.
func FuzzFixes(f *testing.F) {
	for _, c := range slices.Concat(fixedCases, practiceCases) {
		f.Add([]byte(c.before), c.code, "variable '$X' (did you mean $Y?) (lowercase) `# a <description>` found '1:2' protocol '1/TCP' in", uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, code, message string, line uint8) {
		p := dockerfile.Problem{Code: code, Message: message, Lines: dockerfile.Lines{First: int(line), Last: int(line)}}
		one := []dockerfile.Problem{p}
		locate.Narrow(one, dockerfile.Parse(text))
		for _, fix := range For(one[0], dockerfile.Parse(text), allKnown) {
			if merged := merge(nil, fix.Edits); len(merged) == 0 {
				t.Fatalf("%+v", fix)
			}
			for i, e := range fix.Edits {
				if slices.ContainsFunc(fix.Edits[:i], e.conflicts) {
					t.Fatalf("conflict: %+v", fix)
				}
			}
			apply(string(text), fix.Edits)
		}
	})
}

// TestFixesOfTriggers: what is said of a FROM, because an ONBUILD of its base is at fault,
// is not mended there.
func TestFixesOfTriggers(t *testing.T) {
	for _, trigger := range []string{"CMD foo", "WORKDIR rel", "ENV a b", "EXPOSE 1:2/TCP", "MAINTAINER me", "COPY $X /", "CMD a\nONBUILD CMD b"} {
		f := lint.File{Dockerfile: dockerfile.Parse([]byte("FROM scratch AS base\nONBUILD " + trigger + "\nFROM base\n"))}
		for _, p := range lint.Check(context.Background(), f) {
			for _, fix := range For(p, f.Dockerfile, Known{Images: f.Images}) {
				if p.Lines.First > 1 && !strings.HasPrefix(fix.Title, "Ignore") {
					t.Errorf("%s: %s: %s", f.Dockerfile, p.Message, fix.Title)
				}
			}
		}
	}
}

// TestJSONOfOneOfTwo: the JSON form of CMD or ENTRYPOINT is not preferred where the other
// one would do something else then.
func TestJSONOfOneOfTwo(t *testing.T) {
	for text, preferred := range map[string]bool{
		"FROM scratch\nCMD a\n": true, "FROM scratch\nENTRYPOINT a\n": true, "FROM scratch\nCMD a\nFROM scratch\nENTRYPOINT b\n": true,
		"FROM scratch\nCMD a\nENTRYPOINT [\"b\"]\n": false, "FROM scratch\nENTRYPOINT a\nCMD [\"b\"]\n": false, "FROM scratch\nCMD [\"b\"]\nENTRYPOINT a\n": false,
	} {
		f := lint.File{Dockerfile: dockerfile.Parse([]byte(text))}
		for _, p := range lint.Check(context.Background(), f) {
			if p.Code == "JSONArgsRecommended" && For(p, f.Dockerfile, Known{Images: f.Images})[0].Preferred != preferred {
				t.Errorf("%q: %+v", text, For(p, f.Dockerfile, Known{Images: f.Images})[0])
			}
		}
	}
}
