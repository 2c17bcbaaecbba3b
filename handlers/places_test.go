package handlers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/fix"
	"github.com/buildls/buildls/workspace"
)

// TestPlaces generates texts whose lines end in every way that there is, or only seem to. A
// problem stands, in the editor's lines, where BuildKit's own lines are, on the word that it
// names; a client that applies a fix by the protocol's rules mends what BuildKit reads.
func TestPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]int{}
	for i := range 300 {
		encoding := []workspace.Encoding{workspace.UTF8, workspace.UTF16}[i%2]
		checkPlaces(t, oddText(r), encoding, seen)
		if t.Failed() {
			return
		}
	}
	for _, what := range []string{"UndefinedVar", "JSONArgsRecommended", "LegacyKeyValueFormat", "FromAsCasing", "syntax", "mended", "all mended"} {
		if seen[what] < 20 {
			t.Errorf("%s was met %d times alone", what, seen[what])
		}
	}
}

// oddText is a Dockerfile of some instructions, with blanks of all kinds in them.
func oddText(r *rand.Rand) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	odd := func() string {
		return pick("", "", "\r", "\r", "\r\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\t", "🐳", "é")
	}
	rows := []string{pick("", "", "\ufeff") + pick("FROM scratch", "FROM scratch as base", "from scratch as base")}
	for n := range 1 + r.IntN(8) {
		rows = append(rows, strings.Split(strings.NewReplacer("%", fmt.Sprint(n), "~", odd()).Replace(pick(
			"# a~b", "", "~", "~ # ~", "LABEL a%=$NOPE%", "~LABEL a%=\"🐳~\" b%=$NOPE%~", "LABEL a%=1 \\\n  ~\n # c~d\n~ b%=$NOPE%",
			"CMD~serve% x~y", "ENV a% b~c", "MAINTAINER ~m", "WORKDIR rel%~", "EXPOSE 8%/TCP~", "run~x%", "RUN a \\~\n\n b",
			"COPY <<EOF% /\n$NOPE%~\n~\nEOF%", "RUNN~x", "LABEL~\"a", "COPY --nope% a b~", "ENV~",
		)), "\n")...)
	}
	text, ends := "", []string{pick("\n", "\r\n"), pick("\n", "\r\n", "\r\r\n")}
	for _, row := range rows {
		text += row + pick(ends...)
	}
	if r.IntN(3) == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}

var namedWord = regexp.MustCompile(`NOPE\d+`)

func checkPlaces(t *testing.T, text string, encoding workspace.Encoding, seen map[string]int) {
	t.Helper()
	file := lint.File{Dockerfile: dockerfile.Parse([]byte(text))}
	c := converter{text: workspace.NewText(text), encoding: encoding}
	theirs := buildkitSays(t, text)
	problems, met := lint.Check(t.Context(), file), theirs.mistake == ""
	for _, p := range problems {
		seen[p.Code]++
		at := protocolBytes(text, c.diagnostic(p).Range, encoding)
		switch in := theirs.inRows(text, p, at); {
		case theirs.mistake != "": // at which it ends
			met = met || in && p.Message == theirs.mistake
		case !in:
			t.Errorf("%q: %q at %q is not in BuildKit's lines %v", text, p.Message, text[at[0]:at[1]], theirs.lines[p.Message])
		}
		if word := namedWord.FindString(p.Message); word != "" && !strings.Contains(text[at[0]:at[1]], word) {
			t.Errorf("%q: %q underlines %q", text, p.Message, text[at[0]:at[1]])
		}
		for _, f := range fix.For(p, file.Dockerfile, fix.Known{Images: file.Images}) {
			mended := byClient(text, c, f.Edits)
			if now := buildkitSays(t, mended); f.Safe && len(now.lines[p.Message]) >= len(theirs.lines[p.Message]) && theirs.lines[p.Message] != nil {
				t.Errorf("%q: %q is still so in %q", text, p.Message, mended)
			} else if f.Safe {
				seen["mended"]++
			}
		}
	}
	if !met {
		t.Errorf("%q: %q is not among %+v in the lines %v", text, theirs.mistake, problems, theirs.lines[theirs.mistake])
	}
	if edits := fix.All(problems, file.Dockerfile, fix.Known{Images: file.Images}); len(edits) > 0 {
		mended := byClient(text, c, edits)
		if left := lint.Check(t.Context(), lint.File{Dockerfile: dockerfile.Parse([]byte(mended))}); len(left) >= len(problems) {
			t.Errorf("%q: nothing is mended in %q", text, mended)
		}
		seen["all mended"]++
	}
}

// sayings are what BuildKit's own lint says of a text: the lines, as it counts them, of each of
// its messages, and at which it ended.
type sayings struct {
	lines   map[string][][]*pb.Range
	mistake string
}

// inRows says whether some bytes are of lines that BuildKit names with a problem's message.
func (s sayings) inRows(text string, p dockerfile.Problem, at [2]int) bool {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	starts = append(starts, len(text)+1)
	return slices.ContainsFunc(s.lines[p.Message], func(ranges []*pb.Range) bool {
		first, last := ranges[0].Start.Line, ranges[0].End.Line
		for _, r := range ranges {
			first, last = min(first, r.Start.Line), max(last, r.End.Line)
		}
		if p.Code == "NoEmptyContinuation" { // BuildKit names the line with which its instruction ends
			first = 1
		}
		return starts[max(first, 1)-1] <= at[0] && at[1] < starts[max(last, 1)]
	})
}

func buildkitSays(t *testing.T, text string) sayings {
	t.Helper()
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(text))
	sm.Definition = &llb.Definition{}
	res, err := dockerfile2llb.DockerfileLint(t.Context(), []byte(text), dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: dockerfile.Images(nil)})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	all := sayings{lines: map[string][][]*pb.Range{}}
	for _, w := range res.Warnings {
		all.lines[w.Detail] = append(all.lines[w.Detail], w.Location.Ranges)
	}
	if res.Error != nil {
		all.mistake = dockerfile.PlainError(errors.New(res.Error.Message))
		all.lines[all.mistake] = append(all.lines[all.mistake], res.Error.Location.Ranges)
	}
	return all
}

// protocolBytes are the bytes of a range, counted as the protocol has it, slowly.
func protocolBytes(text string, r protocol.Range, e workspace.Encoding) [2]int {
	offset := func(p protocol.Position) int {
		ends := append(regexp.MustCompile(`\r\n|\n|\r`).FindAllStringIndex(text, -1), []int{len(text), len(text)})
		start := 0
		if p.Line > 0 {
			start = ends[p.Line-1][1]
		}
		units := 0
		for i, c := range text[start:ends[p.Line][0]] {
			if units >= int(p.Character) {
				return start + i
			}
			if units += utf16.RuneLen(c); e == workspace.UTF8 {
				units += len(string(c)) - utf16.RuneLen(c)
			}
		}
		return ends[p.Line][0]
	}
	return [2]int{offset(r.Start), offset(r.End)}
}

// byClient is the text after a client has applied edits.
func byClient(text string, c converter, edits []fix.Edit) string {
	list := c.edit(edits).Changes[c.uri]
	slices.SortStableFunc(list, func(a, b protocol.TextEdit) int { // the last first
		return protocolBytes(text, b.Range, c.encoding)[0] - protocolBytes(text, a.Range, c.encoding)[0]
	})
	for _, e := range list {
		at := protocolBytes(text, e.Range, c.encoding)
		text = text[:at[0]] + e.NewText + text[at[1]:]
	}
	return text
}
