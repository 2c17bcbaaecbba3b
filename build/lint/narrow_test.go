package lint

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/buildls/buildls/build/dockerfile"
)

// underlined checks a Dockerfile in which «» marks what the problems of one code should
// underline, in that order; a problem of whole lines is not marked.
type underlined struct {
	code, text string
	ignore     string // .dockerignore
}

var underlinedCases = []underlined{
	{code: "StageNameCasing", text: "FROM scratch AS «Build»\n"},
	{code: "StageNameCasing", text: "FROM scratch \\\n  # why\n  AS «Build»\n"},
	{code: "FromAsCasing", text: "FROM scratch «as» build\n"},
	{code: "FromAsCasing", text: "from scratch\t«AS»\tbuild\n"},
	{code: "NoEmptyContinuation", text: "FROM scratch\nCOPY a \\\n«  »\n  /\n"},
	{code: "NoEmptyContinuation", text: "# escape=`\nFROM scratch\nCOPY a `\n# c\n«\t»\n\n  `\n / # x\n"},
	{code: "ConsistentInstructionCasing", text: "FROM scratch\n«copy» a /\nCOPY b /\n"},
	{code: "ConsistentInstructionCasing", text: "FROM scratch\n  «onbuild» COPY a /\n\t«Copy» b /\n"},
	{code: "DuplicateStageName", text: "FROM scratch AS a\nFROM scratch AS «a»\nFROM scratch AS «A»\n"},
	{code: "ReservedStageName", text: "FROM scratch AS «context»\n"},
	{code: "JSONArgsRecommended", text: "FROM scratch\nCMD «echo $A \\\n  b»  \n"},
	{code: "JSONArgsRecommended", text: "FROM scratch\nENTRYPOINT «['a', \"b\"]»\r\n"},
	{code: "MaintainerDeprecated", text: "FROM scratch\n«MAINTAINER» 日本語 😀\n"},
	{code: "UndefinedArgInFrom", text: "ARG ABC=b\nFROM scratch AS x\nFROM image:«${ABCD:-1}»\n"},
	{code: "UndefinedArgInFrom", text: "FROM --platform=«${NOPE}»linux/amd64 scratch\n"},
	{code: "WorkdirRelativePath", text: "FROM scratch\nWORKDIR «a b»\nWORKDIR c\n"},
	{code: "WorkdirRelativePath", text: "FROM scratch\nWORKDIR \\\r\n  «\"😀\"»  \r\n"},
	{code: "UndefinedVar", text: "FROM scratch\nCOPY --chown=«$u» b«${a:-x}» /\n"},
	{code: "UndefinedVar", text: "FROM scratch\nENV a='$x' b=\\$x c=\"日本«$y»«$x»\" y=\n"},
	{code: "UndefinedVar", text: "FROM scratch\nENV z=1\nENV a=${z:-«${x%b}»}\n"},
	{code: "UndefinedVar", text: "FROM scratch\nARG A\nLABEL a=$A \\\n# $x\n\n  b=\"«$x»\"\n"},
	{code: "UndefinedVar", text: "FROM scratch\nRUN --mount=type=cache,target=/x«$dir» echo $dir\n"},
	{code: "UndefinedVar", text: "FROM scratch\nCOPY <<a <<'b' /x/\n«$A»\n$A «$B»\na\n$y\nb\n"},
	{code: "UndefinedVar", text: "# escape=`\nFROM scratch\nWORKDIR C:\\a`\n\\«$b»\\c\n"},
	{code: "UndefinedVar", text: "FROM scratch\nCOPY [\"a\", \"«$b»\"]\n"},
	{code: "MultipleInstructionsDisallowed", text: "FROM scratch\n«CMD» [\"a\"]\nCMD [\"b\"]\n"},
	{code: "LegacyKeyValueFormat", text: "FROM scratch\nENV «a b \"c d\"» \nLABEL «x \\\n  y»\n"},
	{code: "InvalidBaseImagePlatform", text: "FROM scratch\n"},
	{code: "RedundantTargetPlatform", text: "FROM «--platform=$TARGETPLATFORM» scratch\n"},
	{code: "SecretsUsedInArgOrEnv", text: "FROM scratch\nARG A=1 «API_KEY»=x\nENV a=TOKEN «TOKEN»=y\n"},
	{code: "SecretsUsedInArgOrEnv", text: "FROM scratch\nENV «password» secret\n"},
	{code: "FromPlatformFlagConstDisallowed", text: "FROM \\\n  «--platform=linux/amd64» scratch\n"},
	{code: "CopyIgnoredFile", text: "FROM scratch\nCOPY a «./b» /\nADD [«\"b\"», \"/\"]\n", ignore: "b\n"},
	{code: "InvalidDefinitionDescription", text: "# check=experimental=all\n# x\n# b\n«# The base»  \n\nFROM scratch AS base\n"},
	{code: "ExposeProtoCasing", text: "FROM scratch\nEXPOSE 81/udp «80/TCP»\n"},
	{code: "ExposeInvalidFormat", text: "FROM scratch\nEXPOSE 81 «127.0.0.1:80:80»\nEXPOSE «1:2»\n"},

	{code: "syntax", text: "«FORM» scratch\nFROM scratch\n«RUNN» a\n"},
	{code: "syntax", text: "\ufeff«FORM» scratch\r\nFROM scratch\r\n"},
	{code: "syntax", text: "«COPY» a /\nCOPY b /\nFROM scratch\n"},
	{code: "syntax", text: "FROM scratch AS «1a»\nFROM «a b»\n«FROM»\nFROM «scratch as»\n"},
	{code: "syntax", text: "FROM scratch\nCOPY «--form=x» a /\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,target=/a \\\n # x\n \\\n «--form=\"x y\"» a\n"},
	{code: "syntax", text: "FROM scratch\nCOPY --link «--link» a /\nCOPY «--from» a /\nCOPY «--link=x» a /\n"},
	{code: "syntax", text: "FROM scratch\nCOPY «a»\n«COPY»\nENV «a»\n«ENV»\nENV a=b «c»\nLABEL «=b»\n"},
	{code: "syntax", text: "FROM scratch\nCMD [\"[\", «1», \"a\"]\nHEALTHCHECK CMD [\"[\", «{}»]\nSHELL «a b»\n"},
	{code: "syntax", text: "FROM scratch\nONBUILD «FROM» a\nONBUILD «onbuild» RUN a\n«ONBUILD»\n"},
	{code: "syntax", text: "FROM scratch\nRUN cat <<a «<<-\"b\"» 2>&1\nb\na\n\n"},
	{code: "syntax", text: "FROM scratch\nRUN cat «<< EOF» | sort\na\nEOF \n"},
	{code: "syntax", text: "FROM scratch\nCOPY a «<<b»\nx\nb\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=«nope»,target=/x a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,«taget»=/x a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=bind,target=/x --mount=type=bind,«size»=1,target=/y a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,target=/x,«foo» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,target=/x,«ro=maybe» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,target=/x,«mode=9» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,target=/x,sharing=«x» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=bind,target=/x,«sharing=shared» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=bind,target=/x,«uid»=1 a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=secret,«from=x»,target=/x a\n"},
	{code: "syntax", text: "FROM scratch\nRUN «--mount=type=secret» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=«\"from=$x\"»,target=/x a\n"},
	{code: "syntax", text: "FROM scratch\nRUN --mount=type=cache,target=«/» a\n"},
	{code: "syntax", text: "FROM scratch\nRUN «--network=x» a\nRUN «--security=x» a\n"},
	{code: "syntax", text: "FROM «--platform=x/y/z/w» scratch\n"},
	{code: "syntax", text: "FROM «--platform=$TARGETPLATFROM» scratch\n"},
	{code: "syntax", text: "FROM «Image»\nFROM «$NOPE»\n"},
	{code: "syntax", text: "FROM scratch\nCOPY --from=«Bad:Name» a /\n"},
	{code: "syntax", text: "FROM scratch\nCOPY --from=«7» a /\n"},
	{code: "syntax", text: "FROM scratch\nCOPY «--from=a$b» a /\n"},
	{code: "syntax", text: "FROM scratch AS a\nCOPY --from=«b» a /\nFROM scratch AS b\nCOPY --from=a a /\n"},
	{code: "syntax", text: "FROM scratch\nCOPY --link «--chown=me» a /\nCOPY «--chmod=999» a /\nADD «--checksum=x» a /\n"},
	{code: "syntax", text: "FROM scratch\nCOPY a «https://x.y/z» /\nCOPY «https://github.com/a/b.git» /\n"},
	{code: "syntax", text: "FROM scratch\nARG P=80\nEXPOSE ${P} «abc/tcp»\nEXPOSE ${P} «300.1.1.1:80:80»\nEXPOSE ${P} «1-2:80-90» $P\nEXPOSE \"${P}\" «127.0.0.1:80»\nEXPOSE $P «x» $P\n"},
	{code: "syntax", text: "# escape=`\nFROM scratch\nARG LOW=8000\nARG HIGH=8010\nEXPOSE `\n  ${LOW}/tcp `\n  ${LOW}-${HIGH}/udp\nEXPOSE ${LOW}/tcp «127.0.0.1:80»\n"},
	{code: "syntax", text: "FROM scratch\nARG P=x\nEXPOSE 80 «$P»\nEXPOSE «80 $P ${P}/udp»\n"},
	{code: "ExposeInvalidFormat", text: "FROM scratch\nARG P=80\nEXPOSE ${P} «1:2»\nEXPOSE 80 «$P:81»\n"},
	{code: "ExposeProtoCasing", text: "FROM scratch\nARG P=80\nEXPOSE ${P} «1/TCP»\n"},
	{code: "syntax", text: "FROM scratch\nARG T=/\nRUN --mount=type=cache,target=/x --mount=type=cache,target=«$T» a\nRUN --mount=type=cache,target=$T --mount=type=cache,target=«/» a\n"},
	{code: "syntax", text: "FROM scratch\nARG U=x\nRUN --mount=type=cache,target=/a,uid=1 --mount=type=cache,target=/b,«uid=$U» a\n"},
	{code: "syntax", text: "FROM scratch\nLABEL a=$X b=«${X:?no}»\n"},
	{code: "SecretsUsedInArgOrEnv", text: "FROM scratch\nARG P=a\nENV $P=1 «B_TOKEN»=x\n"},
	{code: "CopyIgnoredFile", text: "FROM scratch\nARG P=a\nCOPY $P «secret» /\nCOPY a «$P/../secret» /\n", ignore: "secret\n"},
	{code: "syntax", text: "FROM scratch\nEXPOSE 80 «x»\nEXPOSE «80/foo» 1\nEXPOSE «x:80»\n"},
	{code: "syntax", text: "FROM scratch\n«WORKDIR»\nVOLUME [\"a\", «\"\"»]\n"},
	{code: "syntax", text: "FROM scratch\nHEALTHCHECK «--interval=1» CMD a\nHEALTHCHECK «--retries=-1» CMD a\nHEALTHCHECK «curl» x\n"},
	{code: "syntax", text: "FROM scratch\nHEALTHCHECK NONE «a b»\nHEALTHCHECK «CMD»\nHEALTHCHECK «--retries=x» CMD a\nHEALTHCHECK «--interval=1us» CMD a\n"},
	{code: "syntax", text: "FROM scratch\nENV a=«\"b c»  \n"},
	{code: "syntax", text: "FROM scratch\nENV a=b c=d«${e»\n"},
	{code: "syntax", text: "FROM scratch\nCOPY \"a\" «'b» /\n"},
	{code: "syntax", text: "FROM scratch\nLABEL a=x«${y!z}»\n"},
	{code: "syntax", text: "FROM scratch\nWORKDIR /«${X:?set it}»\n"},
	{code: "syntax", text: "FROM scratch\nCOPY <<EOF /\na\n b «${c»\nEOF\n"},
	{code: "syntax", text: "# escape=«x»\nFROM scratch\n"},
	{code: "syntax", text: "# escape=`\r\n«# Escape = \\»\r\nFROM scratch\r\n"},
	{code: "syntax", text: "# check=skip=all;«foo»=bar\nFROM scratch\n"},
	{code: "syntax", text: "FROM scratch AS a\nCOPY --from=«a» a /\n"},
}

