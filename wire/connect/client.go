// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Client is the client's half of Connect. It is safe for concurrent use.
type Client struct {
	dial        httpwire.Dial
	codec       curlew.Codec
	compressors httpwire.Compressors
	streams     *enveloped.Client
	get         bool
}

var _ wire.Protocol = (*Client)(nil)

// NewClient returns a client that reaches servers by dial. Calls that choose no
// codec, over connections that have none of their own, use codec. Calls may ask
// for the compressors; none means gzip.
func NewClient(dial func(context.Context, *wire.Remote) (wire.HTTPTransport, error), codec curlew.Codec, c ...compress.Compressor) *Client {
	compressors := httpwire.OrGzip(c)
	streams := enveloped.NewClient(enveloped.ClientDialect{
		Dialect:  dialect(),
		Fields:   wire.Fields{{Name: versionField, Value: version}},
		EndFlag:  httpwire.FlagEndStream,
		ParseEnd: httpwire.ParseEndStream,
		Refusal:  httpwire.ParseError,
	}, dial, codec, compressors)
	return &Client{dial: dial, codec: codec, compressors: compressors, streams: streams}
}

// WithGet returns a client that calls methods without side effects
// ([curlew.NoSideEffects]) by GET, so that browsers and proxies can cache their
// answers. A request that is too long for a URL still goes by POST.
func (c *Client) WithGet() *Client {
	with := *c
	with.get = true
	return &with
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
	s.contentType = typePrefix + s.codec.Name()
	s.streams = c.streams.Over(transport, r)
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
	sizes  httpwire.Sizes
	peers  httpwire.Peers
	spare  sync.Pool // of *clientStream

	contentType string // of codec
	streams     *enveloped.Session
}

// Close implements [wire.Session].
func (s *session) Close(cause error) error { return s.streams.Close(cause) } // which have the same transport

// Open implements [wire.Session].
func (s *session) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	if call.Method().Kind() != curlew.KindUnary {
		return s.streams.Open(ctx, call)
	}
	st, err := s.prepare(call)
	if err != nil {
		return nil, err.WithProgress(curlew.NotSent)
	}
	body, err := st.encode(call)
	if err != nil {
		return nil, err.WithProgress(curlew.NotSent)
	}
	request := &st.request
	if deadline, ok := ctx.Deadline(); ok {
		request.Fields = append(request.Fields, wire.Field{Name: timeoutField, Value: httpwire.FormatMillis(time.Until(deadline))})
	}
	if ctx.Err() != nil {
		body.Free()
		return nil, httpwire.ContextError(ctx).WithProgress(curlew.NotSent)
	}
	if query := st.query(body.B); query != "" && len(request.Path)+len(query) <= maxURL {
		request.Method, request.RawQuery, body.B = http.MethodGet, query, body.B[:0]
	} else {
		st.describe(len(body.B))
	}
	request.Length = int64(len(body.B))
	if err := st.send(ctx, body); err != nil {
		return nil, err
	}
	return st, nil
}

// describe makes the request a POST with the fields that tell of its body.
func (st *clientStream) describe(length int) {
	r := &st.request
	r.Method = http.MethodPost
	r.Fields = append(r.Fields, wire.Field{Name: "content-type", Value: st.contentType},
		wire.Field{Name: "content-length", Value: strconv.Itoa(length)}, wire.Field{Name: versionField, Value: version})
	if st.compressor != nil {
		r.Fields = append(r.Fields, wire.Field{Name: "content-encoding", Value: st.compressor.Name()})
	}
}

// maxURL is from where on URLs are too long for some.
const maxURL = 8 << 10

