// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package result

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Format names the document's format and its version.
const Format = "curlew-bench/1"

// Result is one run of a benchmark. Times are in seconds, but for
// distributions.
type Result struct {
	Format   string    `json:"format"`
	Started  time.Time `json:"started"`
	Address  string    `json:"address"`
	Protocol string    `json:"protocol,omitempty"`
	Settings Settings  `json:"settings"`
	// Interrupted says that the run was ended before its time.
	Interrupted bool `json:"interrupted,omitempty"`

	Elapsed float64 `json:"elapsed"` // without the warm-up
	Calls   int64   `json:"calls"`   // that have ended, errors among them
	Errors  int64   `json:"errors"`
	Rate    float64 `json:"rate"` // calls that were answered without an error, per second
	// Sent and Received count messages, Bytes the encoded size of the latter.
	Sent     int64 `json:"messages_sent"`
	Received int64 `json:"messages_received"`
	Bytes    int64 `json:"bytes_received"`
	// CPU is this process's own processor time, 0 where it is not known.
	CPU float64 `json:"cpu"`

	Latency Latency          `json:"latency"`
	Codes   map[string]int64 `json:"codes"`
	Failed  []Failure        `json:"failures,omitempty"`
	Behind  *Behind          `json:"behind,omitempty"` // nil for a closed loop
	Methods []Method         `json:"methods"`
	// Intervals are the run's parts in order, of equal width but for the last.
	Intervals []Interval `json:"intervals"`
}

// Settings are what was asked for.
type Settings struct {
	Callers     int     `json:"callers"`
	Connections int     `json:"connections"`
	Load        string  `json:"load"` // "closed loop", "1000/s", "100/s to 10000/s in 30s"
	Duration    float64 `json:"duration,omitempty"`
	Requests    int64   `json:"requests,omitempty"`
	Warmup      float64 `json:"warmup,omitempty"`
	Timeout     float64 `json:"timeout,omitempty"`
}

// Latency tells the distribution's main figures, in milliseconds, beside it.
type Latency struct {
	Mean         float64      `json:"mean_ms"`
	Deviation    float64      `json:"deviation_ms"`
	Min          float64      `json:"min_ms"`
	P50          float64      `json:"p50_ms"`
	P90          float64      `json:"p90_ms"`
	P99          float64      `json:"p99_ms"`
	P999         float64      `json:"p99_9_ms"`
	Max          float64      `json:"max_ms"`
	Distribution Distribution `json:"distribution"`
}

// LatencyOf works out a distribution's main figures.
func LatencyOf(d Distribution) Latency {
	return Latency{
		Mean: milliseconds(d.Mean()), Deviation: milliseconds(d.Deviation()), Min: milliseconds(d.Min()),
		P50: milliseconds(d.Quantile(0.5)), P90: milliseconds(d.Quantile(0.9)),
		P99: milliseconds(d.Quantile(0.99)), P999: milliseconds(d.Quantile(0.999)),
		Max: milliseconds(d.Max()), Distribution: d,
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

// Failure is how often calls have failed in one way.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Count   int64  `json:"count"`
}

// Behind is how well an open loop kept to its schedule.
type Behind struct {
	// Due is how many calls the schedule had, Unsent how many of them had not
	// begun when it ended.
	Due    int64 `json:"due"`
	Unsent int64 `json:"unsent"`
	// Late counts the calls that began more than 10 ms late; Mean and Max are of
	// all calls.
	Late int64   `json:"late"`
	Mean float64 `json:"mean_late_ms"`
	Max  float64 `json:"max_late_ms"`
}

// Method is the part of the calls that went to one method.
type Method struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Weight  int     `json:"weight"`
	Calls   int64   `json:"calls"`
	Errors  int64   `json:"errors"`
	Latency Latency `json:"latency"`
}

// Interval is a part of the run.
type Interval struct {
	At      float64      `json:"at"`    // its begin, since the warm-up
	Width   float64      `json:"width"` // how long it was
	Wanted  float64      `json:"wanted,omitempty"`
	Calls   int64        `json:"calls"`
	Errors  int64        `json:"errors"`
	Latency Distribution `json:"latency"`
}

// Rate is how many calls were answered without an error, per second.
func (i Interval) Rate() float64 {
	if i.Width <= 0 {
		return 0
	}
	return float64(i.Calls-i.Errors) / i.Width
}

// Join returns two intervals that follow one another as one.
func Join(a, b Interval) Interval {
	return Interval{
		At: a.At, Width: a.Width + b.Width, Wanted: (a.Wanted + b.Wanted) / 2,
		Calls: a.Calls + b.Calls, Errors: a.Errors + b.Errors, Latency: Merge(a.Latency, b.Latency),
	}
}

// Read reads a result that Write wrote.
func Read(path string) (*Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Result)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is no result of curlew bench: %w; write one with --out", path, err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("%s has the format %q, not %q; write it with --out of this version of curlew bench", path, r.Format, Format)
	}
	return r, nil
}

// Write writes the result to a file.
func (r *Result) Write(path string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return WriteFile(path, append(text, '\n'))
}

// WriteFile writes a file, whole or not at all.
func WriteFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	if _, err = f.Write(content); err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	return nil
}
