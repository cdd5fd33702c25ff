// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package plot

import (
	"math"
	"strconv"
	"strings"
)

// Row is the values of the [Dots].Series, in their order. Those that are not
// above 0 are left out.
type Row struct {
	Label  string
	Values []float64
	Color  string // as CSS writes it: #0072b2
	Text   string // the values in words
}

// RowGroup is rows that belong together.
type RowGroup struct {
	Title string
	Rows  []Row
}

// Dots are values on one logarithmic scale, which all groups share.
type Dots struct {
	Title, Explanation string
	Unit               string
	Series             []string // up to 3, each with a mark of its own
	Groups             []RowGroup
}

// SVG draws them.
func (d Dots) SVG() []byte {
	var c canvas
	c.head(d.Title, d.Explanation)
	c.y += 10
	at := float64(margin)
	for i, name := range d.Series {
		c.mark(i, at+5, c.y, ink)
		c.text(at+16, c.y+4, style{size: 12, anchor: "start", color: ink}, name)
		at += 60 + 7*float64(len(name))
	}
	c.y += 6
	ticks := d.ticks()
	low, high := math.Log10(ticks[0]), math.Log10(ticks[len(ticks)-1])
	x := func(v float64) float64 { return left + (right-left)*(math.Log10(v)-low)/(high-low) }
	for _, g := range d.Groups {
		c.group(g.Title)
		height := float64(len(g.Rows) * rowHeight)
		c.y += height
		c.ticks(height, ticks, x, Short)
		c.text(right+valueWidth, c.y+16, style{size: 11, anchor: "end", color: faint}, d.Unit)
		c.y -= height
		for _, row := range g.Rows {
			drawRow(&c, row, x)
		}
		c.y += 16
	}
	return c.svg(d.Title, d.Explanation+" Marks: "+strings.Join(d.Series, ", ")+".")
}

func drawRow(c *canvas, row Row, x func(float64) float64) {
	middle := c.y + rowHeight/2
	c.label(row.Label)
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range row.Values {
		if v > 0 {
			least, most = min(least, v), max(most, v)
		}
	}
	if least < most {
		c.line(x(least), middle, x(most), middle, 1.5, row.Color)
	}
	for i, v := range row.Values {
		if v > 0 {
			c.mark(i, x(v), middle, row.Color)
		}
	}
	c.text(right+valueWidth, middle+4, style{size: 11, anchor: "end", color: ink}, row.Text)
	c.y += rowHeight
}

// ticks are 1, 2 and 5 times powers of 10, from not above the least value to
// not below the greatest; powers of 10 alone where that is too many.
func (d Dots) ticks() []float64 {
	least, most := math.Inf(1), math.Inf(-1)
	for _, g := range d.Groups {
		for _, row := range g.Rows {
			for _, v := range row.Values {
				if v > 0 {
					least, most = min(least, v), max(most, v)
				}
			}
		}
	}
	if least > most {
		return []float64{1, 10}
	}
	for _, steps := range [][]float64{{1, 2, 5}, {1}} {
		if ticks := logTicks(least, most, steps); len(ticks) <= 12 || len(steps) == 1 {
			return ticks
		}
	}
	return nil
}

// logTicks begins with the greatest tick not above least and ends with the
// first above most.
func logTicks(least, most float64, steps []float64) []float64 {
	var ticks []float64
	for power := math.Pow(10, math.Floor(math.Log10(least))); ; power *= 10 {
		for _, step := range steps {
			tick := step * power
			if tick <= least {
				ticks = ticks[:0]
			}
			ticks = append(ticks, tick)
			if tick > most {
				return ticks
			}
		}
	}
}

// Short writes a number with at most three significant digits: 950, 1.2k, 35M.
func Short(v float64) string {
	suffix := ""
	for _, unit := range []struct {
		factor float64
		suffix string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= 0.9995*unit.factor {
			v, suffix = v/unit.factor, unit.suffix
			break
		}
	}
	digits := 2
	switch {
	case math.Abs(v) >= 99.95:
		digits = 0
	case math.Abs(v) >= 9.995:
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + suffix
}