// query returns what stands after the path in a GET (specification,
// "Unary-Get-Request"); "" if the call cannot be made by GET.
func (st *clientStream) query(content []byte) string {
	if !st.session.client.get || st.method.Idempotency() != curlew.NoSideEffects || len(content) > maxURL {
		return ""
	}
	codec := url.QueryEscape(st.codec.Name())
	switch {
	case st.compressor != nil:
		return "connect=v1&base64=1&compression=" + url.QueryEscape(st.compressor.Name()) + "&encoding=" + codec +
			"&message=" + base64.RawURLEncoding.EncodeToString(content)
	case st.codec.Name() == "json":
		return "connect=v1&encoding=" + codec + "&message=" + url.QueryEscape(string(content))
	}
	return "connect=v1&base64=1&encoding=" + codec + "&message=" + base64.RawURLEncoding.EncodeToString(content)
}

// send begins the exchange with a whole request. It frees body.
func (st *clientStream) send(ctx context.Context, body *bufpool.Buf) error {
	x, err := st.session.Do(ctx, &st.request)
	if err != nil {
		body.Free()
		return err
	}
	st.x = x
	if len(body.B) > 0 {
		err = httpwire.Write(ctx, x, body)
	} else {
		body.Free()
	}
	if err == nil {
		err = x.CloseWrite()
	}
	if err == nil || err == io.EOF { // the server has answered already
		return nil
	}
	x.Reset(err)
	return err
}

// prepare checks what can be checked before anything is encoded.
func (s *session) prepare(call *curlew.Call) (*clientStream, *curlew.Error) {
	m, o := call.Method(), call.Options()
	st, ok := s.spare.Get().(*clientStream)
	if !ok {
		st = new(clientStream)
	}
	if st.method != m {
		st.method, st.request.Path = m, httpwire.Path(m)
	}
	st.session, st.codec, st.contentType = s, s.codec, s.contentType
	st.maxReceive, st.maxSend = s.limits.MaxReceive, s.limits.MaxSend
	if o.Codec != nil {
		st.codec, st.contentType = o.Codec, typePrefix+o.Codec.Name()
	}
	if o.MaxReceive > 0 {
		st.maxReceive = o.MaxReceive
	}
	if o.MaxSend > 0 {
		st.maxSend = o.MaxSend
	}
	if o.Compression != "" {
		st.compressor = s.client.compressors.Named(o.Compression)
	}
	if err := st.codec.Supports(m); err != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s as %s: %w", m.FullName(), st.codec.Name(), err)
	}
	fields := wire.Fields(st.room[:0])
	if st.compressor != nil { // servers compress what they may, and it costs more than all else
		fields = append(fields, wire.Field{Name: "accept-encoding", Value: s.client.compressors.Names()})
	}
	fields, err := httpwire.AppendRequestMetadata(fields, call.Header(), m, s.limits.MaxHeader)
	if err != nil {
		return nil, err
	}
	st.request = wire.HTTPRequest{Scheme: s.scheme, Authority: s.remote.Authority, Path: st.request.Path, Fields: fields}
	return st, nil
}

// encode returns the request's message, compressed if that was asked for.
func (st *clientStream) encode(call *curlew.Call) (*bufpool.Buf, *curlew.Error) {
	m := st.method
	request, err := call.Request()
	if err != nil {
		return nil, curlew.ErrorOf(err)
	}
	if request == nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: the message is nil", m.FullName())
	}
	body, err := st.session.sizes.Encode(st.codec, 0, request)
	if err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: encode %T as %s: %w", m.FullName(), request, st.codec.Name(), err)
	}
	if size := len(body.B); size > st.maxSend {
		body.Free()
		return nil, httpwire.TooLarge(strconv.Itoa(size), st.maxSend, true)
	}
	if st.compressor == nil {
		return body, nil
	}
	defer body.Free()
	packed := bufpool.Get(len(body.B))
	if packed.B, err = st.compressor.Compress(packed.B[:0], body.B); err != nil {
		packed.Free()
		return nil, curlew.Errorf(curlew.Internal, "%s: compress by %s: %w", m.FullName(), st.compressor.Name(), err)
	}
	return packed, nil
}
