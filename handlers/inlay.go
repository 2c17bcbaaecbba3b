package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
)

type inlayHintParams struct {
	DocumentParams
	Range protocol.Range `json:"range"`
}

// inlayHint says behind each instruction what became of it in the newest build, and behind the image
// of a FROM which one it is.
func (s *Server) inlayHint(ctx context.Context, d document, p *inlayHintParams) (any, error) {
	hints := []protocol.InlayHint{} // not null: a list
	add := func(h protocol.InlayHint) {
		if !before(h.Position, p.Range.Start) && !before(p.Range.End, h.Position) {
			hints = append(hints, h)
		}
	}
	if s.settings.now().HintValues == hintsOn {
		for _, h := range s.valueHints(ctx, d) {
			add(h)
		}
	}
	if s.settings.now().HintAge == hintsOn {
		for _, h := range s.ageHints(ctx, d) {
			add(h)
		}
	}
	for _, m := range s.marks.of(ctx, d.snapshot, d.doc) {
		add(d.hint(m))
	}
	return hints, nil
}

// valueHints say behind what names the image of a stage by a variable which one that is, with the
// arguments of the Dockerfile's profile or of its last build. Nothing is said if the views of the
// Dockerfile do not agree, if a variable may be a secret, or if it is another for each platform.
func (s *Server) valueHints(ctx context.Context, d document) (hints []protocol.InlayHint) {
	var named, stages []dockerfile.Stage // as they are written where that is sound, and resolved; once
	number := 0
	for _, st := range plan.FileOf(d.doc).Instructions() {
		if st.Name() != "FROM" {
			continue
		}
		unsaid := func(m dockerfile.Mention) bool {
			return dockerfile.SecretName(m.Name) || strings.HasPrefix(m.Name, "TARGET") && dockerfile.IsPredefined(m.Name)
		}
		if len(st.Args) > 0 && strings.Contains(st.Slice(st.Args[0]), "$") && !slices.ContainsFunc(st.Mentions(), unsaid) {
			if stages == nil {
				views := s.viewsOf(d.snapshot, d.doc, s.settings.now())
				mended := s.lint.of(d.doc.URI).mend(ctx, s.lintFiles(views)[0])
				named, _ = mended.Stages()
				stages, _ = s.stagesIn(ctx, mended, views)
			}
			if written := st.Slice(st.Args[0]); number < len(stages) && written == named[number].Base && stages[number].Base != written {
				word := st.Token(st.Args[0])
				hints = append(hints, protocol.InlayHint{
					Position:    d.position(word.Last, word.End),
					Label:       protocol.String("= " + shownValue("", stages[number].Base)),
					PaddingLeft: ptr(true),
				})
			}
		}
		number++
	}
	return hints
}

// ageHints say behind each image of a FROM how old it is, as far as its registry has said so. Of
// one that is reproducible, which has no date, nothing is said.
func (s *Server) ageHints(ctx context.Context, d document) (hints []protocol.InlayHint) {
	file := plan.FileOf(d.doc)
	ctx, cancel := context.WithTimeout(ctx, registryPatience) // for all of them
	defer cancel()
	for _, l := range language.Links(file) {
		st := file.At(file.LineOf(l.Start))
		if l.Image == "" || st.Name() != "FROM" {
			continue
		}
		late := false
		made := askRegistry(ctx, s, s.registry.Created, l.Image, &late)
		if late {
			s.rpc.Go(func() {
				ctx, cancel := context.WithTimeout(s.rpc.Context(), layerWithin)
				defer cancel()
				if s.currentSettings(ctx).Registry != registryTags {
					return
				}
				if _, err := s.registry.Created(ctx, l.Image); err == nil {
					s.marks.refresh.changed(0)
				}
			})
		}
		if made.Unix() > 0 {
			hints = append(hints, protocol.InlayHint{
				Position:    d.byteRange(l.Start, l.Start+len(l.Image)).End,
				Label:       protocol.String(age(time.Since(made)) + " old"),
				PaddingLeft: ptr(true),
			})
		}
	}
	return hints
}

// age is a time in the largest unit of which it has at least two.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{365 * day, "years"}, {30 * day, "months"}, {7 * day, "weeks"}, {day, "days"}} {
		if n := d / unit.of; n >= 2 {
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return plural(int(max(d/day, 1)), "day", "days")
}

// hint is a mark behind the words of its instruction.
func (c converter) hint(m mark) protocol.InlayHint {
	return protocol.InlayHint{
		Position:    c.lineRange(dockerfile.Lines{First: m.Words, Last: m.Words}).End,
		Label:       protocol.String(m.label),
		PaddingLeft: ptr(true),
	}
}
