// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rivaltest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/bench/rival"
)

const (
	callers  = 8
	patience = 30 * time.Second       // for what has to end well
	deadline = 100 * time.Millisecond // of calls that get no answer
	tooLate  = 10 * time.Second       // after which such a call has to be over
)

// Run tests each framework against a server of its own in this process, which
// ends when the test does.
func Run(t *testing.T, frameworks ...rival.Framework) {
	t.Helper()
	for _, f := range frameworks {
		t.Run(f.Name, func(t *testing.T) {
			if f.Name == "" || f.About == "" {
				t.Errorf("framework %q says %q about itself, want a name and a line", f.Name, f.About)
			}
			t.Run("echo", func(t *testing.T) { echo(t, f) })
			t.Run("stream", func(t *testing.T) { stream(t, f) })
			t.Run("deadline", func(t *testing.T) { keepsDeadline(t, f) })
			t.Run("expired", func(t *testing.T) { refusesExpired(t, f) })
		})
	}
}

// start serves f behind a relay and dials it.
func start(t *testing.T, f rival.Framework) (rival.Client, *relay, int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Serve(ln) }()
	t.Cleanup(func() {
		select {
		case err := <-served:
			t.Errorf("Serve ended before its listener was closed: %v", err)
		default:
		}
		ln.Close() // Serve may return now, or go on for ever
	})
	r := newRelay(t, ln.Addr().String())
	conns := 2
	if f.ConnectionPerCaller {
		conns = callers
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := f.Dial(ctx, r.addr(), conns)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return client, r, conns
}

func echo(t *testing.T, f rival.Framework) {
	client, r, conns := start(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for _, size := range []int{0, 1, 64, 1 << 10, 64 << 10, 1 << 20, rival.MaxMessage - 64, 64} {
				payload := random(uint64(caller), size)
				got, err := client.Echo(ctx, caller%conns, payload)
				if err != nil {
					t.Errorf("caller %d, %d bytes: %v", caller, size, err)
					return
				}
				if !bytes.Equal(got, payload) {
					t.Errorf("caller %d, %d bytes: the answer of %d bytes is another message", caller, size, len(got))
				}
			}
		})
	}
	group.Wait()
	if n := r.count(); n != conns {
		t.Errorf("the client made %d connections, want %d", n, conns)
	}
}

func stream(t *testing.T, f rival.Framework) {
	client, _, conns := start(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if !f.Streams {
		if client.Stream(ctx, 0, nil, 1, func([]byte) error { return nil }) == nil {
			t.Error("Stream succeeded, though the framework says that it has none")
		}
		return
	}
	const count = 100
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			payload := random(uint64(caller), 128)
			for range 3 {
				n := 0
				err := client.Stream(ctx, caller%conns, payload, count, func(got []byte) error {
					n++
					if !bytes.Equal(got, payload) {
						return fmt.Errorf("message %d of %d bytes is another one", n, len(got))
					}
					return nil
				})
				if err != nil || n != count {
					t.Errorf("caller %d: %d messages and error %v, want %d and none", caller, n, err, count)
				}
			}
		})
	}
	group.Wait()
}

// keepsDeadline makes calls whose answers never come.
func keepsDeadline(t *testing.T, f rival.Framework) {
	client, r, _ := start(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := client.Echo(ctx, 0, []byte("warm")); err != nil {
		t.Fatal(err)
	}
	defer r.mute()()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			got, err := client.Echo(ctx, 0, []byte("unanswered"))
			if err == nil {
				t.Errorf("a call that has no answer returned %q", got)
			}
			if took := time.Since(began); took > tooLate {
				t.Errorf("a call with a deadline of %v took %v", deadline, took)
			}
		})
		if f.ConnectionPerCaller {
			break
		}
	}
	group.Wait()
}

func refusesExpired(t *testing.T, f rival.Framework) {
	client, _, _ := start(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	if _, err := client.Echo(ctx, 0, []byte("late")); err == nil {
		t.Error("a call succeeded after its deadline")
	}
}

// random returns size bytes that depend on seed.
func random(seed uint64, size int) []byte {
	b := make([]byte, size)
	source := rand.New(rand.NewPCG(seed, uint64(size)))
	for i := range b {
		b[i] = byte(source.Uint32())
	}
	return b
}
