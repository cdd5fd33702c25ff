// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Line is a TCP address that leads to another one, until it is cut. It is a
// [Link], and safe for concurrent use.
type Line struct {
	to       string
	listener net.Listener
	received atomic.Int64
	work     sync.WaitGroup

	mu    sync.Mutex // guards the rest
	cut   bool
	ended bool
	conns map[net.Conn]struct{}
}

// NewLine returns a line to a TCP address, which ends with t.
func NewLine(t testing.TB, to string) *Line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("discoverytest: %v", err)
	}
	line := &Line{to: to, listener: l, conns: make(map[net.Conn]struct{})}
	line.work.Go(line.accept)
	t.Cleanup(func() {
		line.mu.Lock()
		line.ended = true
		line.mu.Unlock()
		line.Cut()
		_ = l.Close() // nothing is lost if it fails
		line.work.Wait()
	})
	return line
}

// Addr returns the address, "127.0.0.1:34567", that leads to the other.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// Received returns how many bytes have come from the other end.
func (l *Line) Received() int64 { return l.received.Load() }

// Cut resets all connections and refuses new ones.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for conn := range l.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// Mend takes back Cut.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = l.ended
}

func (l *Line) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		if !l.keep(near) {
			continue
		}
		l.work.Go(func() { l.join(near) })
	}
}

// keep keeps conn to be cut, or closes it if that has happened.
func (l *Line) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		_ = conn.Close()
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *Line) drop(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
	_ = conn.Close()
}

// join copies both ways until either side has enough.
func (l *Line) join(near net.Conn) {
	defer l.drop(near)
	far, err := net.Dial("tcp", l.to)
	if err != nil || !l.keep(far) {
		return
	}
	defer l.drop(far)
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(counter{near, &l.received}, far) // whichever ends first ends both
		_ = near.Close()
	})
	_, _ = io.Copy(far, near)
	_ = far.Close()
	back.Wait()
}

// counter counts what is written to a connection.
type counter struct {
	net.Conn
	n *atomic.Int64
}

func (c counter) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.n.Add(int64(n))
	return n, err
}
