// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

//go:embed page.html
var files embed.FS

// view is what the page's template sees.
type view struct {
	*result.Result
	Title, Conditions, Date string
	Cards                   []card
	Plots                   []plot
	Percentiles             []row
	Statuses                []row
	ByMethod                []methodRow
	Width, Height           int
	Left, Right, Floor      int
}

// card is one of the main figures.
type card struct{ Name, Value, Note string }

type row struct{ Name, Value string }

type methodRow struct{ Name, Kind, Calls, Errors, P50, P99 string }

// Write writes the page of a result.
func Write(w io.Writer, r *result.Result) error {
	t, err := template.ParseFS(files, "page.html")
	if err != nil {
		return err
	}
	v := view{
		Result: r, Title: r.Title(), Conditions: r.Conditions(), Date: r.Started.Format("2 January 2006, 15:04 MST"),
		Cards: cards(r), Plots: plots(r),
		Width: width, Height: height, Left: left, Right: width - right, Floor: top + plotHeight,
	}
	d := r.Latency.Distribution
	for _, p := range d.Percentiles() {
		v.Percentiles = append(v.Percentiles, row{p.Name(), result.Duration(p.Value)})
	}
	if len(d) > 0 {
		v.Percentiles = append(v.Percentiles, row{"max", result.Duration(d.Max())})
	}
	for _, code := range slices.Sorted(maps.Keys(r.Codes)) {
		v.Statuses = append(v.Statuses, row{code, result.Thousands(r.Codes[code])})
	}
	for _, m := range r.Methods {
		d := m.Latency.Distribution
		v.ByMethod = append(v.ByMethod, methodRow{
			m.Name, m.Kind, result.Thousands(m.Calls), result.Thousands(m.Errors),
			result.Duration(d.Quantile(0.5)), result.Duration(d.Quantile(0.99)),
		})
	}
	return t.Execute(w, v)
}

func cards(r *result.Result) []card {
	d := r.Latency.Distribution
	share := 0.0
	if r.Calls > 0 {
		share = 100 * float64(r.Errors) / float64(r.Calls)
	}
	all := []card{
		{"Calls per second", result.Thousands(int64(math.Round(r.Rate))), result.Thousands(r.Calls) + " calls in " + result.Duration(time.Duration(r.Elapsed*1e9))},
		{"Median", result.Duration(d.Quantile(0.5)), "mean " + result.Duration(d.Mean())},
		{"p99", result.Duration(d.Quantile(0.99)), "max " + result.Duration(d.Max())},
		{"Failed", fmt.Sprintf("%.3g %%", share), result.Thousands(r.Errors) + " calls"},
	}
	if r.Behind != nil {
		all = append(all, card{"Began late", result.Thousands(r.Behind.Late), result.Thousands(r.Behind.Unsent) + " of " + result.Thousands(r.Behind.Due) + " never began"})
	}
	return all
}

func plots(r *result.Result) []plot {
	all := []plot{overTime(r), throughput(r)}
	if r.Errors > 0 {
		all = append(all, failures(r))
	}
	return append(all, percentiles(r.Latency.Distribution), histogram(r.Latency.Distribution))
}

func seconds(v float64) string { return fmt.Sprintf("%.4g s", v) }

func latency(v float64) string { return result.Duration(time.Duration(v * 1e6)) }

func perSecond(v float64) string { return result.Thousands(int64(math.Round(v))) }

// middle is where an interval is drawn.
func middle(i result.Interval) float64 { return i.At + i.Width/2 }

func overTime(r *result.Result) plot {
	var lines []line
	for _, p := range []result.Percentile{{Share: 0.5}, {Share: 0.9}, {Share: 0.99}} {
		l := line{Name: p.Name()}
		for _, i := range r.Intervals {
			l.Points = append(l.Points, point{middle(i), float64(i.Latency.Quantile(p.Share)) / 1e6})
		}
		lines = append(lines, l)
	}
	return draw(axes{title: "Latency over time", label: "since the start", x: seconds, y: latency}, lines...)
}

func throughput(r *result.Result) plot {
	answered, wanted := line{Name: "answered"}, line{Name: "wanted", Dashed: true}
	for _, i := range r.Intervals {
		answered.Points = append(answered.Points, point{middle(i), i.Rate()})
		wanted.Points = append(wanted.Points, point{middle(i), i.Wanted})
	}
	lines := []line{answered}
	if r.Behind != nil {
		lines = append(lines, wanted)
	}
	return draw(axes{title: "Calls per second", label: "since the start", x: seconds, y: perSecond}, lines...)
}

func failures(r *result.Result) plot {
	failed := line{Name: "failed"}
	for _, i := range r.Intervals {
		failed.Points = append(failed.Points, point{middle(i), float64(i.Errors) / max(i.Width, 1e-9)})
	}
	return draw(axes{title: "Failed calls per second", label: "since the start", x: seconds, y: perSecond}, failed)
}

// percentiles has the share of slower calls on a logarithmic axis, so that each
// nine has the same room.
func percentiles(d result.Distribution) plot {
	n := float64(d.Count())
	nines := func(share float64) float64 { return -math.Log10(1 - share) }
	a := axes{
		title: "Percentiles", label: "share of the calls that were faster",
		x: func(v float64) string { return fmt.Sprintf("%.6g %%", 100*(1-math.Pow(10, -v))) }, y: latency,
	}
	l := line{Name: "latency"}
	var below float64
	for _, b := range d {
		l.Points = append(l.Points, point{nines(below / n), float64(b.Value) / 1e6})
		below += float64(b.Count)
	}
	for _, share := range []float64{0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999} {
		a.ticks = append(a.ticks, nines(share))
	}
	return draw(a, l)
}

const bins = 40

func histogram(d result.Distribution) plot {
	l := line{Name: "calls", Bars: true}
	spread := d.Bins(bins)
	a := axes{
		title: "Histogram", label: "latency, each bar wider than the one before by the same factor", y: perSecond,
		x: func(v float64) string {
			if i := int(v); i < len(spread) {
				return result.Duration(spread[i].Value)
			}
			return ""
		},
	}
	for i, b := range spread {
		l.Points = append(l.Points, point{float64(i), float64(b.Count)})
		if i%6 == 0 {
			a.ticks = append(a.ticks, float64(i))
		}
	}
	return draw(a, l)
}
