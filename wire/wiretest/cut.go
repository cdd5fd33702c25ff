// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/transport/mem"
)

func cutCases() []testCase {
	var all []testCase
	for _, way := range []struct {
		name  string
		cut   mem.Cut
		needs Capability
	}{
		{"reset", mem.CutReset, 0},
		{"close", mem.CutClose, 0},
		{"silence", mem.CutSilent, Liveness},
	} {
		all = append(all,
			testCase{name: "cut/requests, " + way.name, needs: way.needs, scope: bubble, run: func(r *rig) {
				cutEverywhere(r, func(t *tape) int { return len(t.sent) }, func(at int64) (mem.Faults, mem.Faults) {
					return mem.Faults{Cut: way.cut, CutAfter: at}, mem.Faults{}
				})
			}},
			testCase{name: "cut/replies, " + way.name, needs: way.needs, scope: bubble, run: func(r *rig) {
				cutEverywhere(r, func(t *tape) int { return len(t.received) }, func(at int64) (mem.Faults, mem.Faults) {
					return mem.Faults{}, mem.Faults{Cut: way.cut, CutAfter: at}
				})
			}})
	}
	return append(all,
		testCase{name: "cut/on every network", scope: everyNetwork, run: cutOnNetwork},
		testCase{name: "cut/ends the handlers", scope: bubble, kinds: kinds(), run: cutEndsHandlers},
		testCase{name: "cut/silence without liveness", lacks: Liveness, scope: bubble, kinds: kinds(), run: silenceWithoutLiveness})
}

// script is a series of calls of all kinds, one after the other, whose handlers
// are counted.
type script struct {
	r    *rig
	mu   sync.Mutex
	runs map[string]int // by the call's id
}

// handlers answer with what was asked, after the id.
func (s *script) handlers() handlers {
	return handlers{
		each: func(ctx context.Context, in string) (string, error) {
			s.count(in)
			setReply(ctx, curlew.NewHeader("x-bird", "curlew"), curlew.NewHeader("x-weather", "fog"))
			return "re: " + in, nil
		},
		chat: func(ctx context.Context, both *stream) error {
			for first := true; ; first = false {
				in, err := both.receive(ctx)
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				if first {
					s.count(in)
				}
				if err := both.send(ctx, "re: "+in); err != nil {
					return err
				}
			}
		},
	}
}

func (s *script) count(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[id]++
}

func (s *script) ran(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[id]
}

// play makes the calls through c and returns how many failed. at says where the
// connection is cut.
func (s *script) play(c caller, at string) (failed int) {
	for _, k := range kinds() {
		if !s.r.carries(k) {
			continue
		}
		for i := range 2 {
			id := fmt.Sprintf("%s/%v %d", at, k, i)
			ctx, cancel := context.WithTimeout(s.r.ctx, time.Minute)
			out, err := c.exchange(ctx, k, id, curlew.WithHeader("x-call", "cut"))
			cancel()
			if err != nil {
				failed++
			}
			s.judge(id, out, err)
		}
	}
	return failed
}

// judge holds a call on a connection that is cut to what a protocol promises:
// the right answer or an error of the transport, honest about how far the call
// got, and never a handler that runs twice.
func (s *script) judge(id, out string, err error) {
	s.r.Helper()
	runs := s.ran(id)
	s.r.check(runs <= 1, "%s: the handler ran %d times", id, runs)
	if err == nil {
		equal(s.r, id, out, "re: "+id)
		return
	}
	var e *curlew.Error
	if !errors.As(err, &e) {
		s.r.Errorf("%s: got a %T (%v), want a *curlew.Error", id, err, err)
		return
	}
	s.r.check(e.Code() == curlew.Unavailable, "%s: got code %v, want unavailable (%v)", id, e.Code(), err)
	s.r.check(e.Origin() == curlew.OriginTransport, "%s: got origin %v, want transport (%v)", id, e.Origin(), err)
	s.r.check(e.Progress() != curlew.Answered, "%s: a call without an answer is said to be answered (%v)", id, err)
	s.r.check(!e.Retryable() || runs == 0, "%s: the error says %v, but the handler ran (%v)", id, e.Progress(), err)
}