func TestNarrow(t *testing.T) {
	for _, c := range underlinedCases {
		want, text := marked(c.text)
		var got []dockerfile.Token
		var messages []string
		for _, p := range Check(context.Background(), File{Dockerfile: dockerfile.Parse([]byte(text)), Ignore: []byte(c.ignore)}) {
			if p.Code == c.code {
				messages = append(messages, p.Message)
				got = append(got, dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End})
			}
		}
		if shown := markup(text, got); shown != c.text && !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q\n%s", c.code, shown, c.text, strings.Join(messages, "\n"))
		}
	}
}

// marked takes the marks out of a text.
func marked(text string) ([]dockerfile.Token, string) {
	var list []dockerfile.Token
	var b strings.Builder
	line, start := 0, 0
	for _, r := range text {
		switch column := b.Len() - start; r {
		case '«':
			list = append(list, dockerfile.Token{First: line, Start: column})
		case '»':
			list[len(list)-1].Last, list[len(list)-1].End = line, column
		default:
			b.WriteRune(r)
			if r == '\n' {
				line, start = line+1, b.Len()
			}
		}
	}
	return list, b.String()
}

// markup puts marks around what is underlined.
func markup(text string, list []dockerfile.Token) string {
	lines := strings.SplitAfter(text, "\n")
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		if t.Start != 0 || t.End != 0 {
			lines[t.Last] = lines[t.Last][:t.End] + "»" + lines[t.Last][t.End:]
			lines[t.First] = lines[t.First][:t.Start] + "«" + lines[t.First][t.Start:]
		}
	}
	return strings.Join(lines, "")
}

