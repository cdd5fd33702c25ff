// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"strings"
)

// The size of a plot, and of the space around what is plotted.
const (
	width, height             = 720, 260
	left, right, top, bottom  = 64, 16, 12, 40
	plotWidth, plotHeight     = width - left - right, height - top - bottom
	ticksAcross, ticksUpwards = 8, 5
)

// point is a place in a plot, in the plot's own units.
type point struct{ X, Y float64 }

// line is a row of points, and its name in the legend.
type line struct {
	Name   string
	Points []point
	Bars   bool // each point is a bar from the bottom, as wide as there is room
	Dashed bool
}

// tick is a labelled place on an axis.
type tick struct {
	At    float64 // in pixels
	Label string
}

// plot is one picture. Its template is in page.html.
type plot struct {
	Title, Note string
	Lines       []drawn
	X, Y        []tick
	XLabel      string
	Samples     []reading
}

// drawn is a line as SVG has it.
type drawn struct {
	Name   string
	Color  int // its number in the style
	Points string
	Bars   []bar
	Dashed bool
}

type bar struct{ X, Y, Width, Height float64 }

// reading is what the script shows for a place on the X axis.
type reading struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// axes are how a plot's units become labels.
type axes struct {
	title, note, label string
	x, y               func(float64) string
	ticks              []float64 // on the X axis; nil chooses
}

// draw makes a plot of lines that have their points at the same places.
func draw(a axes, lines ...line) plot {
	minX, maxX, maxY := math.Inf(1), math.Inf(-1), 0.0
	for _, l := range lines {
		for _, p := range l.Points {
			minX, maxX, maxY = min(minX, p.X), max(maxX, p.X), max(maxY, p.Y)
		}
	}
	if minX > maxX {
		minX, maxX = 0, 1
	}
	if minX == maxX {
		maxX = minX + 1
	}
	upwards := nice(0, maxY, ticksUpwards)
	maxY = max(maxY, upwards[len(upwards)-1])
	if maxY == 0 {
		maxY = 1
	}
	x := func(v float64) float64 { return round(left + (v-minX)/(maxX-minX)*plotWidth) }
	y := func(v float64) float64 { return round(top + (1-v/maxY)*plotHeight) }
	p := plot{Title: a.title, Note: a.note, XLabel: a.label}
	if a.ticks == nil {
		a.ticks = nice(minX, maxX, ticksAcross)
	}
	for _, v := range a.ticks {
		if v >= minX && v <= maxX {
			p.X = append(p.X, tick{x(v), a.x(v)})
		}
	}
	for _, v := range upwards {
		p.Y = append(p.Y, tick{y(v), a.y(v)})
	}
	for i, l := range lines {
		p.Lines = append(p.Lines, l.draw(i, x, y))
	}
	p.Samples = readings(a, lines, x)
	return p
}

func (l line) draw(number int, x, y func(float64) float64) drawn {
	d := drawn{Name: l.Name, Color: number, Dashed: l.Dashed}
	if l.Bars {
		room := plotWidth / float64(max(len(l.Points), 1))
		for i, p := range l.Points {
			at := y(p.Y)
			d.Bars = append(d.Bars, bar{round(left + float64(i)*room + 1), at, round(max(room-2, 1)), round(top + plotHeight - at)})
		}
		return d
	}
	var b strings.Builder
	for _, p := range l.Points {
		fmt.Fprintf(&b, "%g,%g ", x(p.X), y(p.Y))
	}
	d.Points = strings.TrimSpace(b.String())
	return d
}

func readings(a axes, lines []line, x func(float64) float64) []reading {
	if len(lines) == 0 {
		return nil
	}
	var all []reading
	n := len(lines[0].Points)
	for i, p := range lines[0].Points {
		at := x(p.X)
		if lines[0].Bars {
			at = round(left + (float64(i)+0.5)*plotWidth/float64(n))
		}
		texts := []string{a.x(p.X)}
		for _, l := range lines {
			if i < len(l.Points) {
				texts = append(texts, l.Name+" "+a.y(l.Points[i].Y))
			}
		}
		all = append(all, reading{at, strings.Join(texts, " · ")})
	}
	return all
}

// round leaves a tenth of a pixel.
func round(v float64) float64 { return math.Round(v*10) / 10 }

// nice returns round numbers from low to high, about n of them.
func nice(low, high float64, n int) []float64 {
	if !(high > low) {
		return []float64{low}
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(n))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*factor) <= float64(n) {
			step *= factor
			break
		}
	}
	var all []float64
	first := math.Ceil(low/step - 1e-9)
	for i := first; i*step <= high*(1+1e-9); i++ {
		all = append(all, i*step)
	}
	if last := all[len(all)-1]; low == 0 && last < high {
		all = append(all, last+step) // what is highest has a line above it
	}
	return all
}
