// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
)

// Sizes in pixels.
const (
	width  = 860
	margin = 20
	left   = 230 // of the axes
	right  = 760
)

const (
	paper = "#ffffff"
	ink   = "#1f2933"
	faint = "#52606d" // of text that is less important; 6:1 on paper
	grid  = "#d9dee4"
	shade = "#f6e3d7"
	own   = "#0072b2" // a picker of package balance
	other = "#d55e00"
)

func colorOf(theirs bool) string {
	if theirs {
		return other
	}
	return own
}

// canvas is an SVG in the making.
type canvas struct {
	body bytes.Buffer
	y    float64 // how far down it is filled
}

func (c *canvas) rect(x, y, w, h float64, color string) {
	fmt.Fprintf(&c.body, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n", px(x), px(y), px(w), px(h), color)
}

func (c *canvas) line(x1, y1, x2, y2, thickness float64, color string) {
	fmt.Fprintf(&c.body, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>\n",
		px(x1), px(y1), px(x2), px(y2), color, px(thickness))
}

func (c *canvas) circle(x, y, r float64, fill, stroke string) {
	fmt.Fprintf(&c.body, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"/>\n", px(x), px(y), px(r), fill, stroke)
}

func (c *canvas) path(points []byte, color string) {
	fmt.Fprintf(&c.body, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>\n", points, color)
}

// text writes at x, y; anchor is start, middle or end.
func (c *canvas) text(x, y, size float64, anchor, color, text string) {
	fmt.Fprintf(&c.body, "<text x=\"%s\" y=\"%s\" font-size=\"%s\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n",
		px(x), px(y), px(size), anchor, color, escape(text))
}

// head begins the drawing with its title and a line that explains it.
func (c *canvas) head(title, explanation string) {
	c.text(margin, margin+18, 18, "start", ink, title)
	c.text(margin, margin+38, 12, "start", faint, explanation)
	c.y = margin + 56
}

// svg ends the drawing. The explanation is for those who cannot see it, too.
func (c *canvas) svg(title, explanation string) []byte {
	var out bytes.Buffer
	height := px(c.y + margin)
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%s\" viewBox=\"0 0 %d %s\" role=\"img\" font-family=\"%s\">\n",
		width, height, width, height, "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif")
	fmt.Fprintf(&out, "<title>%s</title>\n<desc>%s</desc>\n", escape(title), escape(explanation))
	fmt.Fprintf(&out, "<rect width=\"%d\" height=\"%s\" rx=\"6\" fill=\"%s\"/>\n", width, height, paper)
	out.Write(c.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// px is short and the same everywhere, so that drawings can be compared.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil { // writes to memory do not fail
		return ""
	}
	return b.String()
}

// scale maps values to a range of pixels, by their logarithms.
type scale struct{ low, high, from, to float64 }

// at returns where v is; values beyond the ends are at the ends.
func (s scale) at(v float64) float64 {
	v = min(max(v, s.low), s.high)
	return s.from + (s.to-s.from)*math.Log(v/s.low)/math.Log(s.high/s.low)
}
