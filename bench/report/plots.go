// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/plot"
	"github.com/curlewrpc/curlew/bench/stats"
)

// Plot is a drawing and the name of its file.
type Plot struct {
	Name  string
	Title string
	SVG   []byte
}

// color gives a framework its own, the same in all plots. Relatives have shades
// of one hue. All are told apart by their labels, too.
func color(framework string) string {
	colors := map[string]string{
		own: "#0065b3", ownPlain: "#56a5e0", ownGRPC: "#003f73", ownConnect: "#2d8ac7",
		grpcGo:    "#d1550a",
		connectGo: "#0a8a5f", "connect-grpc": "#5fbf97",
		"drpc":       "#b5478f",
		"netrpc-gob": "#8a6d00", "netrpc-json": "#c9a93a",
		"kitex": "#7a3fb0", "kitex-grpc": "#ae86d4",
		"limit-pingpong": "#a7b0ba", "limit-inline": "#8993a0", fairLimit: "#626d7b",
	}
	if c, ok := colors[framework]; ok {
		return c
	}
	return "#404040"
}

// plots draws the rates and the latencies of a section.
func (r *Report) plots(section string) []Plot {
	slug := strings.Join(strings.FieldsFunc(strings.ToLower(section), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), "-")
	rates := plot.Bars{
		Title:       "Calls per second: " + section,
		Explanation: "Longer is better. Median of the rounds; whiskers: 95 % confidence interval. Each group has a scale of its own.",
		Unit:        "calls/s",
	}
	latencies := plot.Dots{
		Title:       "Latency: " + section,
		Explanation: "Further left is better. Medians of the rounds; logarithmic scale.",
		Unit:        "µs",
		Series:      []string{"p50", "p99", "p99.9"},
	}
	for _, s := range r.scenarios {
		rows := r.rows(s)
		if s.Section != section || len(rows) == 0 {
			continue
		}
		bars, dots := plot.BarGroup{Title: s.Title}, plot.RowGroup{Title: s.Title}
		for _, row := range rows {
			name := row.framework.Name
			bars.Bars = append(bars.Bars, plot.Bar{
				Label: name, Value: row.rate.Value, Low: row.rate.Low, High: row.rate.High, Color: color(name), Text: rateText(row.rate),
			})
			dots.Rows = append(dots.Rows, plot.Row{
				Label: name, Values: []float64{row.p50.Value, row.p99.Value, row.p999}, Color: color(name),
				Text: plot.Short(row.p50.Value) + " · " + plot.Short(row.p99.Value) + " · " + plot.Short(row.p999),
			})
		}
		if s.Kind == measure.Stream {
			rates.Unit, rates.Title = "messages/s", "Messages per second: "+section
			latencies.Title = "Time between two messages: " + section
		}
		if s.Kind != measure.Open { // whose rate is given
			rates.Groups = append(rates.Groups, bars)
		}
		latencies.Groups = append(latencies.Groups, dots)
	}
	var plots []Plot
	if len(rates.Groups) > 0 {
		plots = append(plots, Plot{"rate-" + slug + ".svg", rates.Title, rates.SVG()})
	}
	if len(latencies.Groups) > 0 {
		plots = append(plots, Plot{"latency-" + slug + ".svg", latencies.Title, latencies.SVG()})
	}
	return plots
}

func rateText(i stats.Interval) string {
	if i.Rounds < 2 || i.Value == 0 {
		return plot.Short(i.Value)
	}
	return fmt.Sprintf("%s ±%.0f %%", plot.Short(i.Value), 100*max(i.High-i.Value, i.Value-i.Low)/i.Value)
}
