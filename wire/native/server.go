// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/wire"
)

// method is a method as the peer has named it.
type method struct {
	name string
	kind curlew.Kind
	// request and reply are the hashes of the peer's message types; 0: not known.
	request, reply uint64
	// target is found at the first call, and again if the service came later.
	target *wire.Target
}

// callFields are the parsed fields of a CALL.
type callFields struct {
	method     *method
	timeout    time.Duration
	header     curlew.Header
	codec      string
	attributes wire.Attributes
	oneWay     bool
	defined    uint64 // the number under which this CALL has defined the method; 0: none
}

// parseCall parses a CALL up to its message. What it defines is defined even
// if the call is then refused.
func (c *conn) parseCall(r *reader) (v callFields, err error) {
	id := r.uint()
	switch next := uint64(len(c.methodsIn) + 1); {
	case r.err != nil:
		return v, r.err
	case id != 0 && id < next:
		v.method = c.methodsIn[id-1]
	case id == 0 || id == next && id <= maxMethods:
		v.method = &method{name: r.string(maxName), kind: curlew.Kind(r.uint()), request: r.uint(), reply: r.uint()}
		if r.err == nil && id != 0 {
			c.methodsIn = append(c.methodsIn, v.method)
			v.defined = id
		}
	default:
		return v, protocolErrorf("method %d is not defined", id)
	}
	bits := r.uint()
	if bits&callTimeout != 0 {
		v.timeout = microseconds(r.uint())
	}
	if bits&callHeader != 0 {
		v.header = c.namesIn.header(r, maxBlock)
	}
	if bits&callCodec != 0 {
		v.codec = r.string(maxName)
	}
	if bits&callAttributes != 0 {
		v.attributes = wire.Attributes{Version: r.string(maxName), Group: r.string(maxName)}
	}
	v.oneWay = bits&callOneWay != 0
	return v, r.err
}

// microseconds is n µs, as much as a Duration holds.
func microseconds(n uint64) time.Duration {
	const most = uint64(1<<63-1) / uint64(time.Microsecond)
	return time.Duration(min(n, most)) * time.Microsecond
}

// handleCall begins to serve a call.
func (c *conn) handleCall(f *frame, r *reader) error {
	v, err := c.parseCall(r)
	if err != nil {
		return framed(f, err)
	}
	if f.stream == 0 || f.stream%2 == c.nextID%2 {
		return protocolErrorf("CALL frame with stream id %d of this side", f.stream)
	}
	if f.stream <= c.lastPeerID {
		return protocolErrorf("CALL frame with stream id %d after %d", f.stream, c.lastPeerID)
	}
	if f.flags&flagMessage == 0 && len(r.b) > 0 {
		return framed(f, r.done())
	}
	target, refused := c.lookup(&v)
	if refused == nil && v.header.Size() > c.limits.MaxHeader {
		refused = curlew.Errorf(curlew.ResourceExhausted, "header of %d bytes, more than the %d allowed here", v.header.Size(), c.limits.MaxHeader)
	}
	var s *serverStream
	if refused == nil {
		s = c.newServerStream(target, &v)
	}
	var took taken
	c.mu.Lock()
	pass, err := c.passConnection(f, len(r.b))
	if err == nil {
		c.lastPeerID = f.stream
		if refused == nil {
			refused = c.accept(s, f.stream)
		}
		if refused == nil && f.flags&(flagMessage|flagEnd) != 0 {
			took, err = s.take(f, r.b)
		}
	}
	c.mu.Unlock()
	c.grantOne(0, pass)
	switch {
	case err != nil:
		return err
	case refused != nil:
		if !v.oneWay {
			c.refuse(f.stream, refused)
		}
		return nil
	}
	c.settle(&s.stream, &took)
	if v.defined != 0 {
		c.checkSchema(v.defined, v.method, s.method)
	}
	c.serveComing()
	switch unary := s.method.Kind() == curlew.KindUnary; {
	case unary && f.flags&flagMessage == 0:
		c.coming = s
	case unary && f.flags&flagEnd != 0 && c.leader != nil && len(r.b) <= maxInLoop:
		c.next = s
	default:
		c.dispatcher.Go(&s.in)
	}
	return nil
}

// maxInLoop is the largest request that is served in the read loop.
const maxInLoop = 4 << 10

// newServerStream makes the stream of a call.
func (c *conn) newServerStream(target *wire.Target, v *callFields) *serverStream {
	s := &serverStream{oneWay: v.oneWay}
	s.c, s.server, s.method, s.codec = c, s, target.Method, c.proto.codec(v.codec)
	if target.Raw {
		s.codec = raw.Named(s.codec.Name())
	}
	s.single = !s.method.Kind().ManyRequests()
	s.maxReceive, s.maxSend = c.limits.MaxReceive, c.limits.MaxSend
	if target.MaxReceive > 0 {
		s.maxReceive = target.MaxReceive
	}
	if target.MaxSend > 0 {
		s.maxSend = target.MaxSend
	}
	s.in.Context, s.in.Target, s.in.Stream, s.in.Header = c.ctx, target, s, v.header
	s.in.Peer, s.in.Draining = c.peer, c.draining
	if v.timeout > 0 {
		s.in.Expires = time.Now().Add(v.timeout)
	}
	return s
}

// accept makes the stream's entry, or says why not. mu is held.
func (c *conn) accept(s *serverStream, id uint64) *curlew.Error {
	switch {
	case c.err != nil: // another goroutine has ended the connection and its streams
		return c.err
	case c.drained:
		return curlew.NewError(curlew.Unavailable, "the server is shutting down").WithProgress(curlew.Refused)
	case c.incoming >= c.maxStreams:
		return curlew.Errorf(curlew.ResourceExhausted, "more than %d calls in flight on one connection", c.maxStreams).WithProgress(curlew.Refused)
	case !c.budget.Grow(initialWindow, c.budget.Limit):
		return curlew.NewError(curlew.ResourceExhausted, "too many received bytes wait for readers on this connection").WithProgress(curlew.Refused)
	}
	s.init(c, id)
	c.streams.Put(s.id, &s.stream)
	c.incoming++
	c.watch()
	return nil
}

// lookup finds the method of a call and checks that both sides mean the same.
func (c *conn) lookup(v *callFields) (*wire.Target, *curlew.Error) {
	m := v.method
	target := m.target
	if c.dispatcher == nil {
		return nil, curlew.NewError(curlew.Unimplemented, "this side offers no services")
	}
	if target == nil || v.attributes != (wire.Attributes{}) {
		service, name := curlew.SplitName(m.name)
		attributes := v.attributes
		attributes.Fallback, attributes.Kind = true, m.kind
		var err error
		if target, err = c.dispatcher.Lookup(service, name, attributes); err != nil {
			return nil, curlew.ErrorOf(err)
		}
		if v.attributes == (wire.Attributes{}) && !target.Raw {
			m.target = target
		}
	}
	if served := target.Method; served.Kind() != m.kind {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s is a %s method; it was called as %s", served.FullName(), served.Kind(), m.kind)
	}
	codec := c.proto.codec(v.codec)
	if codec == nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "codec %q is not known here", v.codec)
	}
	if err := codec.Supports(target.Method); err != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s as %s: %w", m.name, codec.Name(), err)
	}
	return target, nil
}
