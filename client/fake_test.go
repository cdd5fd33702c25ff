// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

func TestMain(m *testing.M) { assert.Main(m) }

// network is a wire.Protocol whose servers are functions.
type network struct {
	// serve answers unary calls, in the goroutine of Wait.
	serve func(ctx context.Context, s *session, call *curlew.Call) (reply any, err error)
	// refuse makes Open fail.
	refuse func(s *session, call *curlew.Call) error
	// connect makes Connect fail, or take its time.
	connect  func(ctx context.Context, address string) error
	capacity int // of each session; 0 means a thousand

	mu       sync.Mutex
	dials    []string // the addresses, in order
	times    []time.Time
	sessions []*session
}

func (*network) Name() string { return "fake" }

func (n *network) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	n.mu.Lock()
	n.dials = append(n.dials, r.Address)
	n.times = append(n.times, time.Now())
	number := len(n.dials)
	n.mu.Unlock()
	if n.connect != nil {
		if err := n.connect(ctx, r.Address); err != nil {
			return nil, err
		}
	}
	capacity := n.capacity
	if capacity == 0 {
		capacity = 1000
	}
	s := &session{
		network: n, remote: r, number: number,
		room: make(chan struct{}, capacity), draining: make(chan struct{}), closed: make(chan struct{}),
	}
	n.mu.Lock()
	n.sessions = append(n.sessions, s)
	n.mu.Unlock()
	return s, nil
}

// dialed returns how often the network was dialed.
func (n *network) dialed() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.dials)
}

// session returns the session made by the number-th successful dial, from 0.
func (n *network) session(number int) *session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sessions[number]
}

// open returns the number of sessions that are not closed.
func (n *network) open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	open := 0
	for _, s := range n.sessions {
		if !s.isClosed() {
			open++
		}
	}
	return open
}

type session struct {
	network  *network
	remote   *wire.Remote
	number   int // of the dial that made it, from 1
	room     chan struct{}
	once     sync.Once
	draining chan struct{}
	shutOnce sync.Once
	closed   chan struct{}
	cause    error // set before closed is
}

func (s *session) drain() { s.once.Do(func() { close(s.draining) }) }

func (s *session) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *session) Capacity() int             { return cap(s.room) - len(s.room) }
func (s *session) Draining() <-chan struct{} { return s.draining }

func (s *session) Close(cause error) error {
	s.drain()
	s.shutOnce.Do(func() {
		s.cause = cause
		close(s.closed)
	})
	return nil
}

func (s *session) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	if s.network.refuse != nil {
		if err := s.network.refuse(s, call); err != nil {
			return nil, err
		}
	}
	select {
	case <-s.draining:
		return nil, unavailable("the session is draining").WithProgress(curlew.NotSent)
	case s.room <- struct{}{}:
	case <-ctx.Done():
		return nil, contextError(ctx, "waiting for room")
	}
	return &fakeStream{session: s, call: call, messages: make(chan string, 16), closed: make(chan struct{})}, nil
}

func unavailable(text string) *curlew.Error {
	return curlew.NewError(curlew.Unavailable, text).WithOrigin(curlew.OriginTransport)
}

// fakeStream answers unary calls by network.serve, and echoes streams of
// strings.
type fakeStream struct {
	session  *session
	call     *curlew.Call
	reply    any
	messages chan string
	sendOnce sync.Once
	once     sync.Once
	closed   chan struct{}
}

func (f *fakeStream) Wait(ctx context.Context) error {
	var err error
	if f.session.network.serve == nil {
		f.reply = new(string)
		*f.reply.(*string) = "reply"
		return nil
	}
	f.reply, err = f.session.network.serve(ctx, f.session, f.call)
	return err
}

func (f *fakeStream) Receive(ctx context.Context, m any) error {
	if f.reply != nil {
		*m.(*string) = *f.reply.(*string)
		return nil
	}
	select {
	case text, ok := <-f.messages:
		if !ok {
			return io.EOF
		}
		if text == "fail" {
			return curlew.NewError(curlew.DataLoss, "the stream failed").WithOrigin(curlew.OriginServer)
		}
		*m.(*string) = text
		return nil
	case <-ctx.Done():
		return contextError(ctx, "receive")
	case <-f.closed:
		return curlew.NewError(curlew.Canceled, "the fake is closed")
	case <-f.session.closed:
		return curlew.ErrorOf(f.session.cause)
	}
}

func (f *fakeStream) Send(ctx context.Context, m any) error {
	select {
	case f.messages <- *m.(*string):
		return nil
	case <-ctx.Done():
		return contextError(ctx, "send")
	}
}

func (f *fakeStream) CloseSend() error {
	f.sendOnce.Do(func() { close(f.messages) })
	return nil
}

func (f *fakeStream) Close() error {
	f.once.Do(func() {
		<-f.session.room
		close(f.closed)
	})
	return nil
}

func (f *fakeStream) Header(context.Context) (*curlew.Header, error) {
	h := curlew.NewHeader("server", f.session.remote.Address)
	return &h, nil
}

func (f *fakeStream) Trailer() *curlew.Header {
	h := curlew.NewHeader("ended", "yes")
	return &h
}

func (f *fakeStream) Peer() *curlew.Peer {
	return &curlew.Peer{Addr: address{"tcp", f.session.remote.Address}, Protocol: "fake"}
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// dial returns a client of the network's servers at target, closed with t.
func dial(t testing.TB, n *network, target string, opts ...Option) *Client {
	t.Helper()
	c, err := New(target, append([]Option{WithProtocol(n)}, opts...)...)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// inOrder has the first server called that is ready, so that a test can tell
// which one that is.
var inOrder = WithPicker(func() balance.Picker { return new(balance.PickFirst) })

// withPolicy sets a policy.
func withPolicy(t testing.TB, rules policy.Rules) Option {
	t.Helper()
	p, err := policy.New(rules)
	assert.NoError(t, err)
	return WithPolicy(p)
}

// withoutRetries leaves only the tries of calls that no server has begun.
func withoutRetries(t testing.TB) Option {
	return withPolicy(t, policy.Rules{Default: policy.Method{Retry: &resilience.Retry{Off: true}}})
}

// hello calls a method and returns its reply.
func hello(ctx context.Context, c *Client, opts ...curlew.CallOption) (string, error) {
	var reply string
	err := c.Call(ctx, "Greeter.Hello", "Ada", &reply, opts...)
	return reply, err
}

// script is a resolver that tells what it is sent.
type script struct {
	updates   chan told
	refreshed atomic.Int64
}

func (s *script) Refresh(discovery.Target) { s.refreshed.Add(1) }

type told struct {
	update discovery.Update
	err    error
}

func newScript() *script { return &script{updates: make(chan told)} }

func (*script) Scheme() string { return "script" }

func (s *script) addresses(addresses ...string) {
	var u discovery.Update
	for _, a := range addresses {
		u.Endpoints = append(u.Endpoints, discovery.Endpoint{Address: a})
	}
	s.updates <- told{update: u}
}

// Watch ends after each error, so that the client has to watch again.
func (s *script) Watch(ctx context.Context, _ discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	return func(yield func(discovery.Update, error) bool) {
		for {
			select {
			case told := <-s.updates:
				if !yield(told.update, told.err) || told.err != nil {
					return
				}
			case <-ctx.Done():
				yield(discovery.Update{}, ctx.Err())
				return
			}
		}
	}, nil
}
