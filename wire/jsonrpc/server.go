// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"cmp"
	"errors"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

// host is where calls come from: a connection or an HTTP request.
type host interface {
	// Begin takes in a call with n bytes of undecoded parameters, and fills in
	// what it has in common with its neighbours. It may wait for room.
	Begin(in *wire.Incoming, n int) error
	// Decoded says that n such bytes are decoded, Done that a call has ended.
	Decoded(n int)
	Done()
	// Send sends an answer, or the answers of a batch.
	Send(answer []byte) error
}

// server serves the messages of a host.
type server struct {
	host
	d      wire.Dispatcher
	limits wire.Limits
}

// read serves the messages of a connection until it ends.
func (s *server) read(link *pipeline.Server) error {
	in := newReader(link, s.limits.MaxHeader, s.limits.MaxBuffered)
	limit := func() int { return s.limits.MaxReceive }
	for {
		b, err := in.next(limit)
		var size *sizeError
		var syntax syntaxError
		switch {
		case err == nil:
			link.Settled()
			err = s.serve(b)
		case errors.As(err, &size):
			link.Settled()
			version, id := ends(size.head, size.tail)
			// Without an id a 1.0 client would take it for the answer to another call.
			if id != nil || version == Version2 {
				_ = s.Send(appendError(nil, version, id, 0, curlew.NewError(curlew.ResourceExhausted, size.Error())))
			}
			if size.whole && id != nil {
				err = nil
			}
		case errors.As(err, &syntax):
			_ = s.Send(appendError(nil, Version2, nil, parseError, curlew.Errorf(curlew.InvalidArgument, "parse error: %w", err)))
		case err == errUTF8:
			err = s.Send(appendError(nil, Version2, nil, parseError, curlew.Errorf(curlew.InvalidArgument, "parse error: %w", err)))
		}
		if err != nil {
			return err
		}
	}
}

// serve begins to serve a message: a request or a batch of them. An error means
// that the host takes no more.
func (s *server) serve(b []byte) error {
	if b[0] != '[' {
		return s.request(b, Version1, s.Send)
	}
	n := 0
	for range elements(b) {
		n++
	}
	if n == 0 || n > s.limits.MaxStreams {
		err := curlew.NewError(curlew.InvalidArgument, "an empty batch")
		if n > 0 {
			err = curlew.Errorf(curlew.ResourceExhausted, "a batch of %d requests, more than the %d that MaxStreams allows", n, s.limits.MaxStreams)
		}
		return s.Send(appendError(nil, Version2, nil, invalidRequest, err))
	}
	all := &batch{left: n, send: s.Send}
	for e := range elements(b) {
		if err := s.request(e, Version2, all.answer); err != nil {
			return err
		}
	}
	return nil
}

// request begins to serve a request, which is of version otherwise if nothing in
// it says what it is. Its answer, nil if it gets none, goes to answer exactly
// once, unless request returns an error.
func (s *server) request(b []byte, otherwise Version, answer func([]byte) error) error {
	m, err := parse(b)
	var name string
	if err == nil {
		name, err = m.name()
	}
	if err != nil {
		version := max(m.version, otherwise)
		return answer(appendError(nil, version, m.id, invalidRequest, curlew.Errorf(curlew.InvalidArgument, "invalid request: %w", err)))
	}
	// In JSON-RPC 1.0 net/rpc answers everything.
	silent := m.version == Version2 && m.id == nil
	target, refused := s.lookup(name, inside(m.params))
	if refused != nil {
		if silent {
			return answer(nil)
		}
		return answer(appendError(nil, m.version, m.id, 0, refused))
	}
	c := &serverCall{server: s, version: m.version, id: m.id, silent: silent, params: m.params, answer: answer}
	c.In.Target, c.In.Stream = target, c
	if err := s.Begin(&c.In, len(c.params)); err != nil {
		return err
	}
	s.d.Go(&c.In)
	return nil
}

// lookup finds a method for a request with n bytes of parameters, or says why it
// cannot be called.
func (s *server) lookup(name string, n int) (*wire.Target, *curlew.Error) {
	service, method := curlew.SplitName(name)
	target, err := s.d.Lookup(service, method, wire.Attributes{})
	if err != nil {
		return nil, curlew.ErrorOf(err)
	}
	if limit := cmp.Or(target.MaxReceive, s.limits.MaxReceive); n > limit {
		return nil, tooLarge(n, limit)
	}
	return target, pipeline.Unary(target.Method, protocolName)
}

// inside returns the number of bytes of parameters without the brackets of a
// list.
func inside(params []byte) int {
	if len(params) > 0 && params[0] == '[' {
		return len(params) - 2
	}
	return len(params)
}

// batch collects the answers to a batch of requests. It is safe for concurrent
// use.
type batch struct {
	send func([]byte) error

	mu      sync.Mutex
	left    int
	answers []byte
}

// answer takes in one answer; the last sends all. Nothing is sent for a batch
// of notifications.
func (b *batch) answer(answer []byte) error {
	b.mu.Lock()
	if answer != nil {
		b.answers = append(append(b.answers, "[,"[min(len(b.answers), 1)]), answer...)
	}
	b.left--
	last := b.left == 0
	b.mu.Unlock()
	if !last || b.answers == nil {
		return nil
	}
	return b.send(append(b.answers, ']'))
}
