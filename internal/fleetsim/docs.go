// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/curlewrpc/curlew/internal/fleetsim/chart"
	"github.com/curlewrpc/curlew/internal/fleetsim/sim"
)

// The marks in balancing.md between which the tables stand.
const (
	beginMark = "<!-- simulated: from here, by make simulate -->\n"
	endMark   = "<!-- simulated: to here -->\n"
)

// write puts the tables into a folder's balancing.md and the plots into its
// images.
func write(folder, tables string, all []scenario, results [][]result) error {
	name := filepath.Join(folder, "balancing.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(beginMark))
	_, after, also := bytes.Cut(rest, []byte(endMark))
	if !ok || !also {
		return errors.New(name + " lacks the marks between which the tables stand")
	}
	text = slices.Concat(before, []byte(beginMark+"\n"+tables+"\n"+endMark), after)
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return err
	}
	byName := make(map[string][]result)
	for i, s := range all {
		byName[s.name] = results[i]
	}
	for file, svg := range plots(byName) {
		if err := os.WriteFile(filepath.Join(folder, "images", file), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func theirs(picker string) bool { return strings.HasPrefix(picker, "grpc ") }

// plots draws what the document shows.
func plots(results map[string][]result) map[string][]byte {
	return map[string][]byte{
		"balancing-calm.svg": chart.Tails{
			Title:       "Latency where nothing is broken",
			Explanation: "Ring: half of the calls are faster; dot: 99 %; bar: 99.9 %. Calls end after 1 s at the latest. Orange: gRPC's policies.",
			Groups: []chart.TailGroup{
				tails("Two generations of machines, which nobody tells", results["generations"]),
				tails("One call in twenty takes 20 times as long", results["bimodal"]),
				tails("Rolling restart, servers come back cold", results["rolling"]),
			},
		}.SVG(),
		"balancing-one-slow.svg": chart.Courses{
			Title:       "One server of 40 becomes 20 times slower",
			Explanation: "The 99th percentile of the calls of each second. Shaded: the server is slow. Right: errors from 15 s on. Orange: gRPC's policies.",
			Low:         50, High: 1000, Format: func(v float64) string { return fmt.Sprintf("%.0f ms", v) },
			From: 15, To: 40,
			Rows: courses(results["one-slow"], func(s sim.Second) float64 { return s.P99 }),
		}.SVG(),
		"balancing-fails-fast.svg": chart.Courses{
			Title:       "One server of 40 fails fast",
			Explanation: "The share of each second's calls that the server gets; 2.5 % is fair. Shaded: it fails. Right: errors from 15 s on. Orange: gRPC's policies.",
			Low:         0.0001, High: 0.05, Format: func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) },
			From: 15, To: 40,
			Rows: courses(results["fails-fast"], func(s sim.Second) float64 { return s.Watched }),
		}.SVG(),
	}
}

func tails(title string, results []result) chart.TailGroup {
	g := chart.TailGroup{Title: title}
	for _, r := range results {
		g.Rows = append(g.Rows, chart.Tail{Label: r.picker, Theirs: theirs(r.picker), P50: r.P50, P99: r.P99, P999: r.P999, Text: short(r.P99)})
	}
	return g
}

func courses(results []result, value func(sim.Second) float64) []chart.Course {
	var rows []chart.Course
	for _, r := range results {
		row := chart.Course{Label: r.picker, Theirs: theirs(r.picker), Text: percent(r.Errors)}
		for _, s := range r.PerSecond {
			row.Values = append(row.Values, value(s))
		}
		rows = append(rows, row)
	}
	return rows
}
