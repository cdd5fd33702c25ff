// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/report"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

func sample(intervals int) *result.Result {
	r := &result.Result{
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Address: "localhost:8080", Protocol: "grpc",
		Settings: result.Settings{Callers: 50, Connections: 1, Load: "closed loop"},
		Codes:    map[string]int64{"ok": 900, "not_found": 100}, Elapsed: float64(intervals) / 10,
		Failed:  []result.Failure{{Code: "not_found", Message: `<script>alert("1")</script>` + "\n\x00", Count: 100}},
		Methods: []result.Method{{Name: "S/M&<b>", Kind: "unary"}},
	}
	var all result.Distribution
	for i := range intervals {
		d := result.Distribution{{Value: time.Millisecond, Count: 90}, {Value: time.Duration(2+i%7) * time.Millisecond, Count: 10}}
		all = result.Merge(all, d)
		r.Intervals = append(r.Intervals, result.Interval{At: float64(i) / 10, Width: 0.1, Wanted: 1000, Calls: 110, Errors: 10, Latency: d})
		r.Calls, r.Errors = r.Calls+110, r.Errors+10
	}
	r.Latency = result.LatencyOf(all)
	return r
}

func write(t *testing.T, r *result.Result) string {
	t.Helper()
	var b strings.Builder
	if err := report.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements parses a page strictly and counts its elements.
func elements(t *testing.T, page string) map[string]int {
	t.Helper()
	count := make(map[string]int)
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if err == io.EOF {
			return count
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok {
			count[e.Name.Local]++
		}
	}
}

func TestPage(t *testing.T) {
	page := write(t, sample(50))
	count := elements(t, page)
	if count["svg"] != 5 || count["script"] != 1 || count["polyline"] != 6 || count["rect"] != 40 || count["table"] != 4 {
		t.Errorf("the page has %v", count)
	}
	for _, want := range []string{"S/M&amp;&lt;b&gt;", "localhost:8080 by grpc", "<h2>Latency over time</h2>", "<td>p99</td>", "<td>not_found</td>", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if found := regexp.MustCompile(`https?://|src=|@import|url\(`).FindString(page); found != "" {
		t.Errorf("the page needs something else: %s", found)
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") || strings.Contains(page, "ZgotmplZ") {
		t.Error("there is a number that is none")
	}
}

func TestOpenLoopShowsWhatWasWanted(t *testing.T) {
	r := sample(20)
	r.Behind = &result.Behind{Due: 2000, Unsent: 7, Late: 5}
	page := write(t, r)
	if count := elements(t, page); count["polyline"] != 7 || !strings.Contains(page, "7 of 2,000 never began") {
		t.Errorf("the page has %v", count)
	}
}

func TestPageOfLittle(t *testing.T) {
	for _, n := range []int{0, 1, 2} {
		page := write(t, sample(n))
		elements(t, page)
		if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
			t.Errorf("%d intervals: there is a number that is none", n)
		}
	}
	elements(t, write(t, &result.Result{}))
}

// TestPointsAreInside holds that nothing is drawn outside its picture.
func TestPointsAreInside(t *testing.T) {
	page := write(t, sample(240))
	points := regexp.MustCompile(` points="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(points) == 0 {
		t.Fatal("there are no lines")
	}
	inside := regexp.MustCompile(`^([0-9.]+,[0-9.]+ ?)+$`)
	for _, p := range points {
		if !inside.MatchString(p[1]) {
			t.Errorf("%.80s", p[1])
		}
	}
}
