// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package figure holds what was measured beside what must hold.
package figure

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Figure is one number that a scenario has measured.
type Figure struct {
	Scenario string  `json:"scenario"`
	Name     string  `json:"name"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit,omitempty"`
	Bound    Bound   `json:"bound,omitzero"`
	Verdict  string  `json:"verdict"`
	Seed     uint64  `json:"seed"`
}

// The verdicts.
const (
	Met    = "met"
	Missed = "missed"
	Shown  = "shown" // nothing is asked of the figure
)

// Bound is what a figure must keep to; the zero Bound asks for nothing.
type Bound struct {
	Kind  string  `json:"kind"` // "<=" or ">="
	Value float64 `json:"value"`
}

// AtMost is the bound of what must not be more.
func AtMost(v float64) Bound { return Bound{"<=", v} }

// AtLeast is the bound of what must not be less.
func AtLeast(v float64) Bound { return Bound{">=", v} }

// judge returns the verdict over a value. What is not a number is missed.
func (b Bound) judge(v float64) string {
	switch {
	case b.Kind == "":
		return Shown
	case b.Kind == "<=" && v <= b.Value, b.Kind == ">=" && v >= b.Value:
		return Met
	}
	return Missed
}

// New returns a figure with its verdict.
func New(scenario, name string, value float64, unit string, bound Bound, seed uint64) Figure {
	return Figure{scenario, name, value, unit, bound, bound.judge(value), seed}
}

// Millis is d in milliseconds, for figures of that unit.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// String is the figure's line.
func (f Figure) String() string {
	bound := ""
	if f.Bound.Kind != "" {
		bound = f.Bound.Kind + " " + number(f.Bound.Value, f.Unit)
	}
	return fmt.Sprintf("   %-76s %12s   %-13s %-7s seed %d", f.Name, number(f.Value, f.Unit), bound, f.Verdict, f.Seed)
}

// number writes a value with four digits at most that mean something.
func number(v float64, unit string) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if v != float64(int64(v)) {
		text = strconv.FormatFloat(v, 'f', max(0, 3-len(strconv.FormatInt(int64(v), 10))+1), 64)
	}
	return strings.TrimSpace(text + " " + unit)
}

// Write writes figures as JSON.
func Write(w io.Writer, figures []Figure) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(figures)
}
