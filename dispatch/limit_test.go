// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
)

// gated is a service whose calls tell that they run and wait until let go.
type gated struct {
	started chan int // A of the calls that began to run
	release chan struct{}
}

func newGated() *gated { return &gated{started: make(chan int, 100), release: make(chan struct{})} }

func (g *gated) service() *curlew.Service {
	wait := func(_ context.Context, in *pair) (*sum, error) {
		g.started <- in.A
		<-g.release
		return &sum{in.A}, nil
	}
	return curlew.NewService("Arith", curlew.Unary("Wait", wait), curlew.Unary("Other", wait))
}

// goes begins a call that is known by a number.
func goes(t *testing.T, d *dispatch.Dispatcher, method string, a int) *incoming {
	in := newIncoming(t, d, "Arith", method, &pair{A: a})
	d.Go(&in.Incoming)
	synctest.Wait()
	return in
}

func TestConcurrencyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		d := serving(t, dispatch.Config{MaxConcurrent: 2, MaxQueue: 3}, g.service())
		goes(t, d, "Wait", 1)
		goes(t, d, "Wait", 2)
		third := goes(t, d, "Wait", 3)

		expiring := newIncoming(t, d, "Arith", "Wait", &pair{A: 4})
		expiring.Expires = time.Now().Add(time.Second)
		d.Go(&expiring.Incoming)
		synctest.Wait()
		last := goes(t, d, "Wait", 5)
		assert.Equal(t, len(g.started), 2, "calls that run")

		refused := goes(t, d, "Wait", 6)
		<-refused.stream.finished
		assert.Equal(t, refused.stream.err.Code(), curlew.ResourceExhausted)
		assert.Equal(t, refused.stream.err.Progress(), curlew.Refused)
		assert.Contains(t, refused.stream.err.Message(), "limit of 2 calls and has 3 waiting")

		<-expiring.stream.finished
		assert.Equal(t, expiring.stream.err.Code(), curlew.DeadlineExceeded)
		assert.Equal(t, expiring.stream.err.Progress(), curlew.Refused)

		canceled := goes(t, d, "Wait", 7) // takes the place that expiring left
		canceled.Cancel(errors.New("the client went away"))
		<-canceled.stream.finished
		assert.Equal(t, canceled.stream.err.Code(), curlew.Canceled)

		var order []int
		for range 4 {
			for len(g.started) > 0 {
				order = append(order, <-g.started)
			}
			g.release <- struct{}{} // one ends, and the first that waits begins
			synctest.Wait()
		}
		assert.Equal(t, order, []int{1, 2, 3, 5}, "calls run in the order in which they came, those that left never")
		<-third.stream.finished
		<-last.stream.finished
		assert.Equal(t, third.stream.reply, any(&sum{3}))
	})
}

func TestMethodLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		d := serving(t, dispatch.Config{
			MaxConcurrent: 3, MaxQueue: 1,
			Methods: map[string]dispatch.MethodConfig{"Arith/Wait": {MaxConcurrent: 2}},
		}, g.service())
		goes(t, d, "Wait", 1)
		goes(t, d, "Wait", 2)
		full := goes(t, d, "Wait", 3)
		<-full.stream.finished
		assert.Equal(t, full.stream.err.Message(), "Arith/Wait runs its limit of 2 calls and has 0 waiting: no more may wait")
		goes(t, d, "Other", 4)
		queued := goes(t, d, "Other", 5)
		assert.Equal(t, len(g.started), 3, "calls that run")
		full = goes(t, d, "Other", 6)
		<-full.stream.finished
		assert.Contains(t, full.stream.err.Message(), "this process runs its limit of 3 calls")
		assert.Equal(t, d.Active(), map[string]int{"Arith/Wait": 2, "Arith/Other": 2})
		close(g.release)
		<-queued.stream.finished
		assert.Equal(t, queued.stream.reply, any(&sum{5}))
	})
}

// TestManyCallsUnderALimit has callers give up while places become free.
func TestManyCallsUnderALimit(t *testing.T) {
	const limit, calls = 3, 400
	var running, most, ran atomic.Int64
	d := serving(t, dispatch.Config{MaxConcurrent: limit, MaxQueue: calls}, curlew.NewService("Arith",
		curlew.Unary("Work", func(context.Context, *pair) (*sum, error) {
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			ran.Add(1)
			runtime.Gosched()
			running.Add(-1)
			return &sum{}, nil
		})))
	answered := 0
	all := make([]*incoming, calls)
	for i := range all {
		all[i] = newIncoming(t, d, "Arith", "Work", &pair{A: i})
		d.Go(&all[i].Incoming)
		if i%3 == 0 {
			go all[i/2].Cancel(errors.New("the client went away"))
		}
	}
	for _, in := range all {
		<-in.stream.finished
		if in.stream.err == nil {
			answered++
		}
	}
	assert.True(t, most.Load() <= limit, "at most", most.Load(), "ran at the same time")
	assert.Equal(t, int64(answered), ran.Load(), "calls that ran and were answered")
	_, err := call(t, d, "Work", &pair{})
	assert.Equal(t, err, nil, "a place is free in the end")
}
