// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
)

// Sizes in pixels.
const (
	width      = 860
	margin     = 20
	labelWidth = 150 // of a row
	valueWidth = 130 // right of the axes
	left       = margin + labelWidth
	right      = width - margin - valueWidth
	rowHeight  = 20
	titleSize  = 18
)

const (
	paper = "#ffffff"
	ink   = "#1f2933"
	faint = "#52606d" // of text that is less important; 6:1 on paper
	grid  = "#d9dee4"
)

// canvas is an SVG in the making.
type canvas struct {
	body bytes.Buffer
	y    float64 // how far down it is filled
}

func (c *canvas) rect(x, y, w, h float64, color string) {
	fmt.Fprintf(&c.body, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n", px(x), px(y), px(w), px(h), escape(color))
}

func (c *canvas) line(x1, y1, x2, y2, thickness float64, color string) {
	fmt.Fprintf(&c.body, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>\n",
		px(x1), px(y1), px(x2), px(y2), escape(color), px(thickness))
}

// style is how a text looks. anchor is start, middle or end.
type style struct {
	size   float64
	anchor string
	color  string
	bold   bool
}

func (c *canvas) text(x, y float64, s style, text string) {
	weight := ""
	if s.bold {
		weight = " font-weight=\"bold\""
	}
	fmt.Fprintf(&c.body, "<text x=\"%s\" y=\"%s\" font-size=\"%s\" text-anchor=\"%s\" fill=\"%s\"%s>%s</text>\n",
		px(x), px(y), px(s.size), s.anchor, s.color, weight, escape(text))
}

// mark draws mark number i around x, y: each has a shape of its own.
func (c *canvas) mark(i int, x, y float64, color string) {
	const r = 5
	switch i % 3 {
	case 0:
		fmt.Fprintf(&c.body, "<circle cx=\"%s\" cy=\"%s\" r=\"%d\" fill=\"%s\"/>\n", px(x), px(y), r, escape(color))
	case 1:
		fmt.Fprintf(&c.body, "<path d=\"M%s %s l%d %d l-%d %d l-%d -%d z\" fill=\"%s\" stroke=\"%s\" stroke-width=\"2\"/>\n",
			px(x), px(y-r), r, r, r, r, r, r, paper, escape(color))
	default:
		c.rect(x-1.5, y-r-1, 3, 2*r+2, color)
	}
}

// head begins the drawing with its title and a line that explains it.
func (c *canvas) head(title, explanation string) {
	c.y = margin + titleSize
	c.text(margin, c.y, style{size: titleSize, anchor: "start", color: ink, bold: true}, title)
	c.y += titleSize
	c.text(margin, c.y, style{size: 12, anchor: "start", color: faint}, explanation)
	c.y += 12
}

// group begins a group of rows.
func (c *canvas) group(title string) {
	c.y += 26
	c.text(margin, c.y, style{size: 14, anchor: "start", color: ink, bold: true}, title)
	c.y += 10
}

// label names the row that begins at c.y.
func (c *canvas) label(text string) {
	c.text(left-8, c.y+rowHeight/2+4, style{size: 12, anchor: "end", color: ink}, text)
}

// ticks draws an axis above c.y: lines up to the height, numbers below.
func (c *canvas) ticks(height float64, at []float64, x func(float64) float64, format func(float64) string) {
	for _, v := range at {
		c.line(x(v), c.y-height, x(v), c.y+3, 1, grid)
		c.text(x(v), c.y+16, style{size: 11, anchor: "middle", color: faint}, format(v))
	}
}

// svg ends the drawing. Description is for those who cannot see it.
func (c *canvas) svg(title, description string) []byte {
	height := c.y + margin
	var out bytes.Buffer
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%s\" viewBox=\"0 0 %d %s\" role=\"img\" font-family=\"%s\">\n",
		width, px(height), width, px(height), "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif")
	fmt.Fprintf(&out, "<title>%s</title>\n<desc>%s</desc>\n", escape(title), escape(description))
	fmt.Fprintf(&out, "<rect width=\"%d\" height=\"%s\" rx=\"6\" fill=\"%s\"/>\n", width, px(height), paper)
	out.Write(c.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// px is short and the same everywhere, so that drawings can be compared.
func px(v float64) string { return strconv.FormatFloat(float64(int(v*10+0.5))/10, 'f', -1, 64) }

func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil { // writes to memory do not fail
		return ""
	}
	return b.String()
}
