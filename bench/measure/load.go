// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/bench/rival"
)

// callTimeout is the deadline of every call.
const callTimeout = 30 * time.Second

// load is a client and its callers.
type load struct {
	client  rival.Client
	s       Scenario
	callers []*caller
}

// caller is one goroutine that calls.
type caller struct {
	client    rival.Client
	conn      int
	payload   []byte
	sequence  uint64
	latencies histogram
	calls     int64
}

func newLoad(client rival.Client, s Scenario) *load {
	l := &load{client: client, s: s}
	for i := range s.Callers {
		c := &caller{client: client, conn: i % s.Conns}
		size := s.Size
		if s.Kind == Mixed && i == 0 {
			size = s.LargeSize
		}
		c.payload = make([]byte, size)
		rng := rand.New(rand.NewPCG(uint64(i), uint64(size)))
		for k := range c.payload {
			c.payload[k] = byte(rng.Uint32())
		}
		c.sequence = uint64(i) << 40
		l.callers = append(l.callers, c)
	}
	return l
}

// warm calls until connections, pools and stacks are what they will be.
func (l *load) warm(ctx context.Context) error {
	if l.s.Kind == Idle {
		return l.each(func(c *caller) error { return c.echo(ctx) })
	}
	_, err := l.run(ctx, l.s.Warmup)
	for _, c := range l.callers {
		c.latencies, c.calls = histogram{}, 0
	}
	return err
}

// measure is what the scenario is about.
func (l *load) measure(ctx context.Context) (Result, error) {
	if l.s.Kind == Idle {
		time.Sleep(l.s.Duration)
		return Result{Calls: int64(l.s.Callers)}, nil
	}
	return l.run(ctx, l.s.Duration)
}

func (l *load) run(ctx context.Context, d time.Duration) (r Result, err error) {
	begun := time.Now()
	end := begun.Add(d)
	index := make(map[*caller]int, len(l.callers))
	for i, c := range l.callers {
		index[c] = i
	}
	err = l.each(func(c *caller) error {
		switch l.s.Kind {
		case Open:
			return c.open(ctx, begun, end, l.s.Rate/float64(len(l.callers)), float64(index[c])/float64(len(l.callers)))
		case Stream:
			return c.stream(ctx, end, l.s.Count)
		default:
			return c.closed(ctx, end)
		}
	})
	if err != nil {
		return r, err
	}
	var all histogram
	for i, c := range l.callers {
		if l.s.Kind == Mixed && i == 0 {
			r.Large = c.calls
			continue
		}
		all.merge(&c.latencies)
		r.Calls += c.calls
	}
	r.P50, r.P99, r.P999, r.Max = all.quantile(0.5), all.quantile(0.99), all.quantile(0.999), float64(all.max)/1e3
	return r, nil
}

// each runs f for every caller at once and returns the first error.
func (l *load) each(f func(*caller) error) error {
	var group sync.WaitGroup
	errs := make([]error, len(l.callers))
	for i, c := range l.callers {
		group.Go(func() { errs[i] = f(c) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// echo makes one call with a deadline and checks its answer.
func (c *caller) echo(ctx context.Context) error {
	c.number()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := c.client.Echo(ctx, c.conn, c.payload)
	if err != nil {
		return err
	}
	return c.check(answer)
}

// number makes the payload differ from every other caller's and from the last.
func (c *caller) number() {
	c.sequence++
	if len(c.payload) >= 8 {
		binary.LittleEndian.PutUint64(c.payload, c.sequence)
	}
}

// ErrWrong says that a server answered, but not what it should have.
var ErrWrong = errors.New("wrong answer")

func (c *caller) check(answer []byte) error {
	if !bytes.Equal(answer, c.payload) {
		return fmt.Errorf("%w: %d bytes that begin with %.16x, want %d bytes that begin with %.16x",
			ErrWrong, len(answer), answer[:min(16, len(answer))], len(c.payload), c.payload[:min(16, len(c.payload))])
	}
	return nil
}

// closed calls until end.
func (c *caller) closed(ctx context.Context, end time.Time) error {
	for now := time.Now(); now.Before(end); {
		if err := c.echo(ctx); err != nil {
			return err
		}
		then := now
		now = time.Now()
		c.latencies.add(now.Sub(then))
		c.calls++
	}
	return nil
}

// open calls at a constant rate, the first after the given part of an interval.
// What is late is called at once; nothing is left out.
func (c *caller) open(ctx context.Context, begin, end time.Time, rate, phase float64) error {
	interval := float64(time.Second) / rate
	for i := 0; ; i++ {
		due := begin.Add(time.Duration((float64(i) + phase) * interval))
		if due.After(end) {
			return nil
		}
		if early := time.Until(due); early > 0 {
			time.Sleep(early)
		}
		if err := c.echo(ctx); err != nil {
			return err
		}
		c.latencies.add(time.Since(due))
		c.calls++
	}
}

// stream receives streams of count messages until end. The latency is that
// between two messages.
func (c *caller) stream(ctx context.Context, end time.Time, count int) error {
	for time.Now().Before(end) {
		if err := c.streamOnce(ctx, count); err != nil {
			return err
		}
	}
	return nil
}

func (c *caller) streamOnce(ctx context.Context, count int) error {
	c.number()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	received := 0
	last := time.Now()
	err := c.client.Stream(ctx, c.conn, c.payload, count, func(answer []byte) error {
		now := time.Now()
		c.latencies.add(now.Sub(last))
		last = now
		received++
		return c.check(answer)
	})
	if err == nil && received != count {
		err = fmt.Errorf("%w: a stream of %d messages, want %d", ErrWrong, received, count)
	}
	c.calls += int64(received)
	return err
}
