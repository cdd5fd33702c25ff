// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/internal/callkey"
)

// Call is one RPC as interceptors and handlers see it, on either side.
//
// A Call belongs to the goroutine that runs it; only OnEnd and End may be used
// from others. Servers and clients begin calls with BeginServer and
// BeginClient; tests of interceptors may do the same.
type Call struct {
	method  *Method
	header  *Header
	peer    *Peer
	options *CallOptions
	attempt int
	ctx     context.Context // bounds lazy decoding
	stream  Stream

	request, reply             any // messages; on the client reply is the caller's
	requestErr, replyErr       error
	requested, replied, server bool

	replyHeader, replyTrailer Header

	draining <-chan struct{}
	parent   *Call                          // of a fork
	tried    [maxTried]atomic.Pointer[Peer] // by a call and its forks; kept in the call that is no fork

	mu    sync.Mutex // guards the rest
	ends  []func(error)
	ended bool
	err   error
}

// BeginServer makes c, a zero Call, the call that a server serves from stream.
func (c *Call) BeginServer(ctx context.Context, m *Method, header *Header, peer *Peer, stream Stream) {
	c.server, c.ctx, c.method, c.header, c.peer, c.stream = true, ctx, m, header, peer, stream
}

// BeginClient makes c, a zero Call, a call that a client makes. For a unary
// call request is what is sent and reply the pointer that is decoded into.
func (c *Call) BeginClient(ctx context.Context, m *Method, o *CallOptions, request, reply any) {
	c.ctx, c.method, c.options, c.header = ctx, m, o, &o.Header
	c.request, c.requested, c.reply = request, true, reply
}

// WithCall returns a context whose [CallFrom] is call.
func WithCall(ctx context.Context, call *Call) context.Context {
	return context.WithValue(ctx, callkey.Key{}, call)
}

// CallFrom returns the call that the handler with this context serves. Outside
// a handler it returns an empty call, so that a handler's code can be run by
// itself.
func CallFrom(ctx context.Context) *Call {
	if call, ok := ctx.Value(callkey.Key{}).(*Call); ok {
		return call
	}
	return &Call{method: new(Method), header: new(Header)}
}

// Method returns what is called.
func (c *Call) Method() *Method { return c.method }

// Header returns the request's metadata: on the server what arrived, on the
// client what will be sent, open to change until the attempt begins.
func (c *Call) Header() *Header { return c.header }

// Peer returns the other side: on the server the caller, on the client the
// picked server, nil before the pick. A nil Peer's methods work.
func (c *Call) Peer() *Peer { return c.peer }

// SetPeer names the picked server of an attempt.
func (c *Call) SetPeer(p *Peer) { c.peer = p }

// Attempt returns which try this is, from 1 inside the attempt position of a
// client; 0 elsewhere.
func (c *Call) Attempt() int { return c.attempt }

// Draining returns a channel that is closed when the server begins to shut
// down: a handler of a long stream should then end it soon. It is nil, which
// blocks for ever, on a client.
func (c *Call) Draining() <-chan struct{} { return c.draining }

// SetDraining gives the call its Draining channel.
func (c *Call) SetDraining(ch <-chan struct{}) { c.draining = ch }

// Options returns the call's options on a client; never nil.
func (c *Call) Options() *CallOptions {
	if c.options == nil {
		c.options = new(CallOptions)
	}
	return c.options
}

// Stream returns the untyped stream; nil on a client before it is open.
func (c *Call) Stream() Stream { return c.stream }

// SetStream replaces the stream, by a wrapped one for instance.
func (c *Call) SetStream(s Stream) { c.stream = s }

// Request returns the one request of a unary or server-stream call. On the
// server it is decoded at the first use, so that a check of the header runs
// before the body is read. Elsewhere, and where its type is not known, it is an
// error.
func (c *Call) Request() (any, error) {
	if c.method.kind.ManyRequests() {
		return nil, Errorf(Internal, "%s: a %s has no single request; use Stream", c.method.FullName(), c.method.kind)
	}
	if !c.requested {
		if c.method.request == nil {
			return nil, Errorf(Internal, "%s: the type of its requests is not known; only its handler can read one", c.method.FullName())
		}
		c.requested = true
		c.request = c.method.NewRequest()
		c.requestErr = c.stream.Receive(c.ctx, c.request)
	}
	return c.request, c.requestErr
}

// RequestInto is [Call.Request] for a handler that brings its own message: the
// request is decoded into m, or copied there if it is known already, from an
// interceptor for instance. Nobody else may change m until the call has ended.
func (c *Call) RequestInto(m any) error {
	if c.requested || c.method.kind.ManyRequests() {
		request, err := c.Request()
		if err != nil {
			return err
		}
		return assign(m, request)
	}
	c.requested, c.request = true, m
	c.requestErr = c.stream.Receive(c.ctx, m)
	return c.requestErr
}

// SetRequest replaces the request.
func (c *Call) SetRequest(m any) { c.request, c.requested, c.requestErr = m, true, nil }

