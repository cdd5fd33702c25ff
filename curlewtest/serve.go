// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlewtest

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
)

// Serve serves services and returns a client of them. Both end with t.
func Serve(t testing.TB, services ...*curlew.Service) *client.Client {
	t.Helper()
	s, err := server.New()
	if err == nil {
		err = s.Register(services...)
	}
	if err != nil {
		t.Fatalf("curlewtest: %v", err)
	}
	return Start(t, s).Client()
}

// Server is a server in memory, and the faults of the lines to it. Its methods
// may be called concurrently.
type Server struct {
	t       testing.TB
	network *mem.Network

	mu     sync.Mutex // guards the rest
	faults mem.Faults // of both directions
	conns  []*mem.Conn
}

const (
	target = "localhost:80" // there is but one server on the network
	// patience is how long handlers may run after their calls have ended.
	patience = 5 * time.Second
)

// Start serves s in memory, which has its services and options already, until t
// ends.
func Start(t testing.TB, s *server.Server) *Server {
	t.Helper()
	served := &Server{t: t, network: mem.New()}
	l, err := served.network.Listen(target)
	if err != nil {
		t.Fatalf("curlewtest: %v", err)
	}
	ended := make(chan struct{})
	go func() { // the cleanup waits for it
		defer close(ended)
		if err := s.ServeListener(context.Background(), l); err != nil {
			t.Errorf("curlewtest: %v", err)
		}
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = s.Shutdown(ctx) // ServeListener returns the same error
		<-ended
	})
	return served
}

// Client returns one more client of the server. It is closed when the test
// ends.
func (s *Server) Client(opts ...client.Option) *client.Client {
	s.t.Helper()
	opts = append([]client.Option{client.WithDialer(s.dial)}, opts...)
	c, err := client.New(target, opts...)
	if err != nil {
		s.t.Fatalf("curlewtest: %v", err)
	}
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.t.Errorf("curlewtest: %v", err)
		}
	})
	return c
}

func (s *Server) dial(ctx context.Context, _, address string) (net.Conn, error) {
	conn, err := s.network.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conn.SetFaults(s.faults, s.faults)
	s.conns = append(s.conns, conn)
	return conn, nil
}

// Delay lets every byte take d, each way, on all connections from now on.
func (s *Server) Delay(d time.Duration) {
	s.change(func(f *mem.Faults) { f.Latency = d })
}

// CutAfter resets every connection once n bytes have been sent in one
// direction, counted from its beginning. It begins with the next bytes, so that
// a connection that has sent as many is cut at once.
func (s *Server) CutAfter(n int64) {
	s.change(func(f *mem.Faults) { f.Cut, f.CutAfter = mem.CutReset, n })
}

// Unplug swallows what is sent on all connections from now on, and tells
// nobody, like a cable that was pulled.
func (s *Server) Unplug() {
	s.change(func(f *mem.Faults) { f.Cut, f.CutAfter = mem.CutSilent, 0 })
}

// Mend takes back CutAfter and Unplug. What was swallowed arrives.
func (s *Server) Mend() {
	s.change(func(f *mem.Faults) { f.Cut, f.CutAfter = mem.CutNone, 0 })
}

func (s *Server) change(change func(*mem.Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
	for _, conn := range s.conns {
		conn.SetFaults(s.faults, s.faults)
	}
}

// Reset resets the connections that there are, as a server does that dies.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Reset() // it fails only if the connection is closed
	}
	s.conns = nil
}
