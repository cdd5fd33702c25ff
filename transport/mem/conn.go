// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Conn is one end of a connection. It is a net.Conn: all methods may be called
// concurrently, and concurrent Writes do not mix their bytes.
type Conn struct {
	mu   *sync.Mutex // guards both ends and both pipes; never held while waiting
	wake *sync.Cond  // whoever waits at this end; on mu

	peer          *Conn
	out, in       *pipe
	local, remote Addr

	closed      bool
	writeClosed bool
	writing     bool // one Write is under way, perhaps waiting for room
	readLimit   deadline
	writeLimit  deadline
}

// newPair returns the two ends of a connection.
func newPair(dialer, listener Addr, buffer int, toListener, toDialer Faults) (dialed, accepted *Conn) {
	mu := new(sync.Mutex)
	up := &pipe{capacity: buffer, faults: toListener}
	down := &pipe{capacity: buffer, faults: toDialer}
	dialed = &Conn{mu: mu, wake: sync.NewCond(mu), out: up, in: down, local: dialer, remote: listener}
	accepted = &Conn{mu: mu, wake: sync.NewCond(mu), out: down, in: up, local: listener, remote: dialer}
	dialed.peer, accepted.peer = accepted, dialed
	dialed.SetFaults(toListener, toDialer) // a cut at offset 0 happens now
	return dialed, accepted
}

// Pipe returns the two ends of a perfect connection.
func Pipe() (*Conn, *Conn) {
	return newPair("mem:a", "mem:b", defaultBuffer, Faults{}, Faults{})
}

// Read reads what has arrived, waiting for the first byte. Once everything is
// read, it returns io.EOF if the peer has closed, or ECONNRESET if it has reset
// the connection.
func (c *Conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		n, err := c.tryRead(b)
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		c.wake.Wait()
	}
}

// tryRead is a Read that returns 0, nil if there is nothing to return yet.
func (c *Conn) tryRead(b []byte) (int, error) {
	now := time.Now()
	switch {
	case c.closed:
		return 0, c.fail("read", net.ErrClosed)
	case c.readLimit.passed(now):
		return 0, c.fail("read", os.ErrDeadlineExceeded)
	}
	c.in.settle(now)
	if n := c.in.pull(b); n > 0 {
		c.peer.wake.Broadcast() // there is room
		return n, nil
	}
	switch {
	case len(b) == 0:
		return 0, nil
	case c.in.knows(c.in.gone, now) && c.in.reset:
		return 0, c.fail("read", syscall.ECONNRESET)
	case c.in.knows(c.in.eof, now):
		return 0, io.EOF
	}
	return 0, nil
}

// Write writes all of b, waiting for room. It fails with EPIPE if the peer has
// closed, with ECONNRESET if it has reset the connection.
func (c *Conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	total, mine := 0, false
	defer func() {
		if mine {
			c.writing = false
			c.wake.Broadcast()
		}
	}()
	for {
		if mine = mine || !c.writing; mine {
			c.writing = true
			n, err := c.tryWrite(b[total:])
			total += n
			if err != nil || total == len(b) {
				return total, err
			}
			if n > 0 {
				continue
			}
		}
		c.wake.Wait()
	}
}

// TryWrite writes as much of b as there is room for, without waiting; 0, nil
// says that there is none.
func (c *Conn) TryWrite(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing {
		return 0, nil
	}
	if chop := c.out.faults.Chop; chop > 0 {
		b = b[:min(len(b), chop)]
	}
	return c.tryWrite(b)
}

func (c *Conn) tryWrite(b []byte) (int, error) {
	now := time.Now()
	switch {
	case c.closed:
		return 0, c.fail("write", net.ErrClosed)
	case c.writeLimit.passed(now):
		return 0, c.fail("write", os.ErrDeadlineExceeded)
	case c.in.knows(c.in.gone, now) && c.in.reset:
		return 0, c.fail("write", syscall.ECONNRESET)
	case c.writeClosed || c.in.knows(c.in.gone, now):
		return 0, c.fail("write", syscall.EPIPE)
	}
	n := min(len(b), c.out.room())
	if n == 0 {
		return 0, nil
	}
	c.out.push(b[:n], now)
	c.notifyPeer()
	c.cutIfDue(now)
	return n, nil
}

// CloseWrite says that no more bytes follow; Read goes on.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.writeClosed = true
	c.out.closeWrite(time.Now())
	c.notifyPeer()
	c.wake.Broadcast()
	return nil
}

// Close closes this end: the peer reads what was written, then io.EOF.
func (c *Conn) Close() error { return c.hangUp(false) }

// Reset closes this end as a process that dies does: the peer reads what was
// written, then gets ECONNRESET.
func (c *Conn) Reset() error { return c.hangUp(true) }

func (c *Conn) hangUp(reset bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.closed = true
	c.readLimit.stop()
	c.writeLimit.stop()
	c.out.close(reset, time.Now())
	c.notifyPeer()
	c.wake.Broadcast()
	return nil
}

// SetFaults replaces the faults of the two directions, as seen from this end.
func (c *Conn) SetFaults(out, in Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.faults, c.in.faults = out, in
	c.cutIfDue(time.Now())
	c.wake.Broadcast()
	c.peer.wake.Broadcast()
}

// cutIfDue cuts the connection, at both ends, if either direction asks for it.
func (c *Conn) cutIfDue(now time.Time) {
	for _, p := range []*pipe{c.out, c.in} {
		if p.cutDue() {
			reset := p.faults.Cut == CutReset
			c.out.close(reset, now)
			c.in.close(reset, now)
			c.notifyPeer()
			c.peer.notifyPeer()
			return
		}
	}
}

// notifyPeer wakes the other end when what was just sent arrives there.
func (c *Conn) notifyPeer() {
	c.peer.wake.Broadcast()
	if latency := c.out.faults.Latency; latency > 0 {
		now := time.Now()
		time.AfterFunc(c.out.arrival(now).Sub(now), c.peer.wakeUp)
	}
}

// wakeUp lets whoever waits at this end look again.
func (c *Conn) wakeUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake.Broadcast()
}

// LocalAddr returns the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets the deadlines of Read and Write.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.readLimit, &c.writeLimit) }

// SetReadDeadline sets the deadline of Read.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.readLimit) }

// SetWriteDeadline sets the deadline of Write and TryWrite.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writeLimit) }

func (c *Conn) setDeadlines(t time.Time, limits ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.fail("set", net.ErrClosed)
	}
	for _, d := range limits {
		d.set(t, c.wakeUp)
	}
	c.wake.Broadcast() // a deadline in the past ends what waits, without a timer
	return nil
}

func (c *Conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: network, Source: c.local, Addr: c.remote, Err: err}
}

// deadline is a point in time after which an operation fails.
type deadline struct {
	at    time.Time // zero: none
	timer *time.Timer
}

// set makes wake run at t, if t is not zero.
func (d *deadline) set(t time.Time, wake func()) {
	d.stop()
	d.at = t
	if t.IsZero() {
		return
	}
	now := time.Now()
	wait := t.Sub(now)
	d.at = now.Add(wait) // on the timer's clock, also if t has only wall time
	switch {
	case wait <= 0:
	case d.timer == nil:
		d.timer = time.AfterFunc(wait, wake)
	default:
		d.timer.Reset(wait)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) passed(now time.Time) bool {
	return !d.at.IsZero() && !now.Before(d.at)
}
