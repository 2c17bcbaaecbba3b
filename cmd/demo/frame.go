package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A style is what a piece of text is, not how it looks.
type style string

const (
	plain    style = ""
	dim      style = "dim"
	strong   style = "strong"
	keyword  style = "keyword"
	good     style = "good"
	cool     style = "cool"
	bad      style = "bad"
	caret    style = "caret"
	squiggle style = "squiggle"
)

// A row is a line of the screen; a frame is all that there is to see, the status line
// last.
type (
	span struct {
		style style
		text  string
	}
	row   []span
	frame []row
)

const (
	columns = 80
	markAt  = 58 // the column of the marks
)

// show shows what the editor looks like now.
func (e *editor) show(h hold) {
	f := frame{append(pad(row{{strong, "Dockerfile ●"}, {dim, "  not on disk"}}, columns-width(e.also)), span{dim, e.also}), nil}
	for i, line := range e.lines {
		word, rest, _ := strings.Cut(line, " ")
		r := row{{dim, fmt.Sprintf("%3d  ", i+1)}, {keyword, word}, {plain, line[len(word) : len(line)-len(rest)]}, {plain, rest}}
		if i == e.typing {
			r = append(r, span{caret, " "})
		}
		if e.marks[i].text != "" {
			r = append(pad(r, markAt), e.marks[i])
		}
		f = append(f, r)
		for _, p := range e.problems {
			if p.Range.Start.Line == i {
				f = append(f, problemRows(p, width(line))...)
			}
		}
	}
	e.screen.show(append(f, nil, statusLine(e.shown)), h)
}

// problemRows are the squiggle and the message below a line.
func problemRows(p problem, lineWidth int) []row {
	from, to := p.Range.Start.Character, p.Range.End.Character
	if p.Range.End.Line > p.Range.Start.Line {
		to = lineWidth
	}
	rows := []row{{{plain, strings.Repeat(" ", 5+from)}, {squiggle, strings.Repeat("~", max(1, to-from))}}}
	for text := range strings.SplitSeq(p.Message, "\n") {
		rows = append(rows, row{{plain, "     "}, {bad, cut(text, columns-5)}})
	}
	return rows
}

// statusLine is what an editor shows at its bottom.
func statusLine(p progress) row {
	first, _, _ := strings.Cut(p.Message, "\n")
	switch {
	case p.Kind == "":
		return nil
	case p.Kind == "end" && strings.HasPrefix(first, "Built"):
		return row{{good, "✓ " + first}}
	case p.Kind == "end":
		return row{{bad, "✗ " + strings.TrimSuffix(first, ":")}}
	}
	full := p.Percentage / 5
	return row{{cool, "▷ " + p.Title + " "}, {cool, strings.Repeat("━", full)}, {dim, strings.Repeat("─", 20-full)},
		{plain, fmt.Sprintf(" %3d%%  ", p.Percentage)}, {dim, cut(first, columns-30-width(p.Title))}}
}

func width(text string) int { return utf8.RuneCountInString(text) }

// pad fills a row with blanks up to a column.
func pad(r row, column int) row {
	return append(r, span{plain, strings.Repeat(" ", max(2, column-width(r.text())))})
}

func (r row) text() string {
	var b strings.Builder
	for _, s := range r {
		b.WriteString(s.text)
	}
	return b.String()
}

// cut shortens a text to a width.
func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