// Reply returns the one reply of a unary or client-stream call, on the server
// once the handler has ended, on the client once next has returned, decoded at
// the first use into what the caller gave. Elsewhere it is an error.
func (c *Call) Reply() (any, error) {
	switch {
	case c.method.kind.ManyReplies():
		return nil, Errorf(Internal, "%s: a %s has no single reply; use Stream", c.method.FullName(), c.method.kind)
	case c.replied:
	case c.server || c.stream == nil:
		return nil, Errorf(Internal, "%s: there is no reply yet", c.method.FullName())
	default:
		c.replied = true
		if c.parent != nil && c.reply != nil { // what the caller gave is for the winner
			c.reply = reflect.New(reflect.TypeOf(c.reply).Elem()).Interface()
		}
		c.replyErr = c.stream.Receive(c.ctx, c.reply)
	}
	return c.reply, c.replyErr
}

// SetReply answers the call with m, as a handler, a cache or a fallback does.
// On the client m is copied to what the caller gave, and must be of its type; a
// fork's is copied when the fork is committed.
func (c *Call) SetReply(m any) error {
	if c.server || c.reply == nil || c.parent != nil {
		c.reply = m
	} else if err := assign(c.reply, m); err != nil {
		return err
	}
	c.replied, c.replyErr = true, nil
	return nil
}

// assign copies the message src points to into dst.
func assign(dst, src any) error {
	if dst == src {
		return nil
	}
	to, from := reflect.ValueOf(dst), reflect.ValueOf(src)
	if to.Type() != from.Type() || to.Kind() != reflect.Pointer || from.IsNil() {
		return Errorf(Internal, "a %T was given for %T", src, dst)
	}
	if message, ok := dst.(proto.Message); ok {
		proto.Reset(message)
		proto.Merge(message, src.(proto.Message))
		return nil
	}
	to.Elem().Set(from.Elem())
	return nil
}

// ReplyHeader returns the metadata before the reply: on the server open to
// change until the first reply is sent, on the client what arrived.
func (c *Call) ReplyHeader() *Header { return &c.replyHeader }

// ReplyTrailer returns the metadata after the reply: on the server open to
// change until the handler ends, on the client what arrived.
func (c *Call) ReplyTrailer() *Header { return &c.replyTrailer }

// SendHeader sends the reply's header at once rather than with the first
// reply. It is for handlers.
func (c *Call) SendHeader(ctx context.Context) error {
	if s, ok := c.stream.(interface{ SendHeader(context.Context) error }); ok {
		return s.SendHeader(ctx)
	}
	return Errorf(Unimplemented, "%s: this stream cannot send a header by itself", c.method.FullName())
}

// OnEnd has f run exactly once when the call has ended, with its error. The
// last f given runs first. If the call has ended, f runs at once.
func (c *Call) OnEnd(f func(err error)) {
	c.mu.Lock()
	ended := c.ended
	if !ended {
		c.ends = append(c.ends, f)
	}
	c.mu.Unlock()
	if ended {
		f(c.err)
	}
}

// End tells those who asked by OnEnd that the call has ended. Servers and
// clients use it; only the first End counts.
func (c *Call) End(err error) {
	c.mu.Lock()
	ended := c.ended
	if !ended {
		c.ended, c.err = true, err
	}
	ends := c.ends
	c.ends = nil
	c.mu.Unlock()
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i](err)
	}
}

// Fork returns a copy of a client's call for one more try. A fork keeps its
// own header, stream and undecoded reply; exactly one fork may be committed,
// each other must be discarded.
func (c *Call) Fork() *Call {
	o := *c.Options()
	o.Header = c.header.Clone()
	f := &Call{
		method: c.method, options: &o, header: &o.Header, ctx: c.ctx, attempt: c.attempt,
		request: c.request, requested: true, reply: c.reply, parent: c,
	}
	return f
}

// NextAttempt counts a try. The client calls it when an attempt begins.
func (c *Call) NextAttempt(n int) { c.attempt = n }

// maxTried bounds what a call remembers of its attempts.
const maxTried = 4

// AddTried notes that an attempt of the call goes to p, so that another one may
// go elsewhere. A call and all its forks share what is noted, of which the
// first few are kept; forks that run at the same time may note theirs.
func (c *Call) AddTried(p *Peer) {
	tried := &c.origin().tried
	for i := range tried {
		if tried[i].CompareAndSwap(nil, p) || tried[i].Load() == p {
			return
		}
	}
}

// Tried returns the peers to which attempts of the call, or of its forks, have
// gone up to now; nil before the first.
func (c *Call) Tried() []*Peer {
	var peers []*Peer
	tried := &c.origin().tried
	for i := range tried {
		p := tried[i].Load()
		if p == nil {
			break
		}
		peers = append(peers, p)
	}
	return peers
}

// origin returns the call that c is a fork of, of whatever degree.
func (c *Call) origin() *Call {
	for c.parent != nil {
		c = c.parent
	}
	return c
}

// Commit makes the fork's outcome that of the call which it was forked from.
// What OnEnd was given on the fork runs when that call ends.
func (c *Call) Commit() {
	p := c.parent
	p.stream, p.peer, p.attempt = c.stream, c.peer, c.attempt
	p.replied, p.replyErr = c.replied, c.replyErr
	if c.replied && c.replyErr == nil {
		p.replyErr = p.SetReply(c.reply)
	}
	p.replyHeader, p.replyTrailer = c.replyHeader, c.replyTrailer
	c.stream = nil
	c.mu.Lock()
	ends := c.ends
	c.ends, c.ended = nil, true
	c.mu.Unlock()
	for _, f := range ends {
		p.OnEnd(f)
	}
}

// Discard releases a fork that is not wanted.
func (c *Call) Discard() {
	if c.stream != nil {
		c.stream.Close()
		c.stream = nil
	}
	c.End(Canceled)
}
