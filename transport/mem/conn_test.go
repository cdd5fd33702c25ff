// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// write writes s or ends the test.
func write(t *testing.T, c *Conn, s string) {
	t.Helper()
	if n, err := c.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("Write(%q) = %d, %v", s, n, err)
	}
}

// expect reads exactly len(s) bytes and compares them.
func expect(t *testing.T, c *Conn, s string) {
	t.Helper()
	b := make([]byte, len(s))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != s {
		t.Fatalf("read %q, %v, want %q", b[:n], err, s)
	}
}

// expectError reads once and wants want.
func expectError(t *testing.T, c *Conn, want error) {
	t.Helper()
	if n, err := c.Read(make([]byte, 10)); n != 0 || !errors.Is(err, want) {
		t.Fatalf("Read = %d, %v, want %v", n, err, want)
	}
}

func expectWriteError(t *testing.T, c *Conn, want error) {
	t.Helper()
	if n, err := c.Write([]byte("x")); n != 0 || !errors.Is(err, want) {
		t.Fatalf("Write = %d, %v, want %v", n, err, want)
	}
}

func TestEndings(t *testing.T) {
	tests := []struct {
		name      string
		end       func(*Conn) error
		read      error // what the peer's Read gives after the data
		write     error // what the peer's Write gives; nil: it works
		ownRead   error // the same at this end
		ownWrite  error
		ownSecond error // ending it again
	}{
		{"close", (*Conn).Close, io.EOF, syscall.EPIPE, net.ErrClosed, net.ErrClosed, net.ErrClosed},
		{"reset", (*Conn).Reset, syscall.ECONNRESET, syscall.ECONNRESET, net.ErrClosed, net.ErrClosed, net.ErrClosed},
		{"half-close", (*Conn).CloseWrite, io.EOF, nil, nil, syscall.EPIPE, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := Pipe()
			write(t, a, "buffered")
			if err := test.end(a); err != nil {
				t.Fatal(err)
			}
			expect(t, b, "buffered")
			expectError(t, b, test.read)
			expectError(t, b, test.read)
			if test.write != nil {
				expectWriteError(t, b, test.write)
			} else {
				write(t, b, "answer")
				expect(t, a, "answer")
			}
			if test.ownRead != nil {
				expectError(t, a, test.ownRead)
			}
			expectWriteError(t, a, test.ownWrite)
			if err := test.end(a); !errors.Is(err, test.ownSecond) {
				t.Errorf("ended again: %v, want %v", err, test.ownSecond)
			}
		})
	}
}

// Whatever ends a connection, or an operation, ends those that wait.
func TestWakesWhoWaits(t *testing.T) {
	past := time.Unix(1, 0)
	tests := []struct {
		name  string
		act   func(mine, peer *Conn) error
		read  error
		write error
	}{
		{"own close", func(c, _ *Conn) error { return c.Close() }, net.ErrClosed, net.ErrClosed},
		{"own reset", func(c, _ *Conn) error { return c.Reset() }, net.ErrClosed, net.ErrClosed},
		{"peer closes", func(_, p *Conn) error { return p.Close() }, io.EOF, syscall.EPIPE},
		{"peer resets", func(_, p *Conn) error { return p.Reset() }, syscall.ECONNRESET, syscall.ECONNRESET},
		{"deadline", func(c, _ *Conn) error { return c.SetDeadline(time.Now().Add(time.Second)) },
			os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
		{"past deadline", func(c, _ *Conn) error { return c.SetDeadline(past) },
			os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
		{"cut", func(c, _ *Conn) error { c.SetFaults(Faults{}, Faults{Cut: CutReset}); return nil },
			syscall.ECONNRESET, syscall.ECONNRESET},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := Pipe()
				var group sync.WaitGroup
				group.Go(func() { expectError(t, a, test.read) })
				for range 2 { // one holds the turn to write, one waits for it
					group.Go(func() {
						if _, err := a.Write(make([]byte, 2*defaultBuffer)); !errors.Is(err, test.write) {
							t.Errorf("Write: %v, want %v", err, test.write)
						}
					})
				}
				synctest.Wait()
				if err := test.act(a, b); err != nil {
					t.Fatal(err)
				}
				group.Wait()
			})
		})
	}
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		start := time.Now()
		for _, limit := range []time.Time{start.Add(3 * time.Second), start.Add(5 * time.Second).Round(0)} {
			a.SetReadDeadline(start.Add(time.Minute)) // moved below
			a.SetReadDeadline(limit)
			expectError(t, a, os.ErrDeadlineExceeded)
			if now := time.Now(); !now.Equal(limit) {
				t.Errorf("deadline %v ended Read at %v", limit.Sub(start), now.Sub(start))
			}
		}
		var timeout net.Error
		if _, err := a.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("error %v is no timeout", err)
		}
		a.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { b.Write([]byte("late")) })
		expect(t, a, "late")
		a.Close()
		if err := a.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetDeadline after Close: %v", err)
		}
	})
}

