// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/curlewrpc/curlew/internal/chaos/figure"
)

// stack runs the client's own benchmark, by which it is known what the full
// stack costs (resolver, P2C, outlier detection, breakers, retry with budget,
// limits, timeouts) beside a client without any of it.
func stack(e *env) {
	rounds, span := 7, "500ms"
	if e.Quick {
		rounds, span = 3, "100ms"
	}
	cmd := exec.CommandContext(e.ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkStack$", "-benchmem",
		"-cpu", "1", "-count", strconv.Itoa(rounds), "-benchtime", span, "./client")
	cmd.Dir = e.Root
	out, err := cmd.CombinedOutput()
	if err != nil {
		e.Fatalf("the benchmark of the client: %v\n%s", err, out)
	}
	bare, full := benchmarked(string(out), "bare"), benchmarked(string(out), "full")
	if len(bare) == 0 || len(full) == 0 {
		e.Fatalf("there is no benchmark of the stack:\n%s", out)
	}
	// The fastest round is the one that other processes have disturbed least.
	fast := func(a, b cost) int { return int(a.nanos - b.nanos) }
	without, with := slices.MinFunc(bare, fast), slices.MinFunc(full, fast)
	e.figure("a call of the bare client", without.nanos, "ns", figure.Bound{})
	e.figure("a call with the full stack", with.nanos, "ns", figure.Bound{})
	e.figure("the stack costs", with.nanos-without.nanos, "ns", figure.AtMost(1000))
	e.figure("allocations that it adds", with.allocations-without.allocations, "", figure.AtMost(0))
}

// cost is one line of a benchmark.
type cost struct{ nanos, allocations float64 }

// benchmarked reads the lines of a benchmark's part:
//
//	BenchmarkStack/bare   2194734   542.1 ns/op   480 B/op   2 allocs/op
func benchmarked(out, part string) (all []cost) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.SplitN(fields[0], "-", 2)[0] != "BenchmarkStack/"+part {
			continue
		}
		c, known := cost{}, 0
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				break
			}
			switch fields[i+1] {
			case "ns/op":
				c.nanos, known = value, known+1
			case "allocs/op":
				c.allocations, known = value, known+1
			}
		}
		if known == 2 {
			all = append(all, c)
		}
	}
	return all
}
