// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import "time"

// Kind is what a scenario's callers do.
type Kind string

const (
	// Closed: each caller calls again as soon as it has its answer.
	Closed Kind = "closed"
	// Open: calls are due at a constant rate, whatever the server does, and
	// latency counts from when a call was due (no coordinated omission).
	Open Kind = "open"
	// Stream: each caller receives one stream after the other; a "call" is one
	// message received.
	Stream Kind = "stream"
	// Mixed: one caller with LargeSize beside the others with Size. Rates and
	// latencies are those of the others.
	Mixed Kind = "mixed"
	// Idle: each connection makes one call and then stays open. Only the
	// server's memory and goroutines are told, once Duration has passed.
	Idle Kind = "idle"
)

// Scenario is what is measured.
type Scenario struct {
	Name      string        `json:"name"`
	Kind      Kind          `json:"kind"`
	Size      int           `json:"size"`                 // bytes of payload
	Callers   int           `json:"callers"`              // goroutines that call
	Conns     int           `json:"conns"`                // connections, caller i using number i mod Conns
	LargeSize int           `json:"large_size,omitempty"` // of Mixed
	Count     int           `json:"count,omitempty"`      // messages a stream
	Rate      float64       `json:"rate,omitempty"`       // calls a second of all callers, of Open
	Warmup    time.Duration `json:"warmup"`
	Duration  time.Duration `json:"duration"`
}

// Result is one measurement.
type Result struct {
	Calls   int64   `json:"calls"`   // answered, each answer checked
	Seconds float64 `json:"seconds"` // in which they were
	P50     float64 `json:"p50_us"`  // µs
	P99     float64 `json:"p99_us"`
	P999    float64 `json:"p999_us"`
	Max     float64 `json:"max_us"`
	Large   int64   `json:"large_calls,omitempty"` // of Mixed: calls of the large caller
	Client  Usage   `json:"client"`
	Server  Usage   `json:"server"`
}

// CallsPerSecond is the rate of answers.
func (r Result) CallsPerSecond() float64 { return float64(r.Calls) / r.Seconds }

// Usage is what a process used while it was measured.
type Usage struct {
	CPUSeconds float64 `json:"cpu_seconds"` // user and system
	Allocs     uint64  `json:"allocs"`      // heap objects
	AllocBytes uint64  `json:"alloc_bytes"`
	Reads      uint64  `json:"reads"`      // read system calls, where the system counts them
	Writes     uint64  `json:"writes"`     // write system calls, where the system counts them
	Switches   uint64  `json:"switches"`   // voluntary context switches of its threads
	PeakRSS    uint64  `json:"peak_rss"`   // bytes, since the process began
	RSS        uint64  `json:"rss"`        // bytes; of Idle after a garbage collection
	Goroutines int     `json:"goroutines"` // at the end
}
