package main

import (
	"encoding/xml"
	"fmt"
	"html"
	"math"
	"strings"
	"testing"
)

const (
	plotWidth  = 760.0
	plotLeft   = 56.0 // for the numbers
	plotRight  = 70.0 // for the aim
	plotTop    = 44.0
	panelAbove = 26.0 // for a panel's title
	panelHigh  = 90.0
	plotBelow  = 44.0
)

const plotStyle = `text{font:12px system-ui,sans-serif;fill:#8b949e}.title{font-size:14px;fill:#e6edf3}.name{fill:#c9d1d9}
.grid{stroke:#30363d}.aim{stroke:#d29922;stroke-dasharray:4 3}polyline{fill:none;stroke:#79c0ff;stroke-width:1.6}`

// A plot is panels over each other, that share what goes to the right.
type plot struct {
	x, title string
	body     strings.Builder
	y        float64 // where the next panel begins
	last     float64 // the largest x
}

type point struct{ x, y float64 }

func newPlot(x, title string) *plot { return &plot{x: x, title: title, y: plotTop} }

// panel draws a line from zero up. aim is a limit to be seen, 0 if there is none.
func (p *plot) panel(title string, aim float64, points []point) {
	top := aim
	for _, at := range points {
		top, p.last = max(top, at.y), max(p.last, at.x)
	}
	top = roundUp(top)
	above, bottom := p.y+panelAbove, p.y+panelAbove+panelHigh
	p.y = bottom + 8
	right := plotWidth - plotRight
	y := func(v float64) float64 { return bottom - v/top*panelHigh }
	p.text(plotLeft, above-8, "name", "start", title)
	for _, v := range []float64{0, top / 2, top} {
		p.rule("grid", plotLeft, y(v), right, y(v))
		p.text(plotLeft-6, y(v)+4, "", "end", fmt.Sprintf("%.3g", v))
	}
	if aim > 0 {
		p.rule("aim", plotLeft, y(aim), right, y(aim))
		p.text(right+6, y(aim)+4, "", "start", "the aim")
	}
	var line []string
	for _, at := range points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", plotLeft+at.x/p.last*(right-plotLeft), y(at.y)))
	}
	fmt.Fprintf(&p.body, "<polyline points=\"%s\"/>\n", strings.Join(line, " "))
}

func (p *plot) rule(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&p.body, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1, x2, y2)
}

func (p *plot) text(x, y float64, class, anchor, text string) {
	fmt.Fprintf(&p.body, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", class, x, y, anchor, html.EscapeString(text))
}

// String is the plot as SVG.
func (p *plot) String() string {
	right := plotWidth - plotRight
	p.text(plotLeft, p.y+8, "", "start", "0")
	p.text(right, p.y+8, "", "end", fmt.Sprintf("%g %s", p.last, p.x))
	p.text(plotLeft, plotTop-18, "title", "start", p.title)
	high := p.y + plotBelow - 24
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%[1]g\" height=\"%[2]g\" viewBox=\"0 0 %[1]g %[2]g\" role=\"img\" aria-label=\"%[3]s\">\n<style>%[4]s</style>\n<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#0d1117\"/>\n%[5]s</svg>\n",
		plotWidth, high, html.EscapeString(p.title), plotStyle, p.body.String())
}

// roundUp is the next of 1, 2, 4, 5, 6, 8 and 10 in its power of ten.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 4, 5, 6, 8, 10} {
		if v <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// polylines are the points of each line of a picture, which must be well-formed.
func polylines(t *testing.T, svg string) (lines [][]point) {
	t.Helper()
	var picture struct {
		Lines []struct {
			Points string `xml:"points,attr"`
		} `xml:"polyline"`
	}
	if err := xml.Unmarshal([]byte(svg), &picture); err != nil {
		t.Fatal(err)
	}
	for _, l := range picture.Lines {
		var points []point
		for at := range strings.FieldsSeq(l.Points) {
			var p point
			if _, err := fmt.Sscanf(at, "%f,%f", &p.x, &p.y); err != nil {
				t.Fatalf("%q: %v", at, err)
			}
			points = append(points, p)
		}
		lines = append(lines, points)
	}
	return lines
}
