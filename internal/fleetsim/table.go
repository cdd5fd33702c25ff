// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"
)

// column is one of a table.
type column struct {
	name string
	text func(scenario, result) string
}

var (
	latencies = []column{
		{"p50", func(_ scenario, r result) string { return short(r.P50) }},
		{"p99", func(_ scenario, r result) string { return short(r.P99) }},
		{"p99.9", func(_ scenario, r result) string { return short(r.P999) }},
		{"errors", func(_ scenario, r result) string { return percent(r.Errors) }},
	}
	imbalance = column{"imbalance", func(_ scenario, r result) string { return fmt.Sprintf("%.2f", r.Imbalance) }}
	deepest   = column{"queue", func(_ scenario, r result) string { return fmt.Sprint(r.Deepest) }}
	share     = column{"its share", func(_ scenario, r result) string { return percent(r.Watched) }}
	local     = column{"in zone", func(_ scenario, r result) string { return percent(r.Local) }}
	recovery  = column{"back after", func(s scenario, r result) string {
		return whole(r.Recovery(s.faultEnds))
	}}
	calmed = column{"calm after", func(s scenario, r result) string {
		return whole(r.Calm(s.faultEnds))
	}}

	plain     = append(latencies[:4:4], imbalance, deepest)
	withFault = append(latencies[:4:4], share, recovery, imbalance)
	withSurge = append(latencies[:4:4], calmed, imbalance, deepest)
	withZones = append(latencies[:4:4], local, imbalance, deepest)
)

// table writes a scenario's results as Markdown.
func (s scenario) table(b *strings.Builder, results []result) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| %s |", s.title, s.text, s.name)
	for _, c := range s.columns {
		fmt.Fprintf(b, " %s |", c.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(s.columns)) + "\n")
	for _, r := range results {
		fmt.Fprintf(b, "| %s |", r.picker)
		for _, c := range s.columns {
			fmt.Fprintf(b, " %s |", c.text(s, r))
		}
		b.WriteString("\n")
	}
}

// whole writes a time, if it is known.
func whole(t time.Duration, known bool) string {
	if !known {
		return "—"
	}
	return fmt.Sprintf("%.0f s", t.Seconds())
}

// short writes milliseconds.
func short(ms float64) string {
	if ms < 10 {
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

func percent(part float64) string {
	switch {
	case part == 0:
		return "0"
	case part < 0.001:
		return fmt.Sprintf("%.2g %%", 100*part)
	case part < 0.1:
		return fmt.Sprintf("%.2f %%", 100*part)
	}
	return fmt.Sprintf("%.0f %%", 100*part)
}
