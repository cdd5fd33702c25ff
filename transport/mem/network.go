// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	network       = "mem"
	defaultBuffer = 64 << 10
	backlog       = 128 // connections that wait for Accept; further Dials wait
)

// Addr is an address in a Network: any string.
type Addr string

// Network returns "mem".
func (Addr) Network() string { return network }

// String returns the address.
func (a Addr) String() string { return string(a) }

// Network is a set of listeners that can be dialed by address. Its methods may
// be called concurrently.
type Network struct {
	// Buffer is the capacity in bytes of each direction of a connection; zero
	// means 64 KiB. It may be set before the first Dial.
	Buffer int

	mu                   sync.Mutex
	listeners            map[Addr]*Listener
	toListener, toDialer Faults
	named                int // addresses given out
}

// New returns an empty network.
func New() *Network {
	return &Network{listeners: make(map[Addr]*Listener)}
}

// SetFaults sets the faults with which connections begin that are dialed from
// now on.
func (n *Network) SetFaults(toListener, toDialer Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.toListener, n.toDialer = toListener, toDialer
}

// Listen starts to listen at an address; an empty one is replaced by a free
// one. The caller closes the listener.
func (n *Network) Listen(address string) (*Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr := Addr(address)
	if addr == "" {
		addr = n.freeAddr()
	}
	if n.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: syscall.EADDRINUSE}
	}
	l := &Listener{
		network: n,
		addr:    addr,
		queue:   make(chan *Conn, backlog),
		closed:  make(chan struct{}),
	}
	n.listeners[addr] = l
	return l, nil
}

// freeAddr returns an address that was never given out; n.mu is held.
func (n *Network) freeAddr() Addr {
	for {
		n.named++
		addr := Addr(fmt.Sprintf("mem:%d", n.named))
		if n.listeners[addr] == nil {
			return addr
		}
	}
}

// Dial connects to a listener. It takes one round trip of the latency set by
// SetFaults, and waits while the listener's backlog is full.
func (n *Network) Dial(ctx context.Context, address string) (*Conn, error) {
	fail := func(err error) (*Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(address), Err: err}
	}
	n.mu.Lock()
	l := n.listeners[Addr(address)]
	local := n.freeAddr()
	up, down := n.toListener, n.toDialer
	buffer := n.Buffer
	n.mu.Unlock()
	if buffer <= 0 {
		buffer = defaultBuffer
	}
	if err := sleep(ctx, up.Latency+down.Latency); err != nil {
		return fail(err)
	}
	if l == nil {
		return fail(syscall.ECONNREFUSED)
	}
	dialed, accepted := newPair(local, l.addr, buffer, up, down)
	select {
	case l.queue <- accepted:
	case <-l.closed:
		return fail(syscall.ECONNREFUSED)
	case <-ctx.Done():
		return fail(ctx.Err())
	}
	if l.isClosed() { // perhaps before the connection was queued
		l.dropQueue()
		_ = dialed.Reset() // it may have been accepted all the same
		return fail(syscall.ECONNREFUSED)
	}
	return dialed, nil
}

// DialContext is Dial in the shape of net.Dialer's method. It ignores the name
// of the network.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	conn, err := n.Dial(ctx, address)
	if err != nil {
		return nil, err // not a nil *Conn in an interface
	}
	return conn, nil
}

// sleep waits for d, or less if ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Listener accepts the connections dialed to its address.
type Listener struct {
	network *Network
	addr    Addr
	queue   chan *Conn
	closed  chan struct{}
	once    sync.Once
}

// Accept returns the next connection, a *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	if !l.isClosed() {
		select {
		case conn := <-l.queue:
			return conn, nil
		case <-l.closed:
		}
	}
	return nil, l.fail("accept", net.ErrClosed)
}

// Close stops listening and resets the connections that nobody has accepted.
func (l *Listener) Close() error {
	err := l.fail("close", net.ErrClosed)
	l.once.Do(func() {
		err = nil
		l.network.mu.Lock()
		delete(l.network.listeners, l.addr)
		l.network.mu.Unlock()
		close(l.closed)
		l.dropQueue()
	})
	return err
}

// Addr returns the address listened at.
func (l *Listener) Addr() net.Addr { return l.addr }

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

func (l *Listener) dropQueue() {
	for {
		select {
		case conn := <-l.queue:
			_ = conn.Reset() // it fails only if the connection is closed
		default:
			return
		}
	}
}

func (l *Listener) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: network, Addr: l.addr, Err: err}
}
