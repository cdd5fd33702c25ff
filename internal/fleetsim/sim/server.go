// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
)

// Server is a machine with a number of slots, in which calls are worked on, and
// a queue before them. Steps of a script may change it.
type Server struct {
	Endpoint discovery.Endpoint
	// Speed is how much work a slot does in a second.
	Speed float64
	// Failing is the part of the calls that it answers with an error, FailsAfter
	// their arrival and without using a slot.
	Failing    float64
	FailsAfter time.Duration
	// Hanging servers take calls and never answer.
	Hanging bool
	// Limit is how many calls may queue; it refuses to begin more. 0 is no limit.
	Limit int
	// ColdFor is how long a server that has just started is slower: its speed
	// grows from a fifth to all of it.
	ColdFor time.Duration

	slots   int
	began   time.Duration // the last start
	down    bool
	running []*call
	queue   []*call // from head
	head    int

	busy    time.Duration // slot time used within the measured span
	calls   int           // that arrived within it
	deepest int           // the longest that the queue was

	window  window
	reports *balance.Load
}

// window is what a server counts for its load reports.
type window struct {
	since       time.Duration
	used        time.Duration
	done, wrong int
}

// The errors that servers and connections end calls with.
var (
	errFailing = curlew.NewError(curlew.Unavailable, "failing").WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
	errBroken  = curlew.NewError(curlew.Unavailable, "connection lost").WithOrigin(curlew.OriginTransport).WithProgress(curlew.MaybeSent)
	errRefused = curlew.NewError(curlew.ResourceExhausted, "too busy").WithOrigin(curlew.OriginServer).WithProgress(curlew.Refused)
	errTooLate = curlew.NewError(curlew.DeadlineExceeded, "no answer in time").WithOrigin(curlew.OriginLocal).WithProgress(curlew.MaybeSent)
)

// speed is how much work a slot does in a second now.
func (s *Server) speed(now time.Duration) float64 {
	if s.ColdFor == 0 || s.began == 0 || now-s.began >= s.ColdFor {
		return s.Speed
	}
	return s.Speed * (0.2 + 0.8*float64(now-s.began)/float64(s.ColdFor))
}

// receive takes a call in.
func (f *Fleet) receive(s *Server, c *call) {
	if f.measured() {
		s.calls++
	}
	switch {
	case s.down:
		f.reply(c, errBroken, 0)
	case s.Failing > 0 && f.faults.Float64() < s.Failing:
		s.window.wrong++
		s.window.done++
		f.report(s)
		f.reply(c, errFailing, s.FailsAfter)
	case s.Hanging:
	case len(s.running) < s.slots:
		f.start(s, c)
	case s.Limit > 0 && len(s.queue)-s.head >= s.Limit:
		f.reply(c, errRefused, 0)
	default:
		s.queue = append(s.queue, c)
		s.deepest = max(s.deepest, len(s.queue)-s.head)
	}
}

// start gives a call a slot.
func (f *Fleet) start(s *Server, c *call) {
	c.began = f.now
	s.running = append(s.running, c)
	f.queue.add(event{at: f.now + seconds(c.work/s.speed(f.now)), kind: ends, call: c})
}

// end frees a call's slot for the next one in the queue.
func (f *Fleet) end(c *call) {
	s := c.server
	if c.lost {
		return
	}
	s.release(f, c)
	s.window.done++
	f.report(s)
	f.reply(c, nil, 0)
	for s.head < len(s.queue) && len(s.running) < s.slots {
		next := s.queue[s.head]
		s.queue[s.head] = nil
		s.head++
		if !next.done { // the deadline travels with the call, so that the server knows
			f.start(s, next)
		}
	}
	if s.head == len(s.queue) {
		s.queue, s.head = s.queue[:0], 0
	}
}

func (s *Server) release(f *Fleet, c *call) {
	for i, r := range s.running {
		if r == c {
			last := len(s.running) - 1
			s.running[i], s.running[last] = s.running[last], nil
			s.running = s.running[:last]
			break
		}
	}
	used := f.now - c.began
	s.window.used += used
	s.busy += max(min(f.now, f.config.Length)-max(c.began, f.config.From), 0)
}

// report renews what the server says of itself with its replies, once a second.
func (f *Fleet) report(s *Server) {
	span := f.now - s.window.since
	if span < time.Second {
		return
	}
	w := s.window
	s.reports = &balance.Load{
		CPU: max(w.used.Seconds()/(span.Seconds()*float64(s.slots)), 0.01),
		QPS: float64(w.done) / span.Seconds(),
		EPS: float64(w.wrong) / span.Seconds(),
	}
	s.window = window{since: f.now}
}

// Kill ends a server at once: the calls it has are lost.
func (f *Fleet) Kill(s *Server) {
	s.down = true
	for _, c := range append(s.running, s.queue[s.head:]...) {
		c.lost = true
		f.reply(c, errBroken, 0)
	}
	s.running, s.queue, s.head = nil, nil, 0
}

// Start starts a server that was killed.
func (f *Fleet) Start(s *Server) {
	s.down, s.began, s.window, s.reports = false, f.now, window{since: f.now}, nil
}
