// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"math"
	"strconv"
)

// Tails are latencies in milliseconds, a row each, on one logarithmic scale.
type Tails struct {
	Title, Explanation string
	Groups             []TailGroup
}

// TailGroup is rows that belong together.
type TailGroup struct {
	Title string
	Rows  []Tail
}

// Tail is what latencies are beyond which half of the calls, a hundredth and a
// thousandth lie.
type Tail struct {
	Label          string
	Theirs         bool // of another framework
	P50, P99, P999 float64
	Text           string // what is said of the row
}

const tailHeight = 20

// SVG draws them.
func (d Tails) SVG() []byte {
	var c canvas
	c.head(d.Title, d.Explanation)
	x := d.scale()
	for _, g := range d.Groups {
		c.y += 12
		c.text(margin, c.y, 14, "start", ink, g.Title)
		c.y += 8
		height := float64(len(g.Rows) * tailHeight)
		for v := x.low; v <= x.high*1.001; v *= 10 {
			for _, times := range []float64{1, 2, 5} {
				if at := v * times; at <= x.high*1.001 {
					c.line(x.at(at), c.y, x.at(at), c.y+height+3, 1, grid)
					c.text(x.at(at), c.y+height+15, 11, "middle", faint, strconv.FormatFloat(at, 'f', -1, 64))
				}
			}
		}
		c.text(right+30, c.y+height+15, 11, "start", faint, "ms")
		for _, row := range g.Rows {
			row.draw(&c, x)
		}
		c.y += 26
	}
	return c.svg(d.Title, d.Explanation)
}

// scale reaches from a power of ten to the round number above all values.
func (d Tails) scale() scale {
	least, most := math.Inf(1), 0.0
	for _, g := range d.Groups {
		for _, row := range g.Rows {
			least, most = min(least, row.P50), max(most, row.P999)
		}
	}
	low := math.Pow(10, math.Floor(math.Log10(least)))
	if math.IsInf(low, 0) || low <= 0 {
		low = 1
	}
	high := 10 * low
	for high < most {
		high *= 10
	}
	for _, times := range []float64{5, 2} { // down to 2 or 5 times a power of ten
		if high/times >= max(most, 10*low) {
			high /= times
			break
		}
	}
	return scale{low, high, left, right}
}

func (t Tail) draw(c *canvas, x scale) {
	middle, color := c.y+tailHeight/2, colorOf(t.Theirs)
	c.text(left-8, middle+4, 12, "end", ink, t.Label)
	c.line(x.at(t.P50), middle, x.at(t.P999), middle, 1.5, color)
	c.circle(x.at(t.P50), middle, 3.5, paper, color)
	c.circle(x.at(t.P99), middle, 4.5, color, color)
	c.line(x.at(t.P999), middle-6, x.at(t.P999), middle+6, 3, color)
	c.text(right+30, middle+4, 11, "start", ink, t.Text)
	c.y += tailHeight
}
