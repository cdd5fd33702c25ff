// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package result_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

func hundred() result.Distribution {
	var d result.Distribution
	for i := range 100 {
		d = append(d, result.Bucket{Value: time.Duration(i+1) * time.Millisecond, Count: 2})
	}
	return d
}

func TestDistribution(t *testing.T) {
	d := hundred()
	for q, want := range map[float64]time.Duration{0: 1, 0.005: 1, 0.5: 50, 0.501: 51, 0.99: 99, 0.999: 100, 1: 100} {
		if got := d.Quantile(q); got != want*time.Millisecond {
			t.Errorf("the quantile %g is %v, want %d ms", q, got, want)
		}
	}
	if d.Count() != 200 || d.Mean() != 50500*time.Microsecond || d.Min() != time.Millisecond || d.Max() != 100*time.Millisecond {
		t.Errorf("count %d, mean %v, from %v to %v", d.Count(), d.Mean(), d.Min(), d.Max())
	}
	if got := d.Deviation().Round(10 * time.Microsecond); got != 28870*time.Microsecond {
		t.Errorf("the deviation is %v", got)
	}
	var none result.Distribution
	if none.Quantile(0.5)+none.Mean()+none.Deviation()+none.Min()+none.Max() != 0 || none.Bins(3) != nil || none.Percentiles() != nil {
		t.Error("there is something in nothing")
	}
}

func TestPercentilesNeedCalls(t *testing.T) {
	var names []string
	for _, p := range hundred().Percentiles() {
		names = append(names, p.Name())
	}
	if got := strings.Join(names, " "); got != "p50 p75 p90 p95 p99" {
		t.Errorf("of 200 calls: %s", got)
	}
}

func TestMerge(t *testing.T) {
	a := result.Distribution{{Value: 1, Count: 1}, {Value: 3, Count: 1}}
	b := result.Distribution{{Value: 1, Count: 2}, {Value: 2, Count: 5}, {Value: 9, Count: 1}}
	want := result.Distribution{{Value: 1, Count: 3}, {Value: 2, Count: 5}, {Value: 3, Count: 1}, {Value: 9, Count: 1}}
	if got := result.Merge(a, b); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := result.Merge(b, a); !reflect.DeepEqual(got, want) {
		t.Errorf("the other way round: %v", got)
	}
}

func TestDistributionOfHistogram(t *testing.T) {
	h := hdrhistogram.New(1, int64(time.Hour), 3)
	for i := range 1000 {
		if err := h.RecordValue(int64(i) * int64(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	d := result.DistributionOf(h)
	if d.Count() != 1000 {
		t.Errorf("there are %d", d.Count())
	}
	for _, q := range []float64{0.1, 0.5, 0.99} {
		want := time.Duration(q*1000) * time.Millisecond
		if off := (d.Quantile(q) - want).Abs(); off > want/500+time.Millisecond {
			t.Errorf("the quantile %g is %v", q, d.Quantile(q))
		}
	}
}

func TestBins(t *testing.T) {
	bins := hundred().Bins(12)
	var last time.Duration
	for _, b := range bins {
		if b.Value <= last {
			t.Errorf("%v comes after %v", b.Value, last)
		}
		last = b.Value
	}
	if len(bins) != 12 || bins.Count() != 200 || last != 100*time.Millisecond {
		t.Errorf("%v", bins)
	}
}

func sample() *result.Result {
	d := hundred()
	return &result.Result{
		Format: result.Format, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Address: "localhost:8080", Protocol: "grpc",
		Settings: result.Settings{Callers: 50, Connections: 1, Load: "1000/s for 10s", Duration: 10, Warmup: 2},
		Elapsed:  10, Calls: 12345, Errors: 45, Rate: 1230, Sent: 12345, Received: 99999, Bytes: 123456, CPU: 1.5,
		Latency: result.LatencyOf(d), Codes: map[string]int64{"ok": 12300, "not_found": 45},
		Failed: []result.Failure{{Code: "not_found", Message: "no such\nthing", Count: 45}},
		Behind: &result.Behind{Due: 20000, Unsent: 7655, Late: 3, Max: 12.5},
		Methods: []result.Method{
			{Name: "S/A", Kind: "unary", Weight: 1, Calls: 12000, Latency: result.LatencyOf(d)},
			{Name: "S/B", Kind: "bidi", Weight: 1, Calls: 345, Latency: result.LatencyOf(d)},
		},
		Intervals: []result.Interval{{Width: 5, Wanted: 1000, Calls: 6000, Latency: d}, {At: 5, Width: 5, Wanted: 1000, Calls: 6345, Errors: 45, Latency: d}},
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	if err := sample().Write(path); err != nil {
		t.Fatal(err)
	}
	read, err := result.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := sample(); !reflect.DeepEqual(read, want) {
		t.Errorf("read %+v\nwrote %+v", read, want)
	}
}

func TestReadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"":                                       "is no result",
		"{}":                                     `the format ""`,
		`{"format":"curlew-bench/9"}`:            `the format "curlew-bench/9"`,
		`{"latency":{"distribution":[1]}}`:       "without a count",
		`{"latency":{"distribution":[2,1,1,1]}}`: "out of order",
		`{"latency":{"distribution":[2,0]}}`:     "has no count",
	} {
		path := filepath.Join(t.TempDir(), "bad.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := result.Read(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
	if _, err := result.Read(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func FuzzDistribution(f *testing.F) {
	f.Add([]byte("[]"))
	f.Add([]byte("[1,2,3,4]"))
	f.Add([]byte("[1,9223372036854775807]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d result.Distribution
		if json.Unmarshal(text, &d) != nil {
			return
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var read result.Distribution
		if err := json.Unmarshal(again, &read); err != nil || len(read) != len(d) {
			t.Fatalf("%s became %s: %v", text, again, err)
		}
		d.Quantile(0.99)
		d.Bins(12)
	})
}

func TestWriteFileLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "taken")
	if err := os.MkdirAll(filepath.Join(path, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := result.WriteFile(path, []byte("x")); err == nil || !strings.Contains(err.Error(), "was not written") {
		t.Errorf("over a folder: %v", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestPrint(t *testing.T) {
	var b strings.Builder
	r := sample()
	r.Interrupted = true
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 methods at localhost:8080 by grpc\n", "50 callers, 1 connection, 1000/s for 10s, after 2s of warm-up\n", "Interrupted",
		"Calls     12,345 in 10.00 s, 45 failed\n", "Rate      1,230 calls/s\n", "Messages  12,345 sent, 99,999 received\n",
		"Received  123 kB\n", "Mean      50.5 ms ± 28.9 ms\n", "20,000 calls due, 3 began more than 10 ms late", "did not keep up",
		"  p99        99.0 ms\n", "  max         100 ms\n", "  to   100 ms ████", "S/B             345          0    50.0 ms    99.0 ms\n",
		"  not_found                      45\n", "  45 × not_found: no such\n    thing\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
}

func TestFigures(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 1: "0.00 µs", 1234: "1.23 µs", 99_960: "100 µs", 12_345_678: "12.3 ms", 999 * time.Millisecond: "999 ms", 90 * time.Second: "90.0 s",
	} {
		if got := result.Duration(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := result.Thousands(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
