// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Client is the client's half of a protocol. It is safe for concurrent use.
type Client struct {
	dialect     ClientDialect
	dial        httpwire.Dial
	codec       curlew.Codec
	compressors httpwire.Compressors
}

var _ wire.Protocol = (*Client)(nil)

// NewClient returns a client that speaks a dialect with servers that it reaches
// by dial. codec is for calls that choose none, over connections that have none
// of their own.
func NewClient(d ClientDialect, dial httpwire.Dial, codec curlew.Codec, c httpwire.Compressors) *Client {
	return &Client{dialect: d, dial: dial, codec: codec, compressors: c}
}

// Name returns the protocol's name.
func (c *Client) Name() string { return c.dialect.Name }

// Connect implements [wire.Protocol].
func (c *Client) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	transport, err := c.dial(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.Over(transport, r), nil
}

// Over returns a session over a transport to a server.
func (c *Client) Over(transport wire.HTTPTransport, r *wire.Remote) *Session {
	s := &Session{HTTPTransport: transport, client: c, codec: c.codec, remote: r, limits: r.Limits.WithDefaults(), scheme: "http",
		successors: newSuccessors()}
	if r.Codec != nil {
		s.codec = r.Codec
	}
	if r.TLS != nil {
		s.scheme = "https"
	}
	s.contentType = c.contentType(s.codec)
	s.fields = append(wire.Fields{}, c.dialect.Fields...)
	s.fields.Add(c.dialect.AcceptEncoding, c.compressors.Names())
	return s
}

func (c *Client) contentType(codec curlew.Codec) string {
	return c.dialect.MediaType + "+" + codec.Name()
}

// Session is a [wire.Session] over an HTTP transport.
type Session struct {
	wire.HTTPTransport
	client      *Client
	codec       curlew.Codec
	contentType string      // of codec
	fields      wire.Fields // of every request
	remote      *wire.Remote
	limits      wire.Limits
	scheme      string
	sizes       httpwire.Sizes
	peers       httpwire.Peers
	successors  successors
	spare       sync.Pool // of *clientStream
}

// Open implements [wire.Session]. A unary call's request goes out with it; the
// context of any other is watched until the call is over.
func (s *Session) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	st, failed := s.prepare(ctx, call)
	if failed != nil {
		return nil, failed.WithProgress(curlew.NotSent)
	}
	if call.Method().Kind() == curlew.KindUnary {
		request, err := call.Request()
		if err == nil {
			err = st.sendOnly(ctx, request)
		}
		if err != nil {
			return nil, err
		}
		return st, nil
	}
	st.request.Length = -1
	if err := st.begin(ctx); err != nil {
		return nil, err
	}
	if call.Method().Kind().ManyReplies() {
		httpwire.Widen(st.x)
	}
	st.follow(ctx)
	return st, nil
}

// prepare makes the stream of a call and the head of its request, and checks
// what can be checked before anything is sent.
func (s *Session) prepare(ctx context.Context, call *curlew.Call) (*clientStream, *curlew.Error) {
	m, o := call.Method(), call.Options()
	st, ok := s.spare.Get().(*clientStream)
	if !ok {
		st = new(clientStream)
	}
	if st.method != m {
		st.method, st.request.Path = m, httpwire.Path(m)
	}
	st.session, st.codec, st.maxReceive, st.maxSend = s, s.codec, s.limits.MaxReceive, s.limits.MaxSend
	contentType := s.contentType
	if o.Codec != nil {
		st.codec, contentType = o.Codec, s.client.contentType(o.Codec)
	}
	if o.MaxReceive > 0 {
		st.maxReceive = o.MaxReceive
	}
	if o.MaxSend > 0 {
		st.maxSend = o.MaxSend
	}
	if o.Compression != "" {
		st.compress = s.client.compressors.Named(o.Compression)
	}
	if err := st.codec.Supports(m); err != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s as %s: %w", m.FullName(), st.codec.Name(), err)
	}
	fields, err := st.head(ctx, contentType, call.Header())
	if err != nil {
		return nil, err
	}
	st.request = wire.HTTPRequest{
		Method: http.MethodPost, Scheme: s.scheme, Authority: s.remote.Authority, Path: st.request.Path, Fields: fields,
	}
	st.reader.EndFlag, st.reader.Lends = s.client.dialect.EndFlag, m.Kind().ManyReplies()
	return st, nil
}

// head returns the fields of the request.
func (st *clientStream) head(ctx context.Context, contentType string, h *curlew.Header) (wire.Fields, *curlew.Error) {
	d := &st.session.client.dialect
	fields := append(st.room[:0], wire.Field{Name: "content-type", Value: contentType})
	fields = append(fields, st.session.fields...)
	if st.compress != nil {
		fields = append(fields, wire.Field{Name: d.Encoding, Value: st.compress.Name()})
	}
	if deadline, ok := ctx.Deadline(); ok {
		fields = append(fields, wire.Field{Name: d.Timeout, Value: d.FormatTimeout(time.Until(deadline))})
	}
	return httpwire.AppendRequestMetadata(fields, h, st.method, st.session.limits.MaxHeader)
}
