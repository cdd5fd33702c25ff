// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const up, down = 30 * time.Millisecond, 70 * time.Millisecond
		network := New()
		network.SetFaults(Faults{Latency: up}, Faults{Latency: down})
		start := time.Now()
		since := func(what string, want time.Duration) {
			t.Helper()
			if got := time.Since(start); got != want {
				t.Errorf("%s after %v, want %v", what, got, want)
			}
			start = time.Now()
		}
		a, b := dial(t, network)
		since("dialed", up+down)

		write(t, a, "one")
		pass(10 * time.Millisecond)
		write(t, a, "two")
		since("written", 10*time.Millisecond)
		expect(t, b, "one")
		since("first message", up-10*time.Millisecond)
		expect(t, b, "two")
		since("second message", 10*time.Millisecond)

		write(t, b, "last")
		b.Close()
		expect(t, a, "last")
		expectError(t, a, io.EOF)
		since("close", down)
	})
}

// A change of the latency must not let bytes overtake others.
func TestLatencyKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		a.SetFaults(Faults{Latency: time.Second}, Faults{})
		write(t, a, "slow,")
		a.SetFaults(Faults{}, Faults{})
		write(t, a, "fast,")
		a.CloseWrite()
		if n, err := b.Read(nil); n != 0 || err != nil {
			t.Errorf("Read(nil) = %d, %v", n, err)
		}
		start := time.Now()
		expect(t, b, "slow,fast,")
		expectError(t, b, io.EOF)
		if got := time.Since(start); got != time.Second {
			t.Errorf("arrived after %v, want 1s", got)
		}
		pass(time.Hour)
		write(t, b, "back")
		expect(t, a, "back")
	})
}

// The latency ends while nobody reads; what is written then is complete.
func TestLatencyLiftedUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		a.SetFaults(Faults{Latency: time.Second}, Faults{})
		write(t, a, "slow,")
		pass(time.Minute)
		a.SetFaults(Faults{}, Faults{})
		write(t, a, "fast")
		expect(t, b, "slow,fast")
	})
}

func TestCutAtEveryOffset(t *testing.T) {
	const message = "0123456789"
	tests := []struct {
		cut         Cut
		read, write error
	}{
		{CutReset, syscall.ECONNRESET, syscall.ECONNRESET},
		{CutClose, io.EOF, syscall.EPIPE},
	}
	for _, test := range tests {
		for offset := range len(message) + 1 {
			for _, latency := range []time.Duration{0, time.Second} {
				synctest.Test(t, func(t *testing.T) {
					network := New()
					network.SetFaults(Faults{Cut: test.cut, CutAfter: int64(offset), Latency: latency}, Faults{Latency: latency})
					a, b := dial(t, network)
					n, err := a.Write([]byte(message))
					switch {
					case offset == len(message) && (n != offset || err != nil):
						t.Errorf("offset %d: Write = %d, %v", offset, n, err)
					case offset < len(message) && latency == 0 && (n != offset || !errors.Is(err, test.write)):
						t.Errorf("offset %d: Write = %d, %v, want %v", offset, n, err, test.write)
					case latency > 0 && (n != len(message) || err != nil):
						t.Errorf("offset %d: Write before the cut is known = %d, %v", offset, n, err)
					}
					expect(t, b, message[:offset])
					expectError(t, b, test.read)
					expectError(t, a, test.read)
					expectWriteError(t, a, test.write)
					expectWriteError(t, b, test.write)
				})
			}
		}
	}
}

func TestCutSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := New()
		network.Buffer = 10
		network.SetFaults(Faults{Cut: CutSilent, CutAfter: 3}, Faults{})
		a, b := dial(t, network)
		write(t, a, "0123456789")
		expect(t, b, "012")
		a.SetDeadline(time.Now().Add(time.Minute))
		if n, err := a.Write([]byte("ABCDE")); n != 3 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write into a line that is cut = %d, %v, want what the buffer holds", n, err)
		}
		a.Close()
		b.SetReadDeadline(time.Now().Add(time.Minute))
		expectError(t, b, os.ErrDeadlineExceeded) // it sees neither the bytes nor the close
		write(t, b, "into the")
		b.SetDeadline(time.Now().Add(time.Minute))
		if n, err := b.Write([]byte("void")); n != 2 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write to a peer that is gone unnoticed = %d, %v", n, err)
		}
		b.SetDeadline(time.Time{})
		b.SetFaults(Faults{}, Faults{})
		expect(t, b, "3456789ABC")
		expectError(t, b, io.EOF)
		expectWriteError(t, b, syscall.EPIPE)
	})
}

// A close that lies before the silence arrives.
func TestCutSilentLater(t *testing.T) {
	a, b := Pipe()
	a.SetFaults(Faults{Cut: CutSilent, CutAfter: 3}, Faults{})
	write(t, a, "01")
	a.Close()
	expect(t, b, "01")
	expectError(t, b, io.EOF)
}

func TestChop(t *testing.T) {
	a, b := Pipe()
	a.SetFaults(Faults{Chop: 2}, Faults{})
	write(t, a, "01234")
	buffer := make([]byte, 10)
	for _, want := range []string{"01", "23", "4"} {
		if n, err := b.Read(buffer); string(buffer[:n]) != want || err != nil {
			t.Errorf("Read = %q, %v, want %q", buffer[:n], err, want)
		}
	}
	if n, err := a.TryWrite([]byte("012")); n != 2 || err != nil {
		t.Errorf("TryWrite = %d, %v, want 2", n, err)
	}
}
