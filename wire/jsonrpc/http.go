// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// DefaultPath is where JSON-RPC over HTTP is served if nothing else is said.
const DefaultPath = "/rpc"

// HTTP is the server's half of JSON-RPC over HTTP: one POST for a request or a
// batch. It is immutable and safe for concurrent use.
type HTTP struct {
	path string
}

var _ wire.HTTPProtocol = (*HTTP)(nil)

// NewHTTP returns the protocol for requests to the path; "" is [DefaultPath].
func NewHTTP(path string) *HTTP { return &HTTP{path: cmp.Or(path, DefaultPath)} }

// Name returns "jsonrpc".
func (h *HTTP) Name() string { return protocolName }

// Match implements [wire.HTTPProtocol]: all requests to the path are JSON-RPC's,
// so that a wrong one is told what is wrong.
func (h *HTTP) Match(r *wire.HTTPRequest, _ wire.Dispatcher) wire.Match {
	if r.Path == h.path {
		return wire.Yes
	}
	return wire.No
}

const jsonType = "application/json"

// Serve implements [wire.HTTPProtocol]. JSON-RPC's errors are answers, with
// status 200; a request or a batch without an answer gets status 204.
func (h *HTTP) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	r := x.Request()
	mediaType := httpwire.MediaType(r.Fields)
	switch {
	case r.Method != http.MethodPost:
		say(x, http.StatusMethodNotAllowed, "JSON-RPC is a POST of a request or a batch, not a "+r.Method, wire.Field{Name: "allow", Value: http.MethodPost})
		return
	case mediaType != jsonType && (!httpwire.CouldBeForm(mediaType) || httpwire.FromBrowser(r.Fields)):
		say(x, http.StatusUnsupportedMediaType, "JSON-RPC needs the content type "+jsonType)
		return
	}
	e := &exchange{ctx: ctx, r: r}
	if err := httpwire.Metadata(r.Fields, &e.header, nil); err != nil {
		say(x, http.StatusBadRequest, err.Error())
		return
	}
	limit := r.Limits.MaxReceive + r.Limits.MaxHeader
	patient, cancel := httpwire.Patience(ctx, x, limit)
	defer cancel()
	body, err := httpwire.ReadAll(patient, x, r.Length, limit)
	defer body.Free()
	if err != nil {
		if ctx.Err() != nil {
			x.Reset(context.Cause(ctx))
			return
		}
		failed := httpwire.Classify(err, curlew.InvalidArgument, "request")
		if failed.Code() == curlew.ResourceExhausted { // of the two limits it knows the sum
			failed = curlew.Errorf(failed.Code(), "message of more than the %d bytes that MaxReceive allows", r.Limits.MaxReceive)
		}
		e.answer = appendError(nil, Version2, nil, invalidRequest, failed)
		e.respond(x)
		return
	}
	s := &server{host: e, d: d, limits: r.Limits}
	if err := s.body(body.B); err != nil {
		e.answer = appendError(nil, Version2, nil, parseError, curlew.Errorf(curlew.InvalidArgument, "parse error: %w", err))
	}
	e.calls.Wait()
	e.respond(x)
}

// body serves a message that is all there is. The calls keep none of b.
func (s *server) body(b []byte) error {
	in := newReader(bytes.NewReader(b), 0, 0)
	message, err := in.next(func() int { return len(b) })
	if err != nil {
		return unexpected(err)
	}
	if err := in.skipWhite(); err == nil {
		return errTrailing
	}
	return s.serve(message)
}

// exchange is an HTTP exchange as a host.
type exchange struct {
	ctx    context.Context
	r      *wire.HTTPRequest
	header curlew.Header
	calls  sync.WaitGroup
	answer []byte // complete once the calls have ended; nil is none
}

func (e *exchange) Begin(in *wire.Incoming, _ int) error {
	peer := *e.r.Peer
	peer.Protocol = protocolName
	in.Context, in.Peer, in.Draining, in.Header = e.ctx, &peer, e.r.Draining, e.header.Clone()
	e.calls.Add(1)
	return nil
}

func (e *exchange) Decoded(int) {}
func (e *exchange) Done()       { e.calls.Done() }

// Send keeps the one answer that there is.
func (e *exchange) Send(answer []byte) error {
	e.answer = answer
	return nil
}

// respond sends the answer. That it does not arrive is the client's business.
func (e *exchange) respond(x wire.Exchange) {
	if e.answer == nil {
		_ = x.Respond(http.StatusNoContent, nil)
		_ = x.End(nil, nil)
	} else if x.Respond(http.StatusOK, wire.Fields{{Name: "content-type", Value: jsonType}}) == nil {
		_ = x.End(append(e.answer, '\n'), nil)
	}
}

// say answers what is not JSON-RPC at all.
func say(x wire.Exchange, status int, text string, fields ...wire.Field) {
	fields = append(fields, wire.Field{Name: "content-type", Value: "text/plain; charset=utf-8"})
	if x.Respond(status, fields) == nil {
		_ = x.End([]byte(text+"\n"), nil)
	}
}
