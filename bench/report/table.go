// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/stats"
)

// table is one in Markdown, aligned so that it reads well as plain text.
type table struct {
	head []string
	left int // columns that are text; the others are numbers
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// cell is what a table may have in a cell.
func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", "\\|"), "\n", " ") }

func (t *table) String() string {
	widths := make([]int, len(t.head))
	rows := append([][]string{t.head}, t.rows...)
	for _, r := range rows {
		for i := range r {
			r[i] = cell(r[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(r[i]))
		}
	}
	var b strings.Builder
	for n, r := range rows {
		for i, text := range r {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i < t.left {
				b.WriteString("| " + text + pad + " ")
			} else {
				b.WriteString("| " + pad + text + " ")
			}
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, w := range widths {
			if i < t.left {
				b.WriteString("|" + strings.Repeat("-", w+2))
			} else {
				b.WriteString("|" + strings.Repeat("-", w+1) + ":")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// Section is the part of a report about scenarios that belong together.
type Section struct {
	Title  string
	Tables string // Markdown
	Plots  []Plot
}

// Sections returns what has figures, in the order of the scenarios.
func (r *Report) Sections() []Section {
	var sections []Section
	done := make(map[string]bool)
	for _, s := range r.scenarios {
		if done[s.Section] {
			continue
		}
		done[s.Section] = true
		if text := r.sectionTables(s.Section); text != "" {
			sections = append(sections, Section{Title: s.Section, Tables: text, Plots: r.plots(s.Section)})
		}
	}
	return sections
}

func (r *Report) sectionTables(section string) string {
	var b strings.Builder
	for _, s := range r.scenarios {
		if s.Section != section || s.Kind == measure.Idle {
			continue
		}
		if rows := r.rows(s); len(rows) > 0 {
			fmt.Fprintf(&b, "**%s** (`%s`)\n\n%s\n", s.Title, s.Name, rowTable(rows))
		}
	}
	if few, _, ok := r.idleScenarios(); ok && few.Section == section {
		if all := r.idles(); len(all) > 0 {
			b.WriteString(idleTable(all).String() + "\n")
		}
	}
	return b.String()
}

// rowTable has figures of the client before those of the server where a cell
// has two.
func rowTable(rows []row) *table {
	t := &table{left: 1, head: []string{
		"framework", "calls/s", "× fair limit", "× grpc-go", "p50 µs", "p99 µs", "p99.9 µs",
		"CPU µs/call", "allocs/call", "bytes/call", "peak MiB", "r+w/call", "rounds",
	}}
	for _, r := range rows {
		t.add(r.framework.Name, withSpread(r.rate), ratio(r.toLimit), ratio(r.toGRPC),
			grouped(r.p50.Value), grouped(r.p99.Value), grouped(r.p999),
			two(r.clientCPU, r.serverCPU), two(r.clientAllocs, r.serverAllocs), two(r.clientBytes, r.serverBytes),
			two(r.clientPeak/(1<<20), r.serverPeak/(1<<20)), grouped(r.syscalls), strconv.Itoa(r.rate.Rounds))
	}
	return t
}

func idleTable(all []idle) *table {
	t := &table{left: 1, head: []string{"framework", "KiB/connection", "95 % interval", "goroutines/connection", "rounds"}}
	for _, i := range all {
		t.add(i.Framework, fmt.Sprintf("%.1f", i.BytesPerConnection/(1<<10)),
			fmt.Sprintf("%.1f to %.1f", i.BytesLow/(1<<10), i.BytesHigh/(1<<10)),
			fmt.Sprintf("%.2f", i.GoroutinesPerConnection), strconv.Itoa(i.Rounds))
	}
	return t
}

// FloorTable lists the floors.
func FloorTable(floors []Floor) string {
	t := &table{left: 2, head: []string{"floor", "must be", "measured", "95 % interval", "bound", "verdict", "from"}}
	for _, f := range floors {
		measured, interval := "–", "–"
		if f.Measured.Rounds > 0 {
			measured = grouped(f.Measured.Value)
		}
		if f.Measured.Rounds > 1 {
			interval = grouped(f.Measured.Low) + " to " + grouped(f.Measured.High)
		}
		verdict := string(f.Verdict)
		if f.Verdict == Missed {
			verdict = "**missed**"
		}
		t.add(f.Name, f.MustBe, measured, interval, grouped(f.Bound), verdict, f.Detail)
	}
	return t.String()
}

// String says in one line what was measured and what should have been.
func (f Floor) String() string {
	if f.Measured.Rounds == 0 {
		return f.Name + ": must be " + f.MustBe
	}
	return fmt.Sprintf("%s: %s (%s to %s), bound %s; must be %s", f.Name,
		grouped(f.Measured.Value), grouped(f.Measured.Low), grouped(f.Measured.High), grouped(f.Bound), f.MustBe)
}

// withSpread is a value and how far its 95 % interval reaches, in percent.
func withSpread(i stats.Interval) string {
	if i.Rounds < 2 || i.Value == 0 {
		return grouped(i.Value)
	}
	return fmt.Sprintf("%s ±%.0f %%", grouped(i.Value), 100*max(i.High-i.Value, i.Value-i.Low)/i.Value)
}

// ratio is a value with its 95 % interval.
func ratio(i stats.Interval) string {
	switch {
	case i.Rounds == 0:
		return "–"
	case i.Low == i.High:
		return fmt.Sprintf("%.2f", i.Value)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", i.Value, i.Low, i.High)
}

func two(client, server float64) string { return grouped(client) + " + " + grouped(server) }

// grouped writes a number with at least three significant digits and commas
// between thousands.
func grouped(v float64) string {
	digits := 0
	switch abs := math.Abs(v); {
	case abs < 10:
		digits = 2
	case abs < 100:
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for at := len(whole) - 3; at > 0 && math.Abs(v) >= 1; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction
}
