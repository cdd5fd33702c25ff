// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// dozing counts the read loops that doze, of a program that runs one test.
func dozing() (n int) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, ".slumber(") && !strings.Contains(stack, ".lead(") {
			n++
		}
	}
	return n
}

// Both ends of a connection doze when it is quiet, not before, and wake up.
func TestQuietConnectionsDoze(t *testing.T) {
	echoes(t, wire.Limits{}, plain, func(t *testing.T, b *both) {
		echo := func() {
			t.Helper()
			msg, got := []byte("again"), []byte(nil)
			if err := b.caller.Invoke(t.Context(), unaryEcho, &msg, &got); err != nil || string(got) != "again" {
				t.Fatalf("the call brings %q, %v", got, err)
			}
		}
		want := func(n int, when string) {
			t.Helper()
			synctest.Wait()
			if got := dozing(); got != n {
				t.Errorf("%s %d ends doze, want %d", when, got, n)
			}
		}
		for range 20 {
			echo()
			<-time.After(quietTime / 2)
			want(0, "with a call now and then")
		}
		for range 3 {
			<-time.After(3 * quietTime)
			want(2, "after a quiet time")
			echo()
			want(0, "after a call")
		}
		<-time.After(3 * quietTime)
		for _, c := range []*conn{b.client, b.server} {
			c.mu.Lock()
			if c.alive.timer != nil || c.streams.Cap() != 0 || !c.in.Dozes() {
				t.Error("one that dozes has a timer, slots, a reader or a buffer")
			}
			c.mu.Unlock()
		}
		b.server.drain()
		<-time.After(quietTime)
		if b.client.failure() == nil {
			select {
			case <-b.client.Draining():
			default:
				t.Error("a client that dozes does not hear the server's DRAIN")
			}
		}
	})
}

// tell writes each part when what came before has been taken in, with time in
// between for the read loop to be told to doze.
func tell(t *testing.T, w io.Writer, parts ...[]byte) {
	t.Helper()
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		<-time.After(5 * quietTime)
	}
}

// A read loop that waits for the rest of a frame does not lose it by being told
// to doze.
func TestDozingInsideAFrame(t *testing.T) {
	ping := rawFrame(framePing, 0, 0, 77)
	call1 := call(1, 1, "S/Up", curlew.KindClientStream, 0)
	over := rawFrame(frameCancel, 0, 1, byte(curlew.Canceled), 0)
	large := rawFrame(frameData, flagMessage|flagEnd, 3, make([]byte, 4*directAbove)...)
	call3 := appendUvarint(nil, 1)
	call3 = append(call3, callTimeout)
	call3 = rawFrame(frameCall, 0, 3, appendUvarint(call3, 1000)...) // 1 ms
	for name, parts := range map[string][][]byte{
		"a small frame":             {join(call1, over, ping[:1]), ping[1:]},
		"one that begins the sleep": {join(call1, over), ping[:1], ping[1:2], ping[2:]},
		// The handler is over by its deadline, while its request is being read.
		"a large message": {join(call1, over, call3, large[:directAbove]), large[directAbove : 3*directAbove], large[3*directAbove:], ping},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, _, served := serveRaw(wire.Limits{})
				answers := make(chan []byte)
				go func() {
					b, _ := io.ReadAll(near)
					answers <- b
				}()
				tell(t, near, append([][]byte{hello()}, parts...)...)
				near.CloseWrite()
				if got := <-answers; !bytes.Contains(got, rawFrame(framePong, 0, 0, 77)) {
					t.Errorf("no PONG in the answer %.200q", got)
				}
				near.Close()
				<-served
			})
		})
	}
}