func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := New()
		network.Buffer = 10
		a, b := dial(t, network)
		done := false
		go func() {
			write(t, a, "0123456789ABCDE")
			done = true
		}()
		synctest.Wait()
		if done {
			t.Error("Write took more than the buffer holds")
		}
		if n, err := a.TryWrite([]byte("x")); n != 0 || err != nil {
			t.Errorf("TryWrite while a Write waits = %d, %v", n, err)
		}
		expect(t, b, "01234")
		synctest.Wait()
		if !done {
			t.Error("Write still waits though there is room")
		}
		expect(t, b, "56789ABCDE")
		if n, err := a.TryWrite([]byte("0123456789ABCDE")); n != 10 || err != nil {
			t.Errorf("TryWrite into an empty buffer = %d, %v", n, err)
		}
		if n, err := a.TryWrite([]byte("x")); n != 0 || err != nil {
			t.Errorf("TryWrite into a full buffer = %d, %v", n, err)
		}
		b.Close()
		if _, err := a.TryWrite([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("TryWrite to a closed end: %v", err)
		}
	})
}

func TestConcurrentWritesDoNotMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, size = 5, 1000
		network := New()
		network.Buffer = 7
		a, b := dial(t, network)
		for id := range writers {
			go a.Write(bytes.Repeat([]byte{byte(id)}, size))
		}
		for range writers {
			block := make([]byte, size)
			if _, err := io.ReadFull(b, block); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(block, bytes.Repeat(block[:1], size)) {
				t.Fatal("two Writes were mixed")
			}
		}
	})
}

// Many bytes through both directions at once, in pieces of random sizes, with
// and without the bubble.
func TestBulk(t *testing.T) {
	transfer := func(t *testing.T) {
		a, b := Pipe()
		var group sync.WaitGroup
		send := func(c *Conn, seed uint64) {
			random, content := rand.New(rand.NewPCG(seed, 1)), rand.NewChaCha8([32]byte{byte(seed)})
			for range 300 {
				piece := make([]byte, random.IntN(10_000))
				content.Read(piece)
				if _, err := c.Write(piece); err != nil {
					t.Error(err)
				}
			}
			c.CloseWrite()
		}
		receive := func(c *Conn, seed uint64) {
			got, err := io.ReadAll(c)
			want := make([]byte, len(got))
			rand.NewChaCha8([32]byte{byte(seed)}).Read(want)
			if err != nil || len(got) < 1<<20 || !bytes.Equal(got, want) {
				t.Errorf("received %d bytes, %v; they are right: %v", len(got), err, bytes.Equal(got, want))
			}
		}
		group.Go(func() { send(a, 1) })
		group.Go(func() { send(b, 2) })
		group.Go(func() { receive(b, 1) })
		group.Go(func() { receive(a, 2) })
		group.Wait()
	}
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, transfer) })
	t.Run("plain", transfer)
}

func TestZeroLength(t *testing.T) {
	a, b := Pipe()
	if n, err := a.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil) = %d, %v", n, err)
	}
	write(t, a, "")
	b.Close()
	expectWriteError(t, a, syscall.EPIPE)
}

// dial returns both ends of a connection of the network.
func dial(t testing.TB, n *Network) (dialed, accepted *Conn) {
	t.Helper()
	l, err := n.Listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err = n.Dial(context.Background(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return dialed, conn.(*Conn)
}

func BenchmarkPingPong(b *testing.B) {
	left, right := Pipe()
	defer left.Close()
	go io.Copy(right, right)
	message := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		left.Write(message)
		io.ReadFull(left, message)
	}
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }
