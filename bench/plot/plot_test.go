// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// element is a part of a drawing.
type element struct {
	name string
	attr map[string]string
	text string
}

func (e element) number(t *testing.T, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(e.attr[name], 64)
	if err != nil {
		t.Fatalf("%s of %v: %v", name, e, err)
	}
	return v
}

// parse reads an SVG strictly.
func parse(t *testing.T, svg []byte) []element {
	t.Helper()
	var elements []element
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: make(map[string]string)}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			elements = append(elements, e)
		case xml.CharData:
			elements[len(elements)-1].text += string(token)
		}
	}
}

func texts(elements []element) string {
	var all []string
	for _, e := range elements {
		all = append(all, strings.TrimSpace(e.text))
	}
	return strings.Join(all, "\n")
}

// inside fails if something is drawn beyond the edges.
func inside(t *testing.T, elements []element) {
	t.Helper()
	height := elements[0].number(t, "height")
	for _, e := range elements[1:] {
		for name, limit := range map[string]float64{"x": width, "x1": width, "x2": width, "cx": width, "y": height, "y1": height, "y2": height, "cy": height} {
			if e.attr[name] == "" {
				continue
			}
			if v := e.number(t, name); v < 0 || v > limit || math.IsNaN(v) {
				t.Errorf("%s %v lies outside", e.name, e.attr)
			}
		}
	}
}

func TestBars(t *testing.T) {
	svg := Bars{
		Title: "Calls <per> second & core", Explanation: "Longer is better.", Unit: "calls/s",
		Groups: []BarGroup{
			{Title: "64 B", Bars: []Bar{
				{Label: "curlew", Value: 100, Low: 90, High: 120, Color: "#0072b2", Text: "100"},
				{Label: "\"other\"", Value: 50, Low: 50, High: 50, Color: "#d55e00", Text: "50"},
			}},
			{Title: "1 KiB", Bars: []Bar{{Label: "curlew", Color: "#0072b2", Text: "0"}}},
		},
	}.SVG()
	elements := parse(t, svg)
	inside(t, elements)
	all := texts(elements)
	for _, want := range []string{"Calls <per> second & core", "Longer is better.", "64 B", "1 KiB", "curlew", "\"other\"", "calls/s", "120", "100"} {
		if !strings.Contains(all, want) {
			t.Errorf("no text %q in\n%s", want, all)
		}
	}
	var bars, whiskers []element
	for _, e := range elements {
		switch {
		case e.name == "rect" && e.attr["fill"] != paper:
			bars = append(bars, e)
		case e.name == "line" && e.attr["stroke"] == ink:
			whiskers = append(whiskers, e)
		}
	}
	if len(bars) != 3 || len(whiskers) != 3 {
		t.Fatalf("%d bars and %d lines of whiskers, want 3 and 3", len(bars), len(whiskers))
	}
	long, short := bars[0].number(t, "width"), bars[1].number(t, "width")
	if math.Abs(long-2*short) > 0.2 || bars[2].number(t, "width") != 0 {
		t.Errorf("bars of 100, 50 and 0 are %v, %v and %v wide", long, short, bars[2].attr["width"])
	}
	from, to := whiskers[0].number(t, "x1")-left, whiskers[0].number(t, "x2")-left
	if math.Abs(from-0.9*long) > 0.2 || math.Abs(to-1.2*long) > 0.2 {
		t.Errorf("whiskers reach from %v to %v, want from 0.9 to 1.2 times %v", from, to, long)
	}
}

func TestDots(t *testing.T) {
	svg := Dots{
		Title: "Latency", Explanation: "Further left is better.", Unit: "µs", Series: []string{"p50", "p99", "p99.9"},
		Groups: []RowGroup{{Title: "64 B", Rows: []Row{
			{Label: "a<b", Values: []float64{10, 100, 1000}, Color: "#0072b2", Text: "10 · 100 · 1k"},
			{Label: "nothing", Values: []float64{0, 0, 0}, Color: "#d55e00"},
		}}},
	}.SVG()
	elements := parse(t, svg)
	inside(t, elements)
	all := texts(elements)
	for _, want := range []string{"p50", "p99", "p99.9", "a<b", "10 · 100 · 1k", "µs", "2k"} {
		if !strings.Contains(all, want) {
			t.Errorf("no text %q in\n%s", want, all)
		}
	}
	var marks []float64
	for _, e := range elements {
		if color := "#0072b2"; e.attr["fill"] != color && e.attr["stroke"] != color {
			continue
		}
		switch e.name {
		case "circle":
			marks = append(marks, e.number(t, "cx"))
		case "path":
			x, err := strconv.ParseFloat(strings.TrimPrefix(strings.Fields(e.attr["d"])[0], "M"), 64)
			if err != nil {
				t.Fatal(err)
			}
			marks = append(marks, x)
		case "rect":
			marks = append(marks, e.number(t, "x")+1.5)
		}
	}
	if len(marks) != 3 || math.Abs((marks[1]-marks[0])-(marks[2]-marks[1])) > 0.3 || marks[1] <= marks[0] {
		t.Errorf("marks of 10, 100 and 1000 are at %v, want 3 at equal distances", marks)
	}
}

func TestNothing(t *testing.T) {
	inside(t, parse(t, Bars{Title: "x", Groups: []BarGroup{{Title: "y"}}}.SVG()))
	inside(t, parse(t, Dots{Title: "x", Series: []string{"p50"}, Groups: []RowGroup{{Title: "y"}}}.SVG()))
}

func TestLinearTicks(t *testing.T) {
	for _, test := range []struct {
		most float64
		want []float64
	}{
		{0, []float64{0, 1}},
		{10, []float64{0, 2, 4, 6, 8, 10}},
		{101, []float64{0, 20, 40, 60, 80, 100, 120}},
		{450_000, []float64{0, 100_000, 200_000, 300_000, 400_000, 500_000}},
		{0.05, []float64{0, 0.01, 0.02, 0.03, 0.04, 0.05}},
	} {
		if got := linearTicks(test.most); !slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("linearTicks(%v) = %v, want %v", test.most, got, test.want)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, test := range []struct {
		least, most float64
		steps, want []float64
	}{
		{3, 30, []float64{1, 2, 5}, []float64{2, 5, 10, 20, 50}},
		{10, 100, []float64{1, 2, 5}, []float64{10, 20, 50, 100, 200}},
		{12, 900, []float64{1}, []float64{10, 100, 1000}},
		{5, 5, []float64{1, 2, 5}, []float64{5, 10}},
	} {
		if got := logTicks(test.least, test.most, test.steps); !slices.Equal(got, test.want) {
			t.Errorf("logTicks(%v, %v, %v) = %v, want %v", test.least, test.most, test.steps, got, test.want)
		}
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.5: "0.5", 1: "1", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 999.9: "1k", 1200: "1.2k", 35e6: "35M", 123456: "123k", 200: "200", 2.5e9: "2.5G",
	} {
		if got := Short(v); got != want {
			t.Errorf("Short(%v) = %q, want %q", v, got, want)
		}
	}
}
