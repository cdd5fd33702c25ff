// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package result

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// shares are the percentiles that texts and reports show.
var shares = [...]float64{0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999}

// Percentile is the value that a share of the calls did not exceed.
type Percentile struct {
	Share float64 // from 0 to 1
	Value time.Duration
}

// Name is the share as people write it, "p99.9".
func (p Percentile) Name() string { return fmt.Sprintf("p%.6g", p.Share*100) }

// Percentiles returns those that a distribution has enough durations for.
func (d Distribution) Percentiles() []Percentile {
	var all []Percentile
	n := float64(d.Count())
	for _, share := range shares {
		if n*(1-share) >= 1 || share == 0.5 && n > 0 {
			all = append(all, Percentile{share, d.Quantile(share)})
		}
	}
	return all
}

// Print writes the result for people.
func (r *Result) Print(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.totals(&b)
	if len(r.Latency.Distribution) > 0 {
		b.WriteString("\nLatency\n")
		for _, p := range r.Latency.Distribution.Percentiles() {
			fmt.Fprintf(&b, "  %-8s%10s\n", p.Name(), Duration(p.Value))
		}
		fmt.Fprintf(&b, "  %-8s%10s\n", "max", Duration(r.Latency.Distribution.Max()))
		b.WriteString("\nHistogram\n")
		histogram(&b, r.Latency.Distribution)
	}
	r.methods(&b)
	r.failures(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// Title is what was called.
func (r *Result) Title() string {
	if len(r.Methods) == 1 {
		return r.Methods[0].Name
	}
	return fmt.Sprintf("%d methods", len(r.Methods))
}

// Conditions is how it was called.
func (r *Result) Conditions() string {
	s := r.Settings
	parts := []string{counted(s.Callers, "caller"), counted(s.Connections, "connection"), s.Load}
	if s.Warmup > 0 {
		parts = append(parts, fmt.Sprintf("after %gs of warm-up", s.Warmup))
	}
	return strings.Join(parts, ", ")
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (r *Result) head(b *strings.Builder) {
	fmt.Fprintf(b, "%s at %s by %s\n%s\n", r.Title(), r.Address, r.Protocol, r.Conditions())
	if r.Interrupted {
		b.WriteString("Interrupted: this is what there was until then.\n")
	}
	b.WriteByte('\n')
}

func (r *Result) totals(b *strings.Builder) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "%-10s"+format+"\n", append([]any{name}, args...)...)
	}
	line("Calls", "%s in %.2f s, %s failed", Thousands(r.Calls), r.Elapsed, Thousands(r.Errors))
	line("Rate", "%s calls/s", Thousands(int64(math.Round(r.Rate))))
	if r.Sent != r.Calls || r.Received != r.Calls-r.Errors {
		line("Messages", "%s sent, %s received", Thousands(r.Sent), Thousands(r.Received))
	}
	line("Received", "%s", size(r.Bytes))
	if d := r.Latency.Distribution; len(d) > 0 {
		line("Mean", "%s ± %s", Duration(d.Mean()), Duration(d.Deviation()))
	}
	if r.CPU > 0 && r.Calls > 0 && r.Elapsed > 0 {
		line("Own CPU", "%.1f µs a call, %.2f cores", r.CPU/float64(r.Calls)*1e6, r.CPU/r.Elapsed)
	}
	if behind := r.Behind; behind != nil {
		line("Schedule", "%s calls due, %s began more than 10 ms late, at most %.1f ms, %s never began",
			Thousands(behind.Due), Thousands(behind.Late), behind.Max, Thousands(behind.Unsent))
		if behind.Unsent > 0 {
			b.WriteString("          The server did not keep up with the rate, or --callers is too low for it.\n")
		}
	}
}

func (r *Result) methods(b *strings.Builder) {
	if len(r.Methods) < 2 {
		return
	}
	width := len("Method")
	for _, m := range r.Methods {
		width = max(width, len(m.Name))
	}
	fmt.Fprintf(b, "\n%-*s %12s %10s %10s %10s\n", width, "Method", "calls", "failed", "p50", "p99")
	for _, m := range r.Methods {
		d := m.Latency.Distribution
		fmt.Fprintf(b, "%-*s %12s %10s %10s %10s\n", width, m.Name, Thousands(m.Calls), Thousands(m.Errors),
			Duration(d.Quantile(0.5)), Duration(d.Quantile(0.99)))
	}
}

func (r *Result) failures(b *strings.Builder) {
	if len(r.Codes) == 0 {
		return
	}
	b.WriteString("\nStatus\n")
	for _, code := range slices.SortedFunc(maps.Keys(r.Codes), func(x, y string) int {
		return cmp.Or(cmp.Compare(r.Codes[y], r.Codes[x]), cmp.Compare(x, y))
	}) {
		fmt.Fprintf(b, "  %-20s %12s\n", code, Thousands(r.Codes[code]))
	}
	if len(r.Failed) > 0 {
		b.WriteString("\nFailures\n")
	}
	for _, f := range r.Failed {
		fmt.Fprintf(b, "  %s × %s: %s\n", Thousands(f.Count), f.Code, strings.ReplaceAll(f.Message, "\n", "\n    "))
	}
}

// Bins is a distribution in a few bins, for a picture: each reaches to Value,
// and each is wider than the one before by the same factor.
func (d Distribution) Bins(n int) Distribution {
	if len(d) == 0 {
		return nil
	}
	low, high := float64(max(d.Quantile(0.0005), 1)), float64(d.Max())
	factor := math.Pow(max(high/low, 1.0001), 1/float64(n))
	bins := make(Distribution, n)
	edge := low
	for i := range bins {
		edge *= factor
		bins[i].Value = time.Duration(edge)
	}
	bins[n-1].Value = d.Max()
	i := 0
	for _, b := range d {
		for i < n-1 && b.Value > bins[i].Value {
			i++
		}
		bins[i].Count += b.Count
	}
	return bins
}

func histogram(b *strings.Builder, d Distribution) {
	bins := d.Bins(12)
	var most int64
	for _, bin := range bins {
		most = max(most, bin.Count)
	}
	for _, bin := range bins {
		bar := strings.Repeat("█", int(math.Round(40*float64(bin.Count)/float64(most))))
		fmt.Fprintf(b, "  to %8s %-40s %s\n", Duration(bin.Value), bar, Thousands(bin.Count))
	}
}

// Duration writes d with three digits.
func Duration(d time.Duration) string {
	switch {
	case d == 0:
		return "0 s"
	case d < time.Millisecond:
		return digits(float64(d)/1e3) + " µs"
	case d < time.Second:
		return digits(float64(d)/1e6) + " ms"
	default:
		return digits(float64(d)/1e9) + " s"
	}
}

func digits(v float64) string {
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// Thousands writes n with commas.
func Thousands(n int64) string {
	if n < 0 {
		return "-" + Thousands(-n)
	}
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return digits(float64(n)/1e3) + " kB"
	case n < 10_000_000_000:
		return digits(float64(n)/1e6) + " MB"
	default:
		return digits(float64(n)/1e9) + " GB"
	}
}
