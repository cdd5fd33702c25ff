// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Client is the client's half of Connect. It is safe for concurrent use.
type Client struct {
	dial        httpwire.Dial
	codec       curlew.Codec
	compressors httpwire.Compressors
}

var _ wire.Protocol = (*Client)(nil)

// NewClient returns a client that reaches servers by dial. Calls that choose no
// codec, over connections that have none of their own, use codec. Calls may ask
// for the compressors; none means gzip.
func NewClient(dial func(context.Context, *wire.Remote) (wire.HTTPTransport, error), codec curlew.Codec, c ...compress.Compressor) *Client {
	return &Client{dial: dial, codec: codec, compressors: httpwire.OrGzip(c)}
}

// Name returns "connect".
func (c *Client) Name() string { return name }

// Connect implements [wire.Protocol].
func (c *Client) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	transport, err := c.dial(ctx, r)
	if err != nil {
		return nil, err
	}
	s := &session{HTTPTransport: transport, client: c, codec: c.codec, remote: r, limits: r.Limits.WithDefaults(), scheme: "http"}
	if r.Codec != nil {
		s.codec = r.Codec
	}
	if r.TLS != nil {
		s.scheme = "https"
	}
	return s, nil
}

// session is a [wire.Session] over an HTTP transport.
type session struct {
	wire.HTTPTransport
	client *Client
	codec  curlew.Codec
	remote *wire.Remote
	limits wire.Limits
	scheme string
}

// Open implements [wire.Session].
func (s *session) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	st, err := s.prepare(call)
	if err != nil {
		return nil, err.WithProgress(curlew.NotSent)
	}
	body, err := st.encode(call)
	if err != nil {
		return nil, err.WithProgress(curlew.NotSent)
	}
	defer func() { body.Free() }()
	if deadline, ok := ctx.Deadline(); ok {
		st.fields.Add(timeoutField, httpwire.FormatMillis(time.Until(deadline)))
	}
	if ctx.Err() != nil {
		return nil, httpwire.ContextError(ctx).WithProgress(curlew.NotSent)
	}
	request := &wire.HTTPRequest{
		Method: http.MethodPost, Scheme: s.scheme, Authority: s.remote.Authority, Path: "/" + st.method.FullName(),
		Fields: st.fields, Length: int64(len(body.B)),
	}
	if err := st.send(ctx, request, body.B); err != nil {
		return nil, err
	}
	return st, nil
}

// send begins the exchange with a whole request.
func (st *clientStream) send(ctx context.Context, r *wire.HTTPRequest, body []byte) error {
	x, err := st.session.Do(ctx, r)
	if err != nil {
		return err
	}
	st.x = x
	if _, err = x.Write(ctx, body); err == nil {
		err = x.CloseWrite()
	}
	if err != nil {
		x.Reset(err)
	}
	return err
}

// prepare checks what can be checked before anything is encoded.
func (s *session) prepare(call *curlew.Call) (*clientStream, *curlew.Error) {
	m, o := call.Method(), call.Options()
	st := &clientStream{session: s, method: m, codec: s.codec, maxReceive: s.limits.MaxReceive, maxSend: s.limits.MaxSend}
	if o.Codec != nil {
		st.codec = o.Codec
	}
	if o.MaxReceive > 0 {
		st.maxReceive = o.MaxReceive
	}
	if o.MaxSend > 0 {
		st.maxSend = o.MaxSend
	}
	if m.Kind() != curlew.KindUnary {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s: a %s call cannot be made over %s, only unary ones; use native", m.FullName(), m.Kind(), name)
	}
	if err := st.codec.Supports(m); err != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s as %s: %w", m.FullName(), st.codec.Name(), err)
	}
	if size := call.Header().Size(); size > s.limits.MaxHeader {
		return nil, curlew.Errorf(curlew.ResourceExhausted, "%s: header of %d bytes, more than the %d of WithLimits(wire.Limits{MaxHeader: …})", m.FullName(), size, s.limits.MaxHeader)
	}
	st.fields = wire.Fields{{Name: "content-type", Value: typePrefix + st.codec.Name()}, {Name: versionField, Value: version}}
	var err error
	if st.fields, err = httpwire.AppendMetadata(st.fields, "", call.Header()); err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: %w", m.FullName(), err)
	}
	if call.Header().Get(userAgent) == "" {
		st.fields.Add(userAgent, "curlew")
	}
	return st, nil
}

const userAgent = "user-agent"

// encode returns the body of the request, compressed if that was asked for and
// pays.
func (st *clientStream) encode(call *curlew.Call) (*bufpool.Buf, *curlew.Error) {
	m := st.method
	request, err := call.Request()
	if err != nil {
		return nil, curlew.ErrorOf(err)
	}
	if request == nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: the message is nil", m.FullName())
	}
	body := bufpool.Get(0)
	if body.B, err = st.codec.Append(body.B, request); err != nil {
		body.Free()
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: encode %T as %s: %w", m.FullName(), request, st.codec.Name(), err)
	}
	if size := len(body.B); size > st.maxSend {
		body.Free()
		return nil, httpwire.TooLarge(strconv.Itoa(size), st.maxSend, true)
	}
	compressor := st.session.client.compressors.Named(call.Options().Compression)
	if compressor == nil {
		return body, nil
	}
	st.fields.Add("accept-encoding", compressor.Name())
	if len(body.B) < httpwire.CompressAbove {
		return body, nil
	}
	packed := httpwire.Compress(compressor, body.B)
	if packed == nil {
		return body, nil
	}
	body.Free()
	st.fields.Add("content-encoding", compressor.Name())
	return packed, nil
}
