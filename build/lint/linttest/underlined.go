package linttest

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// An Underlined is a Dockerfile in which «» marks what the problems of one code should
// underline, in that order; a problem of whole lines is not marked.
type Underlined struct {
	Code, Text string
	Ignore     string // .dockerignore
}

// UnderlinedCases are one or more for each message that lint knows the place of.
var UnderlinedCases = []Underlined{
	{Code: "StageNameCasing", Text: "FROM scratch AS «Build»\n"},
	{Code: "StageNameCasing", Text: "FROM scratch \\\n  # why\n  AS «Build»\n"},
	{Code: "FromAsCasing", Text: "FROM scratch «as» build\n"},
	{Code: "FromAsCasing", Text: "from scratch\t«AS»\tbuild\n"},
	{Code: "NoEmptyContinuation", Text: "FROM scratch\nCOPY a \\\n«  »\n  /\n"},
	{Code: "NoEmptyContinuation", Text: "# escape=`\nFROM scratch\nCOPY a `\n# c\n«\t»\n\n  `\n / # x\n"},
	{Code: "ConsistentInstructionCasing", Text: "FROM scratch\n«copy» a /\nCOPY b /\n"},
	{Code: "ConsistentInstructionCasing", Text: "FROM scratch\n  «onbuild» COPY a /\n\t«Copy» b /\n"},
	{Code: "DuplicateStageName", Text: "FROM scratch AS a\nFROM scratch AS «a»\nFROM scratch AS «A»\n"},
	{Code: "ReservedStageName", Text: "FROM scratch AS «context»\n"},
	{Code: "JSONArgsRecommended", Text: "FROM scratch\nCMD «echo $A \\\n  b»  \n"},
	{Code: "JSONArgsRecommended", Text: "FROM scratch\nENTRYPOINT «['a', \"b\"]»\r\n"},
	{Code: "MaintainerDeprecated", Text: "FROM scratch\n«MAINTAINER» 日本語 😀\n"},
	{Code: "UndefinedArgInFrom", Text: "ARG ABC=b\nFROM scratch AS x\nFROM image:«${ABCD:-1}»\n"},
	{Code: "UndefinedArgInFrom", Text: "FROM --platform=«${NOPE}»linux/amd64 scratch\n"},
	{Code: "WorkdirRelativePath", Text: "FROM scratch\nWORKDIR «a b»\nWORKDIR c\n"},
	{Code: "WorkdirRelativePath", Text: "FROM scratch\nWORKDIR \\\r\n  «\"😀\"»  \r\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nCOPY --chown=«$u» b«${a:-x}» /\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nENV a='$x' b=\\$x c=\"日本«$y»«$x»\" y=\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nENV z=1\nENV a=${z:-«${x%b}»}\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nARG A\nLABEL a=$A \\\n# $x\n\n  b=\"«$x»\"\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nRUN --mount=type=cache,target=/x«$dir» echo $dir\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nCOPY <<a <<'b' /x/\n«$A»\n$A «$B»\na\n$y\nb\n"},
	{Code: "UndefinedVar", Text: "# escape=`\nFROM scratch\nWORKDIR C:\\a`\n\\«$b»\\c\n"},
	{Code: "UndefinedVar", Text: "FROM scratch\nCOPY [\"a\", \"«$b»\"]\n"},
	{Code: "MultipleInstructionsDisallowed", Text: "FROM scratch\n«CMD» [\"a\"]\nCMD [\"b\"]\n"},
	{Code: "LegacyKeyValueFormat", Text: "FROM scratch\nENV «a b \"c d\"» \nLABEL «x \\\n  y»\n"},
	{Code: "InvalidBaseImagePlatform", Text: "FROM scratch\n"},
	{Code: "RedundantTargetPlatform", Text: "FROM «--platform=$TARGETPLATFORM» scratch\n"},
	{Code: "SecretsUsedInArgOrEnv", Text: "FROM scratch\nARG A=1 «API_KEY»=x\nENV a=TOKEN «TOKEN»=y\n"},
	{Code: "SecretsUsedInArgOrEnv", Text: "FROM scratch\nENV «password» secret\n"},
	{Code: "FromPlatformFlagConstDisallowed", Text: "FROM \\\n  «--platform=linux/amd64» scratch\n"},
	{Code: "CopyIgnoredFile", Text: "FROM scratch\nCOPY a «./b» /\nADD [«\"b\"», \"/\"]\n", Ignore: "b\n"},
	{Code: "InvalidDefinitionDescription", Text: "# check=experimental=all\n# x\n# b\n«# The base»  \n\nFROM scratch AS base\n"},
	{Code: "ExposeProtoCasing", Text: "FROM scratch\nEXPOSE 81/udp «80/TCP»\n"},
	{Code: "ExposeInvalidFormat", Text: "FROM scratch\nEXPOSE 81 «127.0.0.1:80:80»\nEXPOSE «1:2»\n"},

	{Code: "syntax", Text: "«FORM» scratch\nFROM scratch\n«RUNN» a\n"},
	{Code: "syntax", Text: "\ufeff«FORM» scratch\r\nFROM scratch\r\n"},
	{Code: "syntax", Text: "«COPY» a /\nCOPY b /\nFROM scratch\n"},
	{Code: "syntax", Text: "FROM scratch AS «1a»\nFROM «a b»\n«FROM»\nFROM «scratch as»\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY «--form=x» a /\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,target=/a \\\n # x\n \\\n «--form=\"x y\"» a\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY --link «--link» a /\nCOPY «--from» a /\nCOPY «--link=x» a /\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY «a»\n«COPY»\nENV «a»\n«ENV»\nENV a=b «c»\nLABEL «=b»\n"},
	{Code: "syntax", Text: "FROM scratch\nCMD [\"[\", «1», \"a\"]\nHEALTHCHECK CMD [\"[\", «{}»]\nSHELL «a b»\n"},
	{Code: "syntax", Text: "FROM scratch\nONBUILD «FROM» a\nONBUILD «onbuild» RUN a\n«ONBUILD»\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN cat <<a «<<-\"b\"» 2>&1\nb\na\n\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN cat «<< EOF» | sort\na\nEOF \n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY a «<<b»\nx\nb\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=«nope»,target=/x a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,«taget»=/x a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=bind,target=/x --mount=type=bind,«size»=1,target=/y a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,target=/x,«foo» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,target=/x,«ro=maybe» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,target=/x,«mode=9» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,target=/x,sharing=«x» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=bind,target=/x,«sharing=shared» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=bind,target=/x,«uid»=1 a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=secret,«from=x»,target=/x a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN «--mount=type=secret» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=«\"from=$x\"»,target=/x a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN --mount=type=cache,target=«/» a\n"},
	{Code: "syntax", Text: "FROM scratch\nRUN «--network=x» a\nRUN «--security=x» a\n"},
	{Code: "syntax", Text: "FROM «--platform=x/y/z/w» scratch\n"},
	{Code: "syntax", Text: "FROM «--platform=$TARGETPLATFROM» scratch\n"},
	{Code: "syntax", Text: "FROM «Image»\nFROM «$NOPE»\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY --from=«Bad:Name» a /\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY --from=«7» a /\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY «--from=a$b» a /\n"},
	{Code: "syntax", Text: "FROM scratch AS a\nCOPY --from=«b» a /\nFROM scratch AS b\nCOPY --from=a a /\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY --link «--chown=me» a /\nCOPY «--chmod=999» a /\nADD «--checksum=x» a /\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY a «https://x.y/z» /\nCOPY «https://github.com/a/b.git» /\n"},
	{Code: "syntax", Text: "FROM scratch\nARG P=80\nEXPOSE ${P} «abc/tcp»\nEXPOSE ${P} «300.1.1.1:80:80»\nEXPOSE ${P} «1-2:80-90» $P\nEXPOSE \"${P}\" «127.0.0.1:80»\nEXPOSE $P «x» $P\n"},
	{Code: "syntax", Text: "# escape=`\nFROM scratch\nARG LOW=8000\nARG HIGH=8010\nEXPOSE `\n  ${LOW}/tcp `\n  ${LOW}-${HIGH}/udp\nEXPOSE ${LOW}/tcp «127.0.0.1:80»\n"},
	{Code: "syntax", Text: "FROM scratch\nARG P=x\nEXPOSE 80 «$P»\nEXPOSE «80 $P ${P}/udp»\n"},
	{Code: "ExposeInvalidFormat", Text: "FROM scratch\nARG P=80\nEXPOSE ${P} «1:2»\nEXPOSE 80 «$P:81»\n"},
	{Code: "ExposeProtoCasing", Text: "FROM scratch\nARG P=80\nEXPOSE ${P} «1/TCP»\n"},
	{Code: "syntax", Text: "FROM scratch\nARG T=/\nRUN --mount=type=cache,target=/x --mount=type=cache,target=«$T» a\nRUN --mount=type=cache,target=$T --mount=type=cache,target=«/» a\n"},
	{Code: "syntax", Text: "FROM scratch\nARG U=x\nRUN --mount=type=cache,target=/a,uid=1 --mount=type=cache,target=/b,«uid=$U» a\n"},
	{Code: "syntax", Text: "FROM scratch\nLABEL a=$X b=«${X:?no}»\n"},
	{Code: "SecretsUsedInArgOrEnv", Text: "FROM scratch\nARG P=a\nENV $P=1 «B_TOKEN»=x\n"},
	{Code: "CopyIgnoredFile", Text: "FROM scratch\nARG P=a\nCOPY $P «secret» /\nCOPY a «$P/../secret» /\n", Ignore: "secret\n"},
	{Code: "syntax", Text: "FROM scratch\nEXPOSE 80 «x»\nEXPOSE «80/foo» 1\nEXPOSE «x:80»\n"},
	{Code: "syntax", Text: "FROM scratch\n«WORKDIR»\nVOLUME [\"a\", «\"\"»]\n"},
	{Code: "syntax", Text: "FROM scratch\nHEALTHCHECK «--interval=1» CMD a\nHEALTHCHECK «--retries=-1» CMD a\nHEALTHCHECK «curl» x\n"},
	{Code: "syntax", Text: "FROM scratch\nHEALTHCHECK NONE «a b»\nHEALTHCHECK «CMD»\nHEALTHCHECK «--retries=x» CMD a\nHEALTHCHECK «--interval=1us» CMD a\n"},
	{Code: "syntax", Text: "FROM scratch\nENV a=«\"b c»  \n"},
	{Code: "syntax", Text: "FROM scratch\nENV a=b c=d«${e»\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY \"a\" «'b» /\n"},
	{Code: "syntax", Text: "FROM scratch\nLABEL a=x«${y!z}»\n"},
	{Code: "syntax", Text: "FROM scratch\nWORKDIR /«${X:?set it}»\n"},
	{Code: "syntax", Text: "FROM scratch\nCOPY <<EOF /\na\n b «${c»\nEOF\n"},
	{Code: "syntax", Text: "# escape=«x»\nFROM scratch\n"},
	{Code: "syntax", Text: "# escape=`\r\n«# Escape = \\»\r\nFROM scratch\r\n"},
	{Code: "syntax", Text: "# check=skip=all;«foo»=bar\nFROM scratch\n"},
	{Code: "syntax", Text: "FROM scratch AS a\nCOPY --from=«a» a /\n"},
}

// Marked takes the marks out of a text, and says where they were.
func Marked(text string) ([]dockerfile.Token, string) {
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