// TestNarrowed checks messages that a check of one file alone does not give.
func TestNarrowed(t *testing.T) {
	for _, c := range []struct{ code, message, text string }{
		{"InvalidBaseImagePlatform", "Base image b was pulled with platform \"a\", expected \"c\" for current build", "FROM --platform=$P «b» AS c\n"},
		{"InvalidDefaultArgInFrom", "Default value for ARG image:$V results in empty or invalid base image name", "FROM «image:$V» AS x\n"},
		{"syntax", "example.com/x is not Docker's own front end, so", "#syntax = «example.com/x»\nFROM scratch\n"},
		{"syntax", "unknown stage", "FROM a\n"},
		{"syntax", "unknown flag: --nope", "FROM a\n"},
		{"syntax", "unterminated heredoc", "RUN «<<a» \n"},
	} {
		want, text := marked(c.text)
		p := dockerfile.Problem{Code: c.code, Message: c.message}
		narrow(&p, dockerfile.Parse([]byte(text)))
		got := dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End}
		if len(want) == 0 && got != (dockerfile.Token{}) || len(want) == 1 && got != want[0] {
			t.Errorf("%s: got %q, want %q", c.message, markup(text, []dockerfile.Token{got}), c.text)
		}
	}
}

// FuzzNarrow checks that no message on no text leads outside of it.
func FuzzNarrow(f *testing.F) {
	for i, c := range underlinedCases {
		_, text := marked(c.text)
		f.Add([]byte(text), c.code, "unknown flag: --form", uint8(i), uint8(1))
	}
	for _, m := range mistakes {
		f.Add([]byte("FROM «é\\\n\r\n\tb\r\nRUN --mount=type=é,é=\"é <<é"), "syntax", strings.ReplaceAll(m.message, "%", "é"), uint8(0), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, code, message string, first, more uint8) {
		p := dockerfile.Problem{Code: code, Message: message, Lines: dockerfile.Lines{First: int(first), Last: int(first) + int(more)}}
		before := p.Lines
		narrow(&p, dockerfile.Parse(text))
		if p.Columns == (dockerfile.Columns{}) && p.Lines == before {
			return
		}
		lines := bytes.Split(text, []byte("\n"))
		if p.Lines.First < 0 || p.Lines.First > p.Lines.Last || p.Lines.Last >= len(lines) {
			t.Fatalf("lines %+v of %d", p.Lines, len(lines))
		}
		onBoundary(t, lines[p.Lines.First], p.Columns.Start)
		onBoundary(t, lines[p.Lines.Last], p.Columns.End)
		if p.Lines.First == p.Lines.Last && p.Columns.Start > p.Columns.End {
			t.Fatalf("backwards: %+v", p)
		}
	})
}

func onBoundary(t *testing.T, line []byte, column int) {
	t.Helper()
	line = bytes.TrimRight(line, "\r")
	if column < 0 || column > len(line) {
		t.Fatalf("column %d of %q", column, line)
	}
	if utf8.Valid(line) && column < len(line) && !utf8.RuneStart(line[column]) {
		t.Fatalf("column %d of %q is inside of a character", column, line)
	}
}

// The second of two like problems gets the second token.
func TestNarrowSecond(t *testing.T) {
	one := dockerfile.Problem{Code: "UndefinedVar", Message: "Usage of undefined variable '$a'"}
	want, text := marked("COPY «$a» b«${a:-x}» c«$a» /\n")
	list := []dockerfile.Problem{one, one, one, one}
	Narrow(list, dockerfile.Parse([]byte(text)))
	for i, p := range list {
		if p.Columns != (dockerfile.Columns{Start: want[min(i, 2)].Start, End: want[min(i, 2)].End}) {
			t.Errorf("%d: %+v", i, p)
		}
	}
}
