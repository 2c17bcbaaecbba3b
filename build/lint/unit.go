package lint

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/buildls/buildls/build/dockerfile"
)

// A unit is a Dockerfile that is made of instructions of the file.
type unit struct {
	text   strings.Builder
	lines  int
	added  int // by variables, at most
	pieces []piece
}

// A piece is an instruction's place in a unit.
type piece struct {
	*instructionAt
	first, last int // lines of the unit
	of          *stage
	context     bool // it is there for what others inherit
}

func (k *check) newUnit(p *plan) *unit {
	u := &unit{}
	u.text.Grow(4 << 10)
	u.line(k.header.lines())
	for _, in := range p.global {
		if !in.excluded {
			u.add(in, in.text, nil, true)
		}
	}
	return u
}

// line adds lines that are not the file's.
func (u *unit) line(text string) {
	u.text.WriteString(text)
	u.lines += strings.Count(text, "\n")
	if !strings.HasSuffix(text, "\n") {
		u.text.WriteByte('\n')
		u.lines++
	}
}

// add adds an instruction, or what stands for it.
func (u *unit) add(in *instructionAt, text string, of *stage, context bool) {
	for _, c := range in.comments {
		u.line("# " + c)
	}
	first := u.lines
	u.line(text)
	u.added += in.added
	u.pieces = append(u.pieces, piece{in, first, u.lines - 1, of, context})
}

// from adds the FROM of a stage.
func (u *unit) from(s *stage, context bool) {
	if s.standIn != "" {
		u.add(s.from, s.standIn, s, context)
		return
	}
	u.add(s.from, s.from.text, s, context)
}

// stub adds an empty stage in the place of one.
func (u *unit) stub(s *stage) {
	if s.name != "" {
		u.line("FROM scratch AS " + s.name)
	} else {
		u.line("FROM scratch")
	}
}

// at finds the piece that has a line of the unit, and what lines of the file these are.
func (u *unit) at(lines dockerfile.Lines) (*piece, dockerfile.Lines) {
	i := sort.Search(len(u.pieces), func(i int) bool { return u.pieces[i].last >= lines.First })
	if i == len(u.pieces) || u.pieces[i].first > lines.First {
		return nil, dockerfile.Lines{}
	}
	p := &u.pieces[i]
	at := shift(dockerfile.Lines{First: lines.First, Last: min(lines.Last, p.last)}, p.instructionAt.at.First-p.first)
	return p, dockerfile.Lines{First: min(at.First, p.instructionAt.at.Last), Last: min(at.Last, p.instructionAt.at.Last)}
}

// An outcome is what BuildKit said of a unit, in the unit's lines.
type outcome struct {
	warnings []finding
	message  string // of the mistake that ended it, empty if none did
	at       []dockerfile.Lines
	panicked string // what BuildKit panicked with on the unit
}

// convert has BuildKit's converter read a unit: whole, or how its stages hang together
// alone.
func (k *check) convert(u *unit, graph bool) *outcome {
	text := u.text.String()
	if k.spent += costOfUnit + len(text) + u.added; k.spent > maxSpent {
		k.end(dockerfile.Lines{})
		return &outcome{}
	}
	key := text // which begins with a comment
	if graph {
		key = "graph" + text
	}
	out, ok := k.units.get(key)
	if !ok {
		client := k.ignore.client
		if graph {
			client = beforeDispatch()
		}
		out = k.convertText(text, client)
		k.units.put(strings.Clone(key), out) // without the room that the text has to grow
	}
	if out.panicked != "" {
		k.add(dockerfile.Problem{Code: "unchecked", Severity: dockerfile.Hint,
			Message: "part of this Dockerfile could not be checked: BuildKit's converter failed on it: " + out.panicked})
	}
	return out
}

// convertText converts to the end, canceled or not: it is soon done, and half an outcome
// must not be remembered.
func (k *check) convertText(text string, client *dockerui.Client) *outcome {
	out := &outcome{}
	opt := dockerfile2llb.ConvertOpt{SourceMap: llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", nil), MetaResolver: k.images, AllStages: true, Client: client}
	opt.Config = client.Config
	opt.BuildArgs, opt.TargetPlatform = k.given.args, k.given.platform
	opt.Warn = func(rule, _, url, message string, location []parser.Range) {
		if lines, ok := dockerfile.SpanOfParser(location); ok {
			out.warnings = append(out.warnings, finding{rule, url, message, lines})
		}
	}
	_, err := dockerfile.Convert(context.WithoutCancel(k.ctx), []byte(text), opt)
	violated := err != nil && strings.HasPrefix(err.Error(), "lint violation found for rules:")
	if err == nil || violated || errors.Is(err, errBeforeDispatch) {
		return out
	}
	var panicked *dockerfile.PanicError
	if errors.As(err, &panicked) {
		return &outcome{panicked: fmt.Sprint(panicked.Value)}
	}
	out.message = dockerfile.PlainError(err)
	var le *parser.LocationError
	if errors.As(err, &le) {
		for _, l := range le.Locations {
			if lines, ok := dockerfile.SpanOfParser(l); ok {
				out.at = append(out.at, lines)
			}
		}
	}
	return out
}
