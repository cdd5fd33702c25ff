// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/schema"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// call is what calls of all kinds have in common: one request.
type call struct {
	in         wire.Incoming
	server     *Server
	x          wire.Exchange
	route      *route
	segments   []string            // of the path, escaped
	encoding   compress.Compressor // of the request's body; nil: none
	maxReceive int
	maxSend    int
	maxHeader  int
	received   bool
	tooLarge   bool // the request's body is
}

func (c *call) limit(l wire.Limits, t *wire.Target) {
	c.maxReceive, c.maxSend, c.maxHeader = l.MaxReceive, l.MaxSend, l.MaxHeader
	if t.MaxReceive > 0 {
		c.maxReceive = t.MaxReceive
	}
	if t.MaxSend > 0 {
		c.maxSend = t.MaxSend
	}
}

// Receive puts the request together from its body, path and query. A Receive
// that ctx has ended cannot be tried again.
func (c *call) Receive(ctx context.Context, m any) error {
	if c.received {
		return io.EOF
	}
	c.received = true
	message, ok := schema.Message(m)
	if !ok {
		return curlew.Errorf(curlew.Internal, "%s: the request is of type %T, not a protobuf message as its .proto file says", c.in.Target.Method.FullName(), m)
	}
	if c.route.body != "" {
		if err := c.readBody(ctx, message); err != nil {
			return err
		}
	}
	if err := c.route.fillPath(message.ProtoReflect(), c.segments); err != nil {
		return err
	}
	return c.route.fillQuery(message.ProtoReflect(), c.x.Request().RawQuery)
}

// readBody reads and decodes the body; one that is empty says nothing.
func (c *call) readBody(ctx context.Context, m proto.Message) error {
	ctx, cancel := httpwire.Patience(ctx, c.x, c.maxReceive)
	defer cancel()
	body, err := httpwire.ReadAll(ctx, c.x, c.x.Request().Length, c.maxReceive)
	defer func() { body.Free() }()
	if err != nil {
		if ctx.Err() != nil {
			return httpwire.ContextError(ctx)
		}
		return c.unread(err, curlew.Canceled, "the request broke off")
	}
	if len(body.B) == 0 {
		return nil
	}
	if c.encoding != nil {
		inflated, err := httpwire.Inflate(c.encoding, body.B, c.maxReceive)
		if err != nil {
			return c.unread(err, curlew.InvalidArgument, "the request's body")
		}
		body.Free()
		body = inflated
	}
	if err := c.route.decodeBody(body.B, c.x.Request().Fields.Get("content-type"), m, c.server.codec); err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "%s: decode the body: %w", c.route, err)
	}
	return nil
}

// unread is the error for a body that could not be read.
func (c *call) unread(err error, code curlew.Code, what string) error {
	e := httpwire.Classify(err, code, what)
	c.tooLarge = e.Code() == curlew.ResourceExhausted
	return e
}

// CloseSend does nothing; see [curlew.Stream].
func (c *call) CloseSend() error { return nil }

// Close does nothing: Finish ends the exchange.
func (c *call) Close() error { return nil }

// Header returns the request's header.
func (c *call) Header(context.Context) (*curlew.Header, error) { return &c.in.Header, nil }

// Trailer returns an empty header: requests have no trailer.
func (c *call) Trailer() *curlew.Header { return new(curlew.Header) }

// appendMetadata appends a reply's header or trailer to f.
func (c *call) appendMetadata(f wire.Fields, prefix string, h *curlew.Header) (wire.Fields, *curlew.Error) {
	return httpwire.ReplyMetadata(f, prefix, h, c.in.Target.Method, c.maxHeader)
}

// metadata returns the fields for a head that has the reply's header and
// trailer.
func (c *call) metadata() (wire.Fields, *curlew.Error) {
	fields, err := c.appendMetadata(nil, "", c.in.Call.ReplyHeader())
	if err != nil {
		return nil, err
	}
	return c.appendMetadata(fields, httpwire.TrailerPrefix, c.in.Call.ReplyTrailer())
}

// fail answers with an error alone. It returns what the call ends with.
func (c *call) fail(fields wire.Fields, err *curlew.Error) *curlew.Error {
	status := httpwire.Status(err.Code())
	if c.tooLarge && err.Code() == curlew.ResourceExhausted {
		status = http.StatusRequestEntityTooLarge
	}
	if failed := c.sent(respond(c.x, status, jsonType, fields, appendStatus(nil, err, c.server.codec))); failed != nil {
		return failed
	}
	return err
}

// sent returns the call's error if something of its answer could not be sent.
func (c *call) sent(err error) *curlew.Error {
	if err == nil {
		return nil
	}
	c.x.Reset(err)
	return curlew.Errorf(curlew.Canceled, "the reply to %s was not sent: %w", c.in.Peer, err).WithOrigin(curlew.OriginTransport)
}

// respond sends a whole response.
func respond(x wire.Exchange, status int, contentType string, fields wire.Fields, body []byte) error {
	fields.Add("content-type", contentType)
	fields.Add("content-length", strconv.Itoa(len(body)))
	if err := x.Respond(status, fields); err != nil {
		return err
	}
	return x.End(body, nil)
}
