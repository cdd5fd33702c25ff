// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// inspect reads an SVG strictly and fails if something is drawn beyond the edges.
func inspect(t *testing.T, svg []byte) (texts string) {
	t.Helper()
	height := 0.0
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.CharData:
			texts += string(token)
		case xml.StartElement:
			for _, a := range token.Attr {
				v, err := strconv.ParseFloat(a.Value, 64)
				switch a.Name.Local {
				case "height":
					height = max(height, v)
				case "x", "x1", "x2", "cx":
					if err != nil || !(v >= 0 && v <= width) {
						t.Errorf("%s has %s=%q", token.Name.Local, a.Name.Local, a.Value)
					}
				case "y", "y1", "y2", "cy":
					if err != nil || !(v >= 0 && v <= height) {
						t.Errorf("%s has %s=%q", token.Name.Local, a.Name.Local, a.Value)
					}
				}
			}
		}
	}
}

func TestCourses(t *testing.T) {
	d := Courses{Title: "a < b", Explanation: "c & d", Low: 1, High: 100, From: 1, To: 2,
		Format: func(v float64) string { return fmt.Sprint(v, "ms") },
		Rows:   []Course{{Label: "mine", Values: []float64{0, 10, 1000}, Text: "3 %"}, {Label: "yours", Theirs: true}}}
	svg := d.SVG()
	texts := inspect(t, svg)
	for _, want := range []string{"a < b", "c & d", "mine", "yours", "3 %", "1ms", "100ms"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if !strings.Contains(string(svg), own) || !strings.Contains(string(svg), other) {
		t.Error("the rows do not have both colours")
	}
}

func TestTails(t *testing.T) {
	d := Tails{Title: "t", Groups: []TailGroup{{Title: "g", Rows: []Tail{
		{Label: "mine", P50: 1.5, P99: 30, P999: 400, Text: "30"},
		{Label: "yours", Theirs: true, P50: 2, P99: 20, P999: 100},
	}}}}
	for _, want := range []string{"t", "g", "mine", "yours", "500", "30"} {
		if texts := inspect(t, d.SVG()); !strings.Contains(texts, want) {
			t.Errorf("%q is missing", want)
		}
	}
	inspect(t, Tails{}.SVG())
}

func TestScale(t *testing.T) {
	s := scale{1, 100, 10, 30}
	for v, want := range map[float64]float64{0: 10, 1: 10, 10: 20, 100: 30, 1000: 30} {
		if got := s.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v, want %v", v, got, want)
		}
	}
}
