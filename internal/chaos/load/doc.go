// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package load makes calls in an open loop, each when a schedule says so,
// whether the answers keep up or not, and keeps what became of every call and
// of every attempt of it.
//
//	run := load.Start(ctx, plan)
//	caller, err := client.New(target, client.WithAttemptInterceptors(run.Journal.Attempts))
//	…
//	journal := run.Wait()
//
// Arrivals are a Poisson process whose seed is the plan's. A call's latency
// counts from when it was begun: each has a goroutine of its own, so that none
// waits for the answer of another one. How late calls were begun is measured
// apart, by Journal.Lateness: on a machine with something else to do it is the
// noise in all other figures.
package load