// cutEverywhere cuts a client's first connection after each number of bytes
// that it would carry in one direction, or after some of these numbers where that
// is enough. The client makes the calls twice, so that there is always one after
// the cut.
func cutEverywhere(r *rig, measure func(*tape) int, faults func(at int64) (toServer, toClient mem.Faults)) {
	s := &script{r: r, runs: make(map[string]int)}
	r.serve(s.handlers())
	t := &tape{line: r.line}
	whole := r.newClientOver(t.dial)
	equal(r, "failed calls on a whole connection", s.play(whole.caller, "whole"), 0)
	whole.close(r)
	total := measure(t)
	r.check(total > 0, "the calls took no bytes")
	step := int64(1)
	switch { // primes, so that the places have nothing to do with any size
	case !r.has(Multiplexed): // a cut hits one call, and most bytes are long heads
		step = 29
	case r.Kin:
		step = 11
	}
	for at := int64(0); at <= int64(total); at += step {
		r.line.cutFirst(faults(at))
		c := r.newClient()
		failed := s.play(c.caller, fmt.Sprint("cut at ", at))
		failed += s.play(c.caller, fmt.Sprint("again, cut at ", at))
		r.check(failed <= 1, "cut at %d of %d bytes: %d calls failed, want at most the one in flight", at, total, failed)
		c.close(r)
	}
}

// cutOnNetwork breaks the client's end of its first connection after some
// numbers of bytes, on whatever network: what the operating system makes of it
// is the transport's error as well.
func cutOnNetwork(r *rig) {
	s := &script{r: r, runs: make(map[string]int)}
	r.serve(s.handlers())
	n := 0
	for at, next := 0, 1; at < 3000; at, next = next, at+next {
		for _, conn := range []*fragileConn{
			{sends: at, receive: -1}, {sends: at, receive: -1, reset: true},
			{sends: -1, receive: at}, {sends: -1, receive: at, reset: true},
		} {
			n++
			c := r.newClientOver(r.line.fragile(conn))
			failed := s.play(c.caller, fmt.Sprint("cut ", n))
			failed += s.play(c.caller, fmt.Sprint("again, cut ", n))
			r.check(failed <= 1, "cut at byte %d: %d calls failed, want at most the one in flight", at, failed)
			c.close(r)
		}
	}
}

// cutEndsHandlers: when a connection is lost, so are the contexts of the
// handlers that served its calls, and the cause says why.
func cutEndsHandlers(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	for _, cut := range []mem.Cut{mem.CutReset, mem.CutClose, mem.CutSilent} {
		if cut == mem.CutSilent && !r.has(Liveness) {
			continue
		}
		var conn *mem.Conn
		c := r.newClientOver(func(ctx context.Context, _, _ string) (net.Conn, error) {
			var err error
			conn, err = r.line.memory.Dial(ctx, r.line.address)
			return conn, err
		})
		call := r.later(func() (string, error) { return c.exchange(r.ctx, r.kind, "") })
		await(r, began, "the handler")
		conn.SetFaults(mem.Faults{Cut: cut}, mem.Faults{Cut: cut})
		got := await(r, ended, "the end of the handler's context")
		equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
		r.check(got.cause != nil && got.cause != context.Canceled, "the handler's context does not tell why it ended: %v", got.cause)
		out := await(r, call, "the end of the call")
		r.fails("the call", out.err, failure{curlew.Unavailable, curlew.OriginTransport, curlew.MaybeSent, nil})
		c.close(r)
	}
}

// silenceWithoutLiveness: where a silent peer is not noticed, the deadline ends
// the call, and the next one is not stuck in the same connection for ever.
func silenceWithoutLiveness(r *rig) {
	s := &script{r: r, runs: make(map[string]int)}
	r.serve(s.handlers())
	r.line.cutFirst(mem.Faults{}, mem.Faults{Cut: mem.CutSilent, CutAfter: 0})
	ctx, cancel := context.WithTimeout(r.ctx, time.Second)
	_, err := r.exchange(ctx, r.kind, "into the void")
	cancel()
	r.fails("a call that nobody answers", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, anyProgress, nil})
}
