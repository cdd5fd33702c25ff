// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import "fmt"

// grpcFloors are those of the gRPC protocol, both ends Curlew beside both ends
// grpc-go, and of either end alone.
func grpcFloors(harnessAllocs float64) []floor {
	all := []floor{
		tailFloor("gRPC, 64 B, 64 callers", "echo-64B-64x1", ownGRPC, 0.6),
		tailFloor("gRPC, 1 KiB, 64 callers", "echo-1KiB-64x1", ownGRPC, 0.6),
		{
			name: "gRPC: allocations of a warm call, client and server", mustBe: "at most a quarter of grpc-go's",
			of:    []figure{{ownGRPC, "echo-64B-1x1", allocs}, {grpcGo, "echo-64B-1x1", allocs}},
			value: func(m []float64) float64 { return (m[0] - harnessAllocs) / (m[1] - harnessAllocs) },
			detail: func(m []float64) string {
				return fmt.Sprintf("%.1f and %.1f, %.2f of them the benchmark's", m[0], m[1], harnessAllocs)
			},
			bound: 0.25, atMost: true,
		},
		cpuFloor("gRPC: CPU of Curlew's server under grpc-go's client", toOurs, serverCPU),
		cpuFloor("gRPC: CPU of Curlew's client with grpc-go's server", toTheirs, clientCPU),
		idleFloor("gRPC: memory of an idle connection on the server", "at most 12 KiB", ownGRPC, serverRSS, 12<<10),
	}
	for _, f := range []struct {
		name, scenario string
		bound          float64
	}{
		{"64 B, 1 caller", "echo-64B-1x1", 1.4},
		{"1 KiB, 1 caller", "echo-1KiB-1x1", 1.4},
		{"64 B, 64 callers, 1 connection", "echo-64B-64x1", 2.2},
		{"1 KiB, 64 callers, 1 connection", "echo-1KiB-64x1", 2.2},
		{"64 B, 256 callers, 4 connections", "echo-64B-256x4", 2.8},
		{"1 KiB, 256 callers, 4 connections", "echo-1KiB-256x4", 2.8},
		{"64 KiB, 64 callers, 1 connection", "echo-64KiB-64x1", 1.6},
		{"1 MiB, 4 callers", "echo-1MiB-4x1", 1.2},
		{"server stream of 128 B messages", "stream-128B-1x1", 2.5},
	} {
		all = append(all, timesFloor("gRPC calls/s: "+f.name, f.scenario, ownGRPC, grpcGo, f.bound))
	}
	return all
}

// connectFloors are those of the Connect protocol beside connect-go.
func connectFloors() []floor {
	var all []floor
	for _, f := range []struct {
		name, scenario string
		bound          float64
	}{
		{"64 B, 1 caller", "echo-64B-1x1", 1.5},
		{"1 KiB, 1 caller", "echo-1KiB-1x1", 1.5},
		{"64 B, 64 callers, 1 connection", "echo-64B-64x1", 5},
		{"1 KiB, 64 callers, 1 connection", "echo-1KiB-64x1", 5},
		{"64 B, 256 callers, 4 connections", "echo-64B-256x4", 5},
		{"1 KiB, 256 callers, 4 connections", "echo-1KiB-256x4", 5},
		{"64 KiB, 64 callers, 1 connection", "echo-64KiB-64x1", 1.5},
		{"1 MiB, 4 callers", "echo-1MiB-4x1", 1.5},
		{"server stream of 128 B messages", "stream-128B-1x1", 5},
	} {
		all = append(all, timesFloor("Connect calls/s: "+f.name, f.scenario, ownConnect, connectGo, f.bound))
	}
	return all
}

// timesFloor is a multiple of another framework's rate.
func timesFloor(name, scenario, framework, other string, bound float64) floor {
	return floor{
		name: name, mustBe: fmt.Sprintf("at least %g × those of %s", bound, other),
		of:     []figure{{framework, scenario, rate}, {other, scenario, rate}},
		value:  func(m []float64) float64 { return m[0] / m[1] },
		detail: func(m []float64) string { return fmt.Sprintf("%s/s and %s/s", grouped(m[0]), grouped(m[1])) },
		bound:  bound,
	}
}

// cpuFloor compares one side's CPU with that of grpc-go's own.
func cpuFloor(name, framework string, side metric) floor {
	const scenario = "echo-64B-64x1"
	return floor{
		name: name, mustBe: "at most half of grpc-go's own",
		of:     []figure{{framework, scenario, side}, {grpcGo, scenario, side}},
		value:  func(m []float64) float64 { return m[0] / m[1] },
		detail: func(m []float64) string { return fmt.Sprintf("%.1f µs and %.1f µs a call", m[0], m[1]) },
		bound:  0.5, atMost: true,
	}
}
