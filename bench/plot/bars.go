// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package plot

import "math"

// Bar is a value with its confidence interval; none if Low and High are equal.
type Bar struct {
	Label            string
	Value, Low, High float64
	Color            string // as CSS writes it: #0072b2
	Text             string // the value in words
}

// BarGroup has a scale of its own, from 0.
type BarGroup struct {
	Title string
	Bars  []Bar
}

// Bars are groups of horizontal bars.
type Bars struct {
	Title, Explanation string
	Unit               string
	Groups             []BarGroup
}

// SVG draws them.
func (b Bars) SVG() []byte {
	var c canvas
	c.head(b.Title, b.Explanation)
	for _, g := range b.Groups {
		b.group(&c, g)
	}
	return c.svg(b.Title, b.Explanation)
}

func (b Bars) group(c *canvas, g BarGroup) {
	c.group(g.Title)
	most := 0.0
	for _, bar := range g.Bars {
		most = max(most, bar.Value, bar.High)
	}
	at := linearTicks(most)
	end := at[len(at)-1]
	x := func(v float64) float64 { return left + (right-left)*v/end }

	height := float64(len(g.Bars) * rowHeight)
	c.y += height
	c.ticks(height, at, x, Short)
	c.text(right+valueWidth, c.y+16, style{size: 11, anchor: "end", color: faint}, b.Unit)
	c.y -= height
	for _, bar := range g.Bars {
		middle := c.y + rowHeight/2
		c.label(bar.Label)
		c.rect(left, c.y+3, x(bar.Value)-left, rowHeight-6, bar.Color)
		if bar.Low < bar.High {
			// First wide in the colour of the paper, to stand out from the bar.
			whisker(c, x(bar.Low), x(bar.High), middle, 4, paper)
			whisker(c, x(bar.Low), x(bar.High), middle, 1.5, ink)
		}
		c.text(max(x(bar.Value), x(bar.High))+6, middle+4, style{size: 12, anchor: "start", color: ink}, bar.Text)
		c.y += rowHeight
	}
	c.line(left, c.y-height, left, c.y, 1, faint)
	c.y += 16
}

func whisker(c *canvas, low, high, y, thickness float64, color string) {
	end := 3 + thickness/2
	c.line(low, y, high, y, thickness, color)
	c.line(low, y-end, low, y+end, thickness, color)
	c.line(high, y-end, high, y+end, thickness, color)
}

// linearTicks are 0 and up to 6 round numbers, the last not below most.
func linearTicks(most float64) []float64 {
	if !(most > 0) {
		return []float64{0, 1}
	}
	step := math.Pow(10, math.Floor(math.Log10(most/5)))
	for _, factor := range []float64{1, 2, 2.5, 5, 10} {
		if most/(factor*step) <= 6 {
			step *= factor
			break
		}
	}
	ticks := []float64{0}
	for ticks[len(ticks)-1] < most {
		ticks = append(ticks, float64(len(ticks))*step)
	}
	return ticks
}
