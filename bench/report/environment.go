// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Environment is what figures depend on, beside the code.
type Environment struct {
	Time     time.Time         `json:"time"`
	Revision string            `json:"revision"` // of the repository; "+" if it was changed; empty if unknown
	Go       string            `json:"go"`
	OS       string            `json:"os"` // and kernel
	Arch     string            `json:"arch"`
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Memory   uint64            `json:"memory"` // bytes, 0 if unknown
	Modules  map[string]string `json:"modules"`
	Quick    bool              `json:"quick"`
	Rounds   int               `json:"rounds"`
	Fewer    int               `json:"rounds_of_others"`
	Warmup   time.Duration     `json:"warmup_ns"`
	Duration time.Duration     `json:"duration_ns"`
	Seed     uint64            `json:"seed"`
	Took     time.Duration     `json:"took_ns"`
	// Busy is the part of the machine's CPU time that others used meanwhile,
	// Stolen what the host gave to others; negative if unknown.
	Busy     float64  `json:"busy"`
	Stolen   float64  `json:"stolen"`
	Warnings []string `json:"warnings,omitempty"`
}

// Markdown lists it.
func (e *Environment) Markdown() string {
	var b strings.Builder
	item := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "- %s: %s\n", name, fmt.Sprintf(format, args...))
	}
	item("When", "%s, in %s", e.Time.UTC().Format("2006-01-02 15:04 UTC"), e.Took.Round(time.Second))
	if e.Revision != "" {
		item("Revision", "%s", e.Revision)
	}
	item("Machine", "%s, %d cores, %.1f GiB of memory", e.CPU, e.Cores, float64(e.Memory)/(1<<30))
	item("System", "%s, %s, %s", e.OS, e.Arch, e.Go)
	rounds := fmt.Sprintf("%d of each framework", e.Rounds)
	if e.Fewer > 0 && e.Fewer < e.Rounds {
		rounds = fmt.Sprintf("%d of Curlew, grpc-go and the limits, %d of the others", e.Rounds, e.Fewer)
	}
	item("Rounds", "%s, of %s each after %s to warm up; seed %d", rounds, e.Duration, e.Warmup, e.Seed)
	if e.Busy >= 0 {
		item("CPU time that others used meanwhile", "%.1f %%; that the host withheld: %.1f %%", 100*e.Busy, 100*e.Stolen)
	}
	var modules []string
	for _, path := range slices.Sorted(maps.Keys(e.Modules)) {
		modules = append(modules, path+" "+e.Modules[path])
	}
	item("Modules", "%s", strings.Join(modules, ", "))
	for _, warning := range e.Warnings {
		item("**Warning**", "%s", warning)
	}
	return b.String()
}
