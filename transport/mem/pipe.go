// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import (
	"bytes"
	"math"
	"time"
)

// pipe is one direction of a connection: the bytes on their way and the faults
// that befall them. It is a plain state machine: the connection's mutex guards
// it, and whoever changes it wakes those whom the change concerns.
//
// Offsets count bytes since the connection began: read <= arrived <= sent.
type pipe struct {
	faults   Faults
	capacity int

	data    bytes.Buffer // the bytes read..sent
	sent    int64
	arrived int64 // how far latency has let them come
	read    int64
	delayed []delivery // what is between arrived and sent, in order

	eof   news // no more bytes follow
	gone  news // the sender does not read any more either
	reset bool // it went by a reset
}

// delivery says when the bytes before offset end arrive.
type delivery struct {
	end int64
	at  time.Time
}

// news is a fact about the sender that reaches the receiver at a given time.
type news struct {
	true bool
	at   time.Time
}

// room returns how many bytes may be sent now.
func (p *pipe) room() int {
	if p.eof.true {
		return p.capacity // they get lost
	}
	n := int64(p.capacity) - (p.sent - p.read)
	if p.cutsAloud() {
		n = min(n, p.faults.CutAfter-p.sent)
	}
	return int(max(0, n))
}

// push sends b, for which there must be room. What is sent after a cut of which
// the sender does not know yet is lost.
func (p *pipe) push(b []byte, now time.Time) {
	if p.eof.true {
		return
	}
	p.settle(now)
	p.data.Write(b)
	p.sent += int64(len(b))
	if at := p.arrival(now); at.After(now) {
		p.delayed = append(p.delayed, delivery{p.sent, at})
	} else {
		p.arrived = p.sent
	}
}

// closeWrite ends the bytes of this direction.
func (p *pipe) closeWrite(now time.Time) {
	if !p.eof.true {
		p.eof = news{true, p.arrival(now)}
	}
}

// close ends the bytes and says that the sender is gone.
func (p *pipe) close(reset bool, now time.Time) {
	p.closeWrite(now)
	if !p.gone.true {
		p.gone = news{true, p.arrival(now)}
		p.reset = reset
	}
}

// arrival returns when something that is sent now arrives: after the latency,
// and not before what was sent earlier.
func (p *pipe) arrival(now time.Time) time.Time {
	at := now.Add(p.faults.Latency)
	if n := len(p.delayed); n > 0 && p.delayed[n-1].at.After(at) {
		at = p.delayed[n-1].at
	}
	return at
}

// settle moves on what has arrived by now.
func (p *pipe) settle(now time.Time) {
	n := 0
	for n < len(p.delayed) && !p.delayed[n].at.After(now) {
		p.arrived = p.delayed[n].end
		n++
	}
	p.delayed = p.delayed[n:]
}

// pull reads into b what has arrived.
func (p *pipe) pull(b []byte) int {
	n := min(int64(len(b)), min(p.arrived, p.silence())-p.read)
	if p.faults.Chop > 0 {
		n = min(n, int64(p.faults.Chop))
	}
	if n <= 0 {
		return 0
	}
	got, _ := p.data.Read(b[:n])
	p.read += int64(got)
	return got
}

// knows reports whether the receiver has heard of n by now.
func (p *pipe) knows(n news, now time.Time) bool {
	return n.true && !n.at.After(now) && p.sent < p.silence()
}

// cutsAloud reports whether a cut that the ends notice lies ahead or is due.
func (p *pipe) cutsAloud() bool {
	return p.faults.Cut == CutReset || p.faults.Cut == CutClose
}

// cutDue reports whether the connection has to be cut aloud now.
func (p *pipe) cutDue() bool {
	return p.cutsAloud() && p.sent >= p.faults.CutAfter
}

// silence returns the offset from which on nothing arrives.
func (p *pipe) silence() int64 {
	if p.faults.Cut == CutSilent {
		return p.faults.CutAfter
	}
	return math.MaxInt64
}
