package main

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

const (
	charWidth  = 9.6
	lineHeight = 23
	margin     = 24
)

const svgStyle = `text{font:16px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:#e6edf3;white-space:pre}
.dim{fill:#8b949e}.strong{font-weight:bold}.keyword{fill:#79c0ff}.good{fill:#56d364}.cool{fill:#39c5cf}.bad{fill:#ff7b72}
.squiggle{fill:none;stroke:#ff7b72;stroke-width:1.6}.caret{fill:#e6edf3}.shot{visibility:hidden;animation:0s step-end infinite}.poster{visibility:visible}
@media(prefers-reduced-motion:reduce){.shot{animation:none!important}}
`

// drawing is a film as a picture that moves: each row is drawn once, each shot is a list
// of rows that is seen in its time.
func drawing(film []shot) string {
	if i := slices.IndexFunc(film, func(s shot) bool { return s.first }); i > 0 {
		film = append(slices.Clone(film[i:]), film[:i]...)
	}
	var total, start time.Duration
	height := 0
	for _, s := range film {
		total += s.drawing
		height = max(height, s.frame.height()+2*margin)
	}
	var css, defs, shots strings.Builder
	rows := map[string]int{}
	for n, s := range film {
		from, to := 100*start.Seconds()/total.Seconds(), 100*(start+s.drawing).Seconds()/total.Seconds()
		start += s.drawing
		fmt.Fprintf(&css, "@keyframes k%d{0%%{visibility:hidden}%.3f%%{visibility:visible}%.3f%%,to{visibility:hidden}}.k%d{animation-name:k%d}\n", n, from, to, n, n)
		poster := ""
		if s.poster {
			poster = " poster"
		}
		fmt.Fprintf(&shots, `<g class="shot k%d%s">`, n, poster)
		for i, r := range s.frame {
			drawn := drawRow(r)
			if drawn == "" {
				continue
			}
			id, known := rows[drawn]
			if !known {
				id = len(rows)
				rows[drawn] = id
				fmt.Fprintf(&defs, "<g id=\"r%d\">%s</g>\n", id, drawn)
			}
			fmt.Fprintf(&shots, `<use href="#r%d" y="%d"/>`, id, margin+s.frame[:i].height())
		}
		shots.WriteString("</g>\n")
	}
	width := int(columns*charWidth) + 2*margin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img"
 aria-label="An unsaved Dockerfile is built, a line that fails is marked, mended and built again, and a long step is canceled.">
<style>%[3]s%[4]s.shot{animation-duration:%.2[5]fs}</style>
<defs>%[6]s</defs>
<rect x="0.5" y="0.5" width="%[7]d" height="%[8]d" rx="8" fill="#0d1117" stroke="#30363d"/>
%[9]s</svg>
`, width, height, svgStyle, css.String(), total.Seconds(), defs.String(), width-1, height-1, shots.String())
}

// height is that of some rows. A squiggle needs little.
func (f frame) height() (h int) {
	for _, r := range f {
		h += lineHeight
		if len(r) > 0 && r[len(r)-1].style == squiggle {
			h -= lineHeight * 2 / 3
		}
	}
	return h
}

// drawRow draws each span at its own column and to its own width, so that every font
// keeps the columns.
func drawRow(r row) string {
	var b strings.Builder
	column := 0
	for _, sp := range r {
		text := strings.TrimLeft(sp.text, " ")
		n := width(text)
		x := margin + float64(column+width(sp.text)-n)*charWidth
		switch {
		case sp.style == caret:
			fmt.Fprintf(&b, `<rect class="caret" x="%.1f" y="2" width="2" height="19"/>`, margin+float64(column)*charWidth+1)
		case sp.style == squiggle:
			fmt.Fprintf(&b, `<path class="squiggle" d="M%.1f 1%s"/>`, x, strings.Repeat("q2.4 -4 4.8 0t4.8 0", n))
		case n > 0:
			fmt.Fprintf(&b, `<text class="%s" x="%.1f" y="17" textLength="%.1f">%s</text>`, sp.style, x, float64(n)*charWidth, html.EscapeString(text))
		}
		column += width(sp.text)
	}
	return b.String()
}
