// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// slow is a connection whose TryWrite returns only when the peer has had time
// to act on what it got.
type slow struct{ *mem.Conn }

func (s slow) TryWrite(b []byte) (int, error) {
	n, err := s.Conn.TryWrite(b)
	<-time.After(time.Millisecond)
	return n, err
}

// both are the two ends of a connection to a server that echoes.
type both struct {
	client, server *conn
	line           *mem.Conn
	caller         curlew.Caller
}

// echoes connects, has use run, and checks that afterwards nothing is left of
// its calls on either side: above all that each side counts the credit that the
// other one has.
func echoes(t *testing.T, limits wire.Limits, accepted func(*mem.Conn) net.Conn, use func(*testing.T, *both)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		p, d := New(raw.New()), new(echoing)
		logger := slog.New(slog.DiscardHandler)
		served := make(chan error, 1)
		go func() {
			served <- p.Serve(context.Background(), &wire.Conn{
				Raw: accepted(far), Peer: &curlew.Peer{}, Limits: limits.WithDefaults(), Logger: logger, Draining: make(chan struct{}),
			}, d)
		}()
		remote := &wire.Remote{Limits: limits, Logger: logger}
		remote.Dial = func(context.Context, string, string) (net.Conn, error) { return near, nil }
		session, err := p.Connect(t.Context(), remote)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			session.Close(nil)
			d.handlers.Wait()
			if err := <-served; err != nil {
				t.Errorf("Serve: %v", err)
			}
		})
		b := &both{client: session.(*conn), line: near, caller: wire.NewCaller(session)}
		msg, got := []byte("first"), []byte(nil)
		if err := b.caller.Invoke(t.Context(), unaryEcho, &msg, &got); err != nil {
			t.Fatal(err)
		}
		b.server = d.conn
		use(t, b)
		near.SetFaults(mem.Faults{}, mem.Faults{})
		<-time.After(10 * time.Second)
		for side, c := range map[string][2]*conn{"client": {b.client, b.server}, "server": {b.server, b.client}} {
			c, peer := c[0], c[1]
			c.mu.Lock()
			credit, streams, calls := c.send.credit, c.streams.Len(), c.outgoing+c.incoming
			c.mu.Unlock()
			peer.mu.Lock()
			granted := peer.recv.Granted
			peer.mu.Unlock()
			if streams != 0 || calls != 0 {
				t.Errorf("%s: %d streams and %d calls are left", side, streams, calls)
			}
			if credit != granted {
				t.Errorf("%s: has credit for %d bytes, its peer has granted %d", side, credit, granted)
			}
		}
	})
}

func plain(c *mem.Conn) net.Conn { return c }

// A reply that comes after its call was canceled counts against the
// connection's credit, also if it comes with its STATUS.
func TestCreditOfALateReply(t *testing.T) {
	echoes(t, wire.Limits{}, plain, func(t *testing.T, b *both) {
		b.line.SetFaults(mem.Faults{Latency: time.Second}, mem.Faults{Latency: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1500*time.Millisecond, cancel)
		msg, got := make([]byte, 1000), []byte(nil)
		if err := b.caller.Invoke(ctx, unaryEcho, &msg, &got); err == nil {
			t.Error("the call was answered before it was canceled")
		}
		<-time.After(10 * time.Second)
	})
}

// A message that was given up while it waited for room in the writer has given
// back its credit, the connection's too.
func TestCreditOfAMessageThatWasNotSent(t *testing.T) {
	echoes(t, wire.Limits{}, plain, func(t *testing.T, b *both) {
		var streams []curlew.Stream
		for range 16 {
			var call curlew.Call
			call.BeginClient(t.Context(), chatEcho, new(curlew.CallOptions), nil, nil)
			s, err := b.client.Open(t.Context(), &call)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			streams = append(streams, s)
		}
		synctest.Wait()
		b.line.SetFaults(mem.Faults{Cut: mem.CutSilent}, mem.Faults{})
		givenUp := 0
		for _, s := range streams {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			msg := make([]byte, 60<<10)
			if err := s.Send(ctx, &msg); err != nil {
				givenUp++
			}
			cancel()
		}
		if givenUp == 0 {
			t.Error("every message found room")
		}
	})
}

// A unary call that is canceled while its request waits for credit tells the
// server and gives up its place.
func TestCancelInsideARequest(t *testing.T) {
	echoes(t, wire.Limits{MaxStreams: 1}, plain, func(t *testing.T, b *both) {
		b.line.SetFaults(mem.Faults{Latency: time.Second}, mem.Faults{Latency: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		msg, got := make([]byte, 1<<20), []byte(nil)
		if err := b.caller.Invoke(ctx, unaryEcho, &msg, &got); err == nil {
			t.Error("the call was answered before it was canceled")
		}
	})
}

// A call's place is free when its caller learns that it is over.
func TestPlaceIsFreeBeforeStatus(t *testing.T) {
	echoes(t, wire.Limits{MaxStreams: 1}, func(c *mem.Conn) net.Conn { return slow{c} }, func(t *testing.T, b *both) {
		for i := range 10 {
			msg, got := []byte{byte(i)}, []byte(nil)
			if err := b.caller.Invoke(t.Context(), unaryEcho, &msg, &got); err != nil {
				t.Fatalf("call %d, right after the one before it: %v", i, err)
			}
		}
	})
}

// unlocked checks that nobody writes with the connection's lock held: who
// writes takes the writer's lock again afterwards, which others hold when they
// take the connection's.
type unlocked struct {
	*mem.Conn
	t *testing.T
	c *conn
}

func (u unlocked) TryWrite(b []byte) (int, error) {
	if !u.c.mu.TryLock() {
		u.t.Error("written with the connection's lock held")
	} else {
		u.c.mu.Unlock()
	}
	return u.Conn.TryWrite(b)
}

// A call that is not begun has what others have appended written.
func TestNotBegunWritesUnlocked(t *testing.T) {
	echoes(t, wire.Limits{}, func(c *mem.Conn) net.Conn { return c }, func(t *testing.T, b *both) {
		c := b.client
		c.writer = coalesce.New(b.line, unlocked{b.line, t, c}, 0, nil)
		if err := c.writer.LockControl(); err != nil {
			t.Fatal(err)
		}
		buf := c.writer.Buffer()
		buf.B = appendControl(buf.B, framePing, 0, 77)
		c.writer.Unlock(coalesce.Held)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		msg, got := []byte("late"), []byte(nil)
		err := b.caller.Invoke(ctx, unaryEcho, &msg, &got)
		if !errors.Is(err, curlew.Canceled) {
			t.Errorf("error %v, want one of cancellation", err)
		}
		if !c.writer.Flushed(0) {
			t.Error("what was held has not been written")
		}
	})
}
