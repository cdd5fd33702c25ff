// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// serverStream is a unary call on the server.
type serverStream struct {
	in         wire.Incoming
	peer       curlew.Peer
	server     *Server
	x          wire.Exchange
	codec      curlew.Codec
	isGet      bool
	message    []byte              // of a GET, which has no body
	compressed compress.Compressor // of the request; nil: it is not
	compress   compress.Compressor // of the reply, if that pays; nil: none
	maxReceive int
	maxSend    int
	maxHeader  int
	received   bool
}

var _ wire.ServerStream = (*serverStream)(nil)

func (st *serverStream) limit(l wire.Limits) {
	st.maxReceive, st.maxSend, st.maxHeader = l.MaxReceive, l.MaxSend, l.MaxHeader
	if n := st.in.Target.MaxReceive; n > 0 {
		st.maxReceive = n
	}
	if n := st.in.Target.MaxSend; n > 0 {
		st.maxSend = n
	}
}

// Receive reads and decodes the request. A Receive that ctx has ended cannot be
// tried again.
func (st *serverStream) Receive(ctx context.Context, m any) error {
	if st.received {
		return io.EOF
	}
	st.received = true
	body, err := st.requestBody(ctx)
	if err != nil {
		return err
	}
	defer func() { body.Free() }()
	if st.compressed != nil && len(body.B) > 0 {
		inflated, err := httpwire.Inflate(st.compressed, body.B, st.maxReceive)
		if err != nil {
			return httpwire.Classify(err, curlew.InvalidArgument, "the request's body")
		}
		body.Free()
		body = inflated
	}
	if err := st.codec.Decode(body.B, m); err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "%s: decode the request as %s: %w", st.in.Target.Method.FullName(), st.codec.Name(), err)
	}
	return nil
}

// requestBody reads the request as it was sent.
func (st *serverStream) requestBody(ctx context.Context) (*bufpool.Buf, error) {
	if !st.isGet {
		ctx, cancel := httpwire.Patience(ctx, st.x, st.maxReceive)
		defer cancel()
		body, err := httpwire.ReadAll(ctx, st.x, st.x.Request().Length, st.maxReceive)
		if err != nil {
			body.Free()
			return nil, receiveError(ctx, err)
		}
		return body, nil
	}
	if size := len(st.message); size > st.maxReceive {
		return nil, httpwire.TooLarge(strconv.Itoa(size), st.maxReceive, false)
	}
	body := bufpool.Get(len(st.message))
	copy(body.B, st.message)
	return body, nil
}

// receiveError describes why a request's body could not be read.
func receiveError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return httpwire.ContextError(ctx)
	}
	return httpwire.Classify(err, curlew.Canceled, "the request broke off")
}

// Send fails: the one reply is what the handler returns.
func (st *serverStream) Send(context.Context, any) error {
	return curlew.Errorf(curlew.Internal, "%s: a unary method returns its reply", st.in.Target.Method.FullName())
}

// SendHeader does nothing: header, trailer and status travel together.
func (st *serverStream) SendHeader(context.Context) error { return nil }

// Codec returns the codec of the messages.
func (st *serverStream) Codec() curlew.Codec { return st.codec }

// CloseSend does nothing; see [curlew.Stream].
func (st *serverStream) CloseSend() error { return nil }

// Close does nothing: Finish ends the exchange.
func (st *serverStream) Close() error { return nil }

// Header returns the request's header.
func (st *serverStream) Header(context.Context) (*curlew.Header, error) { return &st.in.Header, nil }

// Trailer returns an empty header: requests have no trailer.
func (st *serverStream) Trailer() *curlew.Header { return new(curlew.Header) }

// Finish implements [wire.ServerStream].
func (st *serverStream) Finish(reply any, err *curlew.Error) *curlew.Error {
	fields, invalid := st.metadata()
	if err == nil {
		err = invalid
	}
	if err == nil {
		var body *bufpool.Buf
		if body, fields, err = st.encode(reply, fields); err == nil {
			return st.sent(respond(st.x, http.StatusOK, typePrefix+st.codec.Name(), fields, body))
		}
	}
	body := bufpool.Get(0)
	body.B = httpwire.AppendError(body.B, err)
	if failed := st.sent(respond(st.x, httpwire.Status(err.Code()), errorType, fields, body)); failed != nil {
		return failed
	}
	return err
}

// metadata returns the fields of the reply's header and trailer.
func (st *serverStream) metadata() (wire.Fields, *curlew.Error) {
	fields, err := httpwire.ReplyMetadata(make(wire.Fields, 0, 4), "", st.in.Call.ReplyHeader(), st.in.Target.Method, st.maxHeader)
	if err == nil {
		fields, err = httpwire.ReplyMetadata(fields, httpwire.TrailerPrefix, st.in.Call.ReplyTrailer(), st.in.Target.Method, st.maxHeader)
	}
	if err != nil {
		return nil, err
	}
	return fields, nil
}

// encode returns the body of a reply, and fields with what they must say of it.
func (st *serverStream) encode(reply any, fields wire.Fields) (*bufpool.Buf, wire.Fields, *curlew.Error) {
	body, err := st.server.sizes.Encode(st.codec, 0, reply)
	if err != nil {
		return nil, fields, curlew.Errorf(curlew.Internal, "%s: encode the reply as %s: %w", st.in.Target.Method.FullName(), st.codec.Name(), err)
	}
	if size := len(body.B); size > st.maxSend {
		body.Free()
		return nil, fields, httpwire.TooLarge(strconv.Itoa(size), st.maxSend, true)
	}
	if st.compress == nil || len(body.B) < httpwire.CompressAbove {
		return body, fields, nil
	}
	packed := httpwire.Compress(st.compress, body.B)
	if packed == nil {
		return body, fields, nil
	}
	body.Free()
	fields.Add("content-encoding", st.compress.Name())
	return packed, fields, nil
}

// sent returns the call's error if its answer could not be sent.
func (st *serverStream) sent(err error) *curlew.Error {
	if err == nil {
		return nil
	}
	st.x.Reset(err)
	return curlew.Errorf(curlew.Canceled, "the reply to %s was not sent: %w", st.in.Peer, err).WithOrigin(curlew.OriginTransport)
}

// respond sends a whole response. It frees the body.
func respond(x wire.Exchange, status int, contentType string, fields wire.Fields, body *bufpool.Buf) error {
	fields.Add("content-type", contentType)
	fields.Add("content-length", strconv.Itoa(len(body.B)))
	if err := x.Respond(status, fields); err != nil {
		body.Free()
		return err
	}
	return httpwire.End(x, body, nil)
}
