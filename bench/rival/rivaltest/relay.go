// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rivaltest

import (
	"net"
	"sync"
	"testing"
)

// A relay stands between clients and a server. It counts connections, and can
// keep the server's answers back.
type relay struct {
	ln     net.Listener
	server string
	gate   sync.RWMutex // held for reading while an answer is passed on
	done   sync.WaitGroup

	mu     sync.Mutex
	total  int
	conns  []net.Conn
	closed bool
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{ln: ln, server: server}
	r.done.Go(r.accept)
	t.Cleanup(r.close)
	return r
}

func (r *relay) addr() string { return r.ln.Addr().String() }

// count returns how many connections were made.
func (r *relay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// mute keeps answers back until the returned function is called.
func (r *relay) mute() (unmute func()) {
	r.gate.Lock()
	return r.gate.Unlock
}

func (r *relay) accept() {
	for {
		client, err := r.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.server)
		if err != nil {
			client.Close()
			continue
		}
		if !r.add(client, server) {
			return
		}
		r.done.Go(func() { pass(server, client, nil) })
		r.done.Go(func() { pass(client, server, r.gate.RLocker()) })
	}
}

// add keeps the two ends of a connection for close. It closes them and returns
// false if the relay is closed.
func (r *relay) add(client, server net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		client.Close()
		server.Close()
		return false
	}
	r.total++
	r.conns = append(r.conns, client, server)
	return true
}

func (r *relay) close() {
	r.ln.Close()
	r.mu.Lock()
	r.closed = true
	for _, c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}

// pass copies from one end to the other, each piece under gate if there is one,
// until one of them ends. Then it ends both.
func pass(to, from net.Conn, gate sync.Locker) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if gate != nil {
			gate.Lock()
		}
		_, failed := to.Write(b[:n])
		if gate != nil {
			gate.Unlock()
		}
		if err != nil || failed != nil {
			return
		}
	}
}
