// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestListen(t *testing.T) {
	network := New()
	l, err := network.Listen("greeter:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.Listen("greeter:80"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen at a used address: %v", err)
	}
	other, err := network.Listen("")
	if err != nil || other.Addr().String() == "greeter:80" || other.Addr().String() == "" {
		t.Errorf("Listen at a free address: %v, %v", other.Addr(), err)
	}
	if _, err := network.Dial(t.Context(), "nobody"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Dial where nobody listens: %v", err)
	}
	dialed, err := network.Dial(t.Context(), "greeter:80")
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if dialed.RemoteAddr() != l.Addr() || accepted.LocalAddr() != l.Addr() ||
		accepted.RemoteAddr() != dialed.LocalAddr() || dialed.LocalAddr().Network() != "mem" {
		t.Errorf("addresses %v-%v and %v-%v", dialed.LocalAddr(), dialed.RemoteAddr(),
			accepted.LocalAddr(), accepted.RemoteAddr())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	if again, err := network.Listen("greeter:80"); err != nil {
		t.Errorf("Listen at an address that is free again: %v", err)
	} else {
		again.Close()
	}
	write(t, dialed, "still open") // an accepted connection outlives its listener
	expect(t, accepted.(*Conn), "still open")
}

func TestListenerCloseResetsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := New()
		l, _ := network.Listen("")
		queued, err := network.Dial(t.Context(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for range backlog - 1 {
			if _, err := network.Dial(t.Context(), l.Addr().String()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := network.Dial(ctx, l.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dial with a full backlog: %v", err)
		}
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := network.Dial(t.Context(), l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("Dial that waits while the listener closes: %v", err)
			}
		})
		synctest.Wait()
		l.Close()
		group.Wait()
		expectError(t, queued, syscall.ECONNRESET)
	})
}

func TestAcceptWokenByClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := New().Listen("")
		time.AfterFunc(time.Second, func() { l.Close() })
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v", err)
		}
	})
}

// Every Dial that races with Close fails, or its connection was accepted, or it
// is reset: no end is left waiting.
func TestDialRacesClose(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			network := New()
			l, _ := network.Listen("")
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if c, err := network.Dial(t.Context(), l.Addr().String()); err == nil {
						c.Read(make([]byte, 1))
					}
				})
			}
			group.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					c.Close()
				}
			})
			group.Go(func() { l.Close() })
			group.Wait()
		})
	}
}

// The listener closes while a Dial is under way: the connection that it may
// have queued is not left there.
func TestDialArrivesAfterClose(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			network := New()
			network.SetFaults(Faults{Latency: time.Minute}, Faults{})
			l, _ := network.Listen("")
			time.AfterFunc(time.Second, func() { l.Close() })
			if _, err := network.Dial(t.Context(), l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("Dial: %v", err)
			}
			if n := len(l.queue); n > 0 {
				t.Errorf("%d connections are left in the queue", n)
			}
		})
	}
}

func TestDialCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := New()
		network.SetFaults(Faults{Latency: time.Minute}, Faults{})
		l, _ := network.Listen("")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		conn, err := network.DialContext(ctx, "tcp", l.Addr().String())
		if !errors.Is(err, context.DeadlineExceeded) || conn != nil {
			t.Errorf("DialContext = %v, %v", conn, err)
		}
	})
}
