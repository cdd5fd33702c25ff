// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"
	"time"

	"github.com/curlewrpc/curlew"
)

// Breaker stops calls to what keeps failing, for a while, so that callers fail
// at once and the other side can recover (Nygard's "Release It!"; the rates and
// the half-open probes are those of resilience4j and Polly). One [Circuit] in
// the call position guards a method, one for each server in the attempt
// position guards that server.
//
// A closed circuit opens when one of these holds: Consecutive failures came in a
// row; ErrorRate of the calls in Window failed; SlowRate of them took longer
// than SlowAfter. Open, it refuses every call with [curlew.Unavailable] and
// progress [curlew.NotSent] for OpenFor, or longer by up to a fifth at random.
// Then it is half-open: it lets Probes calls through, and closes if all end
// well, or opens for twice as long if one fails. Probes that have not ended after
// OpenFor make room for others.
//
// What counts as a failure, and what does not:
//
//	code                                 made by                                     counts as
//	Unavailable, DeadlineExceeded,       anybody, if the call was sent or the        failure
//	  or the Codes                         connection failed
//	Internal, Unknown, DataLoss          the transport                               failure
//	any                                  this side before anything was sent          nothing
//	Canceled                             anybody                                     nothing
//	all others: business errors          the server                                  success
//
// ResourceExhausted is no failure by default: a server that sheds load says how
// much it takes, and a breaker would make that nothing. Of a stream only the
// opening counts.
type Breaker struct {
	// Off means no breaker, against a wider rule.
	Off bool
	// Consecutive is how many failures in a row open the circuit; 0 means that
	// they are not looked at.
	Consecutive int
	// ErrorRate is the part of the calls, in (0, 1], whose failure opens the
	// circuit: 0.5. Negative means that it is not looked at.
	ErrorRate float64
	// SlowAfter is what makes a call slow, and SlowRate the part of slow calls
	// that opens the circuit: 0.5. Without SlowAfter slowness is not looked at.
	SlowAfter time.Duration
	SlowRate  float64
	// Window is the time that rates are taken over: 10 s. It slides by tenths.
	Window time.Duration
	// MinCalls is how many calls there must be in Window for its rates to mean
	// something: 20.
	MinCalls int
	// OpenFor is how long the circuit is open the first time: 5 s. It doubles with
	// each probe that fails, up to MaxOpenFor: one minute.
	OpenFor, MaxOpenFor time.Duration
	// Probes is how many calls a half-open circuit lets through: 3.
	Probes int
	// Codes are those that count as failures beside broken connections:
	// Unavailable and DeadlineExceeded.
	Codes Codes
}

// Check returns what is wrong with b, or nil.
func (b Breaker) Check() error {
	switch {
	case b.Consecutive < 0 || b.MinCalls < 0 || b.Probes < 0:
		return fmt.Errorf("resilience: breaker with a negative number (Consecutive %d, MinCalls %d, Probes %d)", b.Consecutive, b.MinCalls, b.Probes)
	case b.Window < 0 || b.OpenFor < 0 || b.MaxOpenFor < 0 || b.SlowAfter < 0:
		return fmt.Errorf("resilience: breaker with a negative time (Window %v, OpenFor %v, MaxOpenFor %v, SlowAfter %v)", b.Window, b.OpenFor, b.MaxOpenFor, b.SlowAfter)
	case !(b.ErrorRate <= 1):
		return fmt.Errorf("resilience: breaker with ErrorRate %v; it must be at most 1", b.ErrorRate)
	case !(b.SlowRate >= 0 && b.SlowRate <= 1):
		return fmt.Errorf("resilience: breaker with SlowRate %v; it must be from 0 to 1", b.SlowRate)
	case b.SlowRate > 0 && b.SlowAfter == 0:
		return fmt.Errorf("resilience: breaker with SlowRate %v but no SlowAfter that says what is slow", b.SlowRate)
	case b.Codes.Has(curlew.Canceled):
		return fmt.Errorf("resilience: breaker that counts Canceled: callers who give up say nothing of the server")
	case b.ErrorRate < 0 && b.Consecutive == 0 && b.SlowAfter == 0 && !b.Off:
		return fmt.Errorf("resilience: breaker that looks at nothing; set Off")
	}
	if d := b.withDefaults(); d.MaxOpenFor < d.OpenFor {
		return fmt.Errorf("resilience: breaker with MaxOpenFor %v below OpenFor %v", d.MaxOpenFor, d.OpenFor)
	} else if d.Window < windowSlots {
		return fmt.Errorf("resilience: breaker with Window %v, which is too short", d.Window)
	}
	return nil
}

func (b Breaker) withDefaults() Breaker {
	if b.ErrorRate == 0 {
		b.ErrorRate = 0.5
	}
	if b.SlowRate == 0 {
		b.SlowRate = 0.5
	}
	if b.Window == 0 {
		b.Window = 10 * time.Second
	}
	if b.MinCalls == 0 {
		b.MinCalls = 20
	}
	if b.OpenFor == 0 {
		b.OpenFor = 5 * time.Second
	}
	if b.MaxOpenFor == 0 {
		b.MaxOpenFor = max(time.Minute, b.OpenFor)
	}
	if b.Probes == 0 {
		b.Probes = 3
	}
	b.Codes = b.Codes.or(CodesOf(curlew.Unavailable, curlew.DeadlineExceeded))
	return b
}

// verdict is what a call's end says of the other side.
type verdict uint8

const (
	nothing verdict = iota
	success
	failure
)

// judge tells by the table at [Breaker].
func (b *Breaker) judge(err error) verdict {
	if err == nil {
		return success
	}
	e := curlew.ErrorOf(err)
	switch {
	case e.Code() == curlew.Canceled:
		return nothing
	case e.Origin() == curlew.OriginLocal && e.Progress() == curlew.NotSent:
		return nothing
	case b.Codes.Has(e.Code()):
		return failure
	case e.Origin() == curlew.OriginTransport:
		switch e.Code() {
		case curlew.Internal, curlew.Unknown, curlew.DataLoss:
			return failure
		}
		return nothing
	}
	return success
}
