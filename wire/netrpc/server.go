// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/gobstream"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

// serverConn is the server's half of one connection.
type serverConn struct {
	link   *pipeline.Server
	d      wire.Dispatcher
	limits wire.Limits
	in     *gobstream.Reader
	out    output
	types  types

	mu       sync.Mutex // guards inFlight
	inFlight map[uint64]struct{}
}

func newServerConn(ctx context.Context, conn *wire.Conn, d wire.Dispatcher) *serverConn {
	link := pipeline.NewServer(ctx, conn, name)
	return &serverConn{
		link: link, d: d, limits: conn.Limits,
		in:       gobstream.NewReader(link, conn.Limits.MaxBuffered),
		out:      newOutput(),
		inFlight: make(map[uint64]struct{}),
	}
}

// read reads calls until the connection ends.
func (s *serverConn) read() error {
	for {
		h, err := readHeader(s.in, s.limits.MaxHeader)
		if err != nil {
			return err
		}
		if err := s.call(h); err != nil {
			return err
		}
	}
}

// call reads the body of a call and begins to serve it. An error ends the
// connection; what is wrong with the call alone is answered.
func (s *serverConn) call(h response) error {
	target, refused := s.lookup(h.ServiceMethod)
	limit := s.limits.MaxReceive
	if target != nil {
		limit = cmp.Or(target.MaxReceive, limit)
	}
	body, err := s.in.Next(limit)
	if err != nil {
		err = unexpectedEnd(err)
		if !pipeline.Broken(err) { // the caller may as well know why the connection ends
			_ = s.refuse(h, curlew.Errorf(code(err, curlew.InvalidArgument), "request: %w", err))
		}
		return err
	}
	s.link.Settled()
	if refused == nil && body.Err() != nil {
		refused = curlew.Errorf(code(body.Err(), curlew.InvalidArgument), "%s: request: %w", target.Method.FullName(), body.Err())
	}
	if refused != nil {
		body.Free()
		return s.refuse(h, refused)
	}
	if !s.begin(h.Seq) {
		body.Free()
		return fmt.Errorf("call %d of %s begins while another call %d is in flight", h.Seq, h.ServiceMethod, h.Seq)
	}
	c := &serverCall{conn: s, header: h, body: body}
	c.In.Target, c.In.Stream = target, c
	if err := s.link.Begin(&c.In, body.Size()); err != nil {
		body.Free()
		return err
	}
	s.d.Go(&c.In)
	return nil
}

// lookup finds what a call asks for, or says why it cannot be called.
func (s *serverConn) lookup(serviceMethod string) (*wire.Target, *curlew.Error) {
	service, method := curlew.SplitName(serviceMethod)
	target, err := s.d.Lookup(service, method, wire.Attributes{})
	if err != nil {
		return nil, curlew.ErrorOf(err)
	}
	if err := pipeline.Unary(target.Method, name); err != nil {
		return target, err
	}
	return target, curlew.ErrorOf(s.types.check(target.Method))
}

// begin notes a call in flight; false if its number is taken.
func (s *serverConn) begin(seq uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.inFlight[seq]; taken {
		return false
	}
	s.inFlight[seq] = struct{}{}
	return true
}

func (s *serverConn) end(seq uint64) {
	s.mu.Lock()
	delete(s.inFlight, seq)
	s.mu.Unlock()
}

// refuse answers a call that no handler serves.
func (s *serverConn) refuse(h response, err *curlew.Error) error {
	return s.answer(h, s.limits.MaxSend, errorText(err), noBody{})
}

// answer answers a call: by an error if text is not empty, else by body. An
// errEncode means that nothing was sent.
func (s *serverConn) answer(h response, limit int, text string, body any) error {
	h.Error = text
	return s.out.send(s.link.Alive(), limit, &h, body, s.link.Send)
}

// errorText is what of an error travels. An empty text would be success.
func errorText(err *curlew.Error) string { return cmp.Or(err.Message(), err.Code().String()) }

// logPanic logs the panic of a message's own method, if err is one.
func (s *serverConn) logPanic(method *curlew.Method, err error) {
	var p *gobstream.PanicError
	if errors.As(err, &p) {
		s.link.Conn().Logger.Error("panic in the "+p.Doing, slog.String("method", method.FullName()),
			slog.Any("panic", p.Value), slog.String("stack", string(p.Stack)))
	}
}

func unexpectedEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
