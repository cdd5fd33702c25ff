// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Stage is a part of a schedule in which the rate of calls, per second, goes
// evenly from one to the other.
type Stage struct {
	From, To float64
	For      time.Duration
}

// Schedule says when the calls of an open loop are due.
type Schedule []Stage

// maxRate is the highest rate of a schedule.
const maxRate = 1e7

// ParseRamp reads stages divided by commas: "FROM:TO:DURATION", or
// "RATE:DURATION" for a step.
func ParseRamp(text string) (Schedule, error) {
	var s Schedule
	for part := range strings.SplitSeq(text, ",") {
		fields := strings.Split(strings.TrimSpace(part), ":")
		if len(fields) == 2 {
			fields = []string{fields[0], fields[0], fields[1]}
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("the stage %q is neither FROM:TO:DURATION, as 100:10000:30s, nor RATE:DURATION, as 500:10s", part)
		}
		var stage Stage
		for i, rate := range []*float64{&stage.From, &stage.To} {
			var err error
			if *rate, err = strconv.ParseFloat(fields[i], 64); err != nil || !(*rate >= 0 && *rate <= maxRate) {
				return nil, fmt.Errorf("the stage %q: %q is no rate from 0 to %.0f calls per second", part, fields[i], maxRate)
			}
		}
		var err error
		if stage.For, err = time.ParseDuration(fields[2]); err != nil || stage.For <= 0 {
			return nil, fmt.Errorf("the stage %q: %q is no duration as 30s", part, fields[2])
		}
		s = append(s, stage)
	}
	if s.Due(s.Length()) < 1 {
		return nil, fmt.Errorf("the ramp %q has no calls in it; give a higher rate or more time", text)
	}
	return s, nil
}

// Constant is a schedule of one rate, that lasts so long or has so many calls,
// whichever is over first. Zero is no bound; one of them must be given.
func Constant(rate float64, duration time.Duration, requests int64) (Schedule, error) {
	if !(rate > 0 && rate <= maxRate) {
		return nil, fmt.Errorf("%g is no rate above 0 and up to %.0f calls per second", rate, maxRate)
	}
	if needed := float64(requests) / rate; requests > 0 && (duration == 0 || needed < duration.Seconds()) {
		if needed > maxLength.Seconds() {
			return nil, fmt.Errorf("%d calls at %g a second take more than %v", requests, rate, maxLength)
		}
		duration = time.Duration(needed * float64(time.Second))
	}
	s := Schedule{{rate, rate, duration}}
	if duration <= 0 || s.Due(duration) < 0.5 {
		return nil, fmt.Errorf("%g calls a second are none in %v; give a higher rate or more time", rate, duration)
	}
	return s, nil
}

// maxLength is the longest a schedule lasts that a number of calls ends.
const maxLength = 30 * 24 * time.Hour

// Length is how long the schedule lasts.
func (s Schedule) Length() time.Duration {
	var d time.Duration
	for _, stage := range s {
		d += stage.For
	}
	return d
}

// due is how many calls are due in the stage's first seconds.
func (s Stage) due(seconds float64) float64 {
	return s.From*seconds + (s.To-s.From)*seconds*seconds/(2*s.For.Seconds())
}

// Due is how many calls are due before t.
func (s Schedule) Due(t time.Duration) float64 {
	var n float64
	for _, stage := range s {
		n += stage.due(min(t, stage.For).Seconds())
		if t -= stage.For; t <= 0 {
			break
		}
	}
	return n
}

// At returns when call n, from 0, is due, and false after the last.
func (s Schedule) At(n int64) (time.Duration, bool) {
	left := float64(n)
	var begin time.Duration
	for _, stage := range s {
		whole := stage.due(stage.For.Seconds())
		if left < whole {
			return begin + time.Duration(stage.at(left)*float64(time.Second)), true
		}
		left -= whole
		begin += stage.For
	}
	return 0, false
}

// at is when n calls of the stage are due, in seconds: the root of due(t) = n.
// It is written so that nothing cancels out.
func (s Stage) at(n float64) float64 {
	if n <= 0 {
		return 0
	}
	slope := (s.To - s.From) / s.For.Seconds()
	return 2 * n / (s.From + math.Sqrt(max(s.From*s.From+2*slope*n, 0)))
}

// Rate is the rate at t; after the end it is that of the end.
func (s Schedule) Rate(t time.Duration) float64 {
	var rate float64
	for _, stage := range s {
		if t < stage.For {
			return stage.From + (stage.To-stage.From)*t.Seconds()/stage.For.Seconds()
		}
		rate = stage.To
		t -= stage.For
	}
	return rate
}

// String is the schedule in words.
func (s Schedule) String() string {
	var parts []string
	for _, stage := range s {
		if stage.From == stage.To {
			parts = append(parts, fmt.Sprintf("%g/s for %v", stage.From, stage.For))
			continue
		}
		parts = append(parts, fmt.Sprintf("%g/s to %g/s in %v", stage.From, stage.To, stage.For))
	}
	return strings.Join(parts, ", ")
}
