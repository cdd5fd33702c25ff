// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/report"
)

// scenario is one of a report, with a rate that may depend on another.
type scenario struct {
	report.Scenario
	// ofPeak, unless it is 0, makes the rate this part of what the framework
	// reached in the scenario peak.
	ofPeak float64
}

// peak is the scenario in which a framework shows how fast it is.
const peak = "echo-64B-64x1"

const (
	kib = 1 << 10
	mib = 1 << 20
)

// scenarios is the table of all, in the order in which a round runs them.
func scenarios(warmup, duration time.Duration) []scenario {
	var all []scenario
	add := func(section, title string, ofPeak float64, s measure.Scenario) {
		s.Warmup, s.Duration = warmup, duration
		all = append(all, scenario{report.Scenario{Scenario: s, Section: section, Title: title}, ofPeak})
	}
	for _, size := range []struct {
		name  string
		title string
		bytes int
	}{{"64B", "64 B", 64}, {"1KiB", "1 KiB", kib}, {"64KiB", "64 KiB", 64 * kib}} {
		for _, callers := range []struct {
			title           string
			callers, onConn int
		}{
			{"1 caller", 1, 1},
			{"64 callers on 1 connection", 64, 1},
			{"256 callers on 4 connections", 256, 4},
		} {
			add("Echo of "+size.title, callers.title, 0, measure.Scenario{
				Name: fmt.Sprintf("echo-%s-%dx%d", size.name, callers.callers, callers.onConn),
				Kind: measure.Closed, Size: size.bytes, Callers: callers.callers, Conns: callers.onConn,
			})
		}
	}
	add("Echo of 1 MiB", "4 callers on 1 connection", 0, measure.Scenario{
		Name: "echo-1MiB-4x1", Kind: measure.Closed, Size: mib, Callers: 4, Conns: 1,
	})
	for _, callers := range []int{1, 16} {
		title := "1 stream at a time"
		if callers > 1 {
			title = fmt.Sprintf("%d streams at a time on 1 connection", callers)
		}
		add("Server stream of 128 B messages", title, 0, measure.Scenario{
			Name: fmt.Sprintf("stream-128B-%dx1", callers), Kind: measure.Stream, Size: 128, Callers: callers, Conns: 1, Count: 2000,
		})
	}
	for _, part := range []int{50, 80} {
		add("Open loop, 64 B", fmt.Sprintf("64 callers on 1 connection, at %d %% of each one's own peak", part), float64(part)/100, measure.Scenario{
			Name: fmt.Sprintf("open-64B-64x1-%d", part), Kind: measure.Open, Size: 64, Callers: 64, Conns: 1,
		})
	}
	add("Mixed load", "63 callers of 64 B beside 1 of 1 MiB, on 1 connection", 0, measure.Scenario{
		Name: "mixed-63x64B-1x1MiB", Kind: measure.Mixed, Size: 64, LargeSize: mib, Callers: 64, Conns: 1,
	})
	add("Mixed load", "63 callers of 64 B alone", 0, measure.Scenario{
		Name: "echo-64B-63x1", Kind: measure.Closed, Size: 64, Callers: 63, Conns: 1,
	})
	for _, conns := range []int{1, 2000} {
		add("Idle connections", fmt.Sprintf("%d connections", conns), 0, measure.Scenario{
			Name: fmt.Sprintf("idle-%d", conns), Kind: measure.Idle, Size: 64, Callers: conns, Conns: conns,
		})
	}
	return all
}

// choose keeps the scenarios whose name fits, and the peak where one of them
// needs it.
func choose(all []scenario, fits *regexp.Regexp) []scenario {
	chosen := func(s scenario) bool { return fits.MatchString(s.Name) }
	needsPeak := slices.ContainsFunc(all, func(s scenario) bool { return s.ofPeak > 0 && chosen(s) })
	return slices.DeleteFunc(slices.Clone(all), func(s scenario) bool {
		return !chosen(s) && !(needsPeak && s.Name == peak)
	})
}
