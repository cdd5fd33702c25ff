// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

// limitsVariable tells a process of this test program to be the server, with
// limits as JSON.
const limitsVariable = "CURLEW_ATTACKED_SERVER"

func TestMain(m *testing.M) {
	if limits, ok := os.LookupEnv(limitsVariable); ok {
		if err := serve(limits); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	assert.Main(m)
}

// serve serves until its standard input ends. It prints its address.
func serve(limits string) error {
	var l wire.Limits
	if err := json.Unmarshal([]byte(limits), &l); err != nil {
		return err
	}
	s, err := server.New(server.WithLimits(l), server.WithShutdownTimeout(0))
	if err != nil {
		return err
	}
	if err := s.Register(new(target).service()); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { // until the process ends
		_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		stop()
	}()
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	fmt.Println(s.Addrs()[0])
	var cut *server.ShutdownError // calls of attackers
	if err := s.Serve(ctx); err != nil && !errors.As(err, &cut) {
		return err
	}
	return nil
}

// Message is what the target takes and returns.
type Message struct{ Data []byte }

// Size asks for a reply of so many bytes.
type Size struct{ Bytes int }

// Question asks for the usage, after a collection of garbage or as it is.
type Question struct{ Collect bool }

// Usage is what the server's process has used.
type Usage struct {
	CPU         int64 // nanoseconds
	Peak        int64 // the most bytes of resident memory so far
	Heap        int64 // bytes of the Go heap now, after a collection if that was asked for
	Goroutines  int
	Running     int // handlers
	MostRunning int // at one time, so far
	Calls       int // so far
}

// target is the service that is attacked, and asked how it bears that.
type target struct{ running, most, calls atomic.Int64 }

const serviceName = "attack.Target"

func (a *target) service() *curlew.Service {
	return curlew.NewService(serviceName,
		curlew.Unary("Echo", func(_ context.Context, m *Message) (*Message, error) {
			defer a.enter()()
			return m, nil
		}),
		curlew.Unary("Big", func(_ context.Context, s *Size) (*Message, error) {
			defer a.enter()()
			return &Message{make([]byte, s.Bytes)}, nil
		}),
		curlew.ClientStream("Collect", func(ctx context.Context, r curlew.Receiver[Message]) (*Size, error) {
			defer a.enter()()
			total := 0
			for m, err := range r.All(ctx) {
				if err != nil {
					return nil, err
				}
				total += len(m.Data)
			}
			return &Size{total}, nil
		}),
		curlew.ClientStream("Hold", func(ctx context.Context, _ curlew.Receiver[Message]) (*Size, error) {
			defer a.enter()()
			<-ctx.Done()
			return nil, ctx.Err()
		}),
		curlew.Unary("Usage", func(_ context.Context, q *Question) (*Usage, error) {
			if q.Collect {
				runtime.GC()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			cpu, peak := processUsage()
			return &Usage{
				CPU: int64(cpu), Peak: peak, Heap: int64(m.HeapAlloc), Goroutines: runtime.NumGoroutine(),
				Running: int(a.running.Load()), MostRunning: int(a.most.Load()), Calls: int(a.calls.Load()),
			}, nil
		}),
	)
}

// enter counts a handler that runs; the function that it returns ends that.
func (a *target) enter() func() {
	a.calls.Add(1)
	n := a.running.Add(1)
	for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
	}
	return func() { a.running.Add(-1) }
}
