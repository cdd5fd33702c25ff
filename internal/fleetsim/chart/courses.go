// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"strconv"
)

// Courses are values over time, a row each, on one logarithmic scale.
type Courses struct {
	Title, Explanation string
	// Low and High are the ends of the scale; values beyond are drawn there.
	Low, High float64
	Format    func(float64) string
	// From and To are the seconds in which something is wrong.
	From, To int
	Rows     []Course
}

// Course is a value for each second.
type Course struct {
	Label  string
	Theirs bool // of another framework
	Values []float64
	Text   string // what is said of the row
}

const courseHeight = 40

// SVG draws them.
func (d Courses) SVG() []byte {
	var c canvas
	c.head(d.Title, d.Explanation)
	seconds := 1
	for _, row := range d.Rows {
		seconds = max(seconds, len(row.Values))
	}
	x := func(second float64) float64 { return left + (right-left)*second/float64(seconds) }
	height := float64(len(d.Rows) * courseHeight)
	c.rect(x(float64(d.From)), c.y, x(float64(d.To))-x(float64(d.From)), height, shade)
	for s := 0; s <= seconds; s += 10 {
		c.line(x(float64(s)), c.y, x(float64(s)), c.y+height+4, 1, grid)
		c.text(x(float64(s)), c.y+height+18, 11, "middle", faint, strconv.Itoa(s)+" s")
	}
	for i, row := range d.Rows {
		if i == 0 {
			c.text(right+6, c.y+4, 10, "start", faint, d.Format(d.High))
		}
		d.row(&c, row, x)
	}
	c.text(right+6, c.y+2, 10, "start", faint, d.Format(d.Low))
	c.y += 20
	return c.svg(d.Title, d.Explanation)
}

func (d Courses) row(c *canvas, row Course, x func(float64) float64) {
	y := scale{d.Low, d.High, c.y + courseHeight - 3, c.y + 3}
	c.text(left-8, c.y+courseHeight/2+4, 12, "end", ink, row.Label)
	c.text(right+6, c.y+courseHeight/2+4, 11, "start", ink, row.Text)
	var points []byte
	for i, v := range row.Values {
		step := "L"
		if i == 0 {
			step = "M"
		}
		points = fmt.Appendf(points, "%s%s %s", step, px(x(float64(i)+0.5)), px(y.at(v)))
	}
	c.path(points, colorOf(row.Theirs))
	c.y += courseHeight
	c.line(left, c.y, right, c.y, 1, grid)
}
