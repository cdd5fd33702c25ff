// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// ServerStream is a call on the server.
type ServerStream struct {
	in      wire.Incoming
	peer    curlew.Peer
	server  *Server
	x       wire.Exchange
	typ     *contentType
	codec   curlew.Codec
	inflate compress.Compressor // of requests; nil: they are not compressed
	deflate compress.Compressor // of replies, where that pays; nil: none

	maxReceive, maxSend, maxHeader int

	// Of the goroutine that receives.
	body   httpwire.Body
	reader httpwire.EnvelopeReader
	sole   *bufpool.Buf // the request of a method with one, while it is not known to be the only one
	taken  bool         // the request of such a method has been given away

	headSent bool // of the goroutine that sends
}

var _ wire.ServerStream = (*ServerStream)(nil)

// Receive decodes the next request; see [wire.ServerStream].
func (st *ServerStream) Receive(ctx context.Context, m any) error {
	next := st.next
	if !st.in.Target.Method.Kind().ManyRequests() {
		next = st.only
	}
	message, err := next(ctx)
	if err != nil {
		return err
	}
	defer message.Free()
	if err := st.codec.Decode(message.B, m); err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "%s: decode the request as %s: %w", st.in.Target.Method.FullName(), st.codec.Name(), err)
	}
	return nil
}

// only returns the one request once it is known to be the only one. gRPC's code
// for too few or too many is Unimplemented: such a method there is not.
func (st *ServerStream) only(ctx context.Context) (*bufpool.Buf, error) {
	m := st.in.Target.Method
	if st.taken {
		return nil, io.EOF
	}
	ctx, cancel := httpwire.Patience(ctx, st.body, st.maxReceive)
	defer cancel()
	if st.sole == nil {
		sole, err := st.next(ctx)
		if err == io.EOF {
			return nil, curlew.Errorf(curlew.Unimplemented, "%s: a %s call needs a request, and none came", m.FullName(), m.Kind())
		}
		if err != nil {
			return nil, err
		}
		st.sole = sole
	}
	second, err := st.next(ctx)
	if err == nil {
		second.Free()
		err = curlew.Errorf(curlew.Unimplemented, "%s: a %s call has one request, and more came", m.FullName(), m.Kind())
	}
	if err != io.EOF {
		return nil, err
	}
	sole := st.sole
	st.sole, st.taken = nil, true
	return sole, nil
}

// next returns the next message as it was before it was enveloped.
func (st *ServerStream) next(ctx context.Context) (*bufpool.Buf, error) {
	flags, message, err := st.reader.Next(ctx, st.body, st.maxReceive)
	switch {
	case err == io.EOF:
		return nil, err
	case err != nil:
		return nil, receiveError(ctx, err)
	case flags == 0, flags == httpwire.FlagCompressed && st.inflate != nil && len(message.B) == 0:
		return message, nil
	}
	defer message.Free()
	switch {
	case flags != httpwire.FlagCompressed:
		return nil, curlew.Errorf(curlew.Internal, "a message with the flags %#x, which mean nothing here", flags)
	case st.inflate == nil:
		return nil, curlew.Errorf(curlew.Internal, "a message that is compressed, but %s names no compression", st.server.Dialect.Encoding)
	}
	inflated, err := httpwire.Inflate(st.inflate, message.B, st.maxReceive)
	if err != nil {
		return nil, httpwire.Classify(err, curlew.InvalidArgument, "a request's message")
	}
	return inflated, nil
}

// receiveError describes why a message could not be read.
func receiveError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return httpwire.ContextError(ctx)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return httpwire.Classify(err, curlew.Internal, "the request")
	}
	return httpwire.Classify(err, curlew.Canceled, "the request broke off")
}

// Send sends one reply; see [curlew.Stream].
func (st *ServerStream) Send(ctx context.Context, m any) error {
	if method := st.in.Target.Method; !method.Kind().ManyReplies() {
		return curlew.Errorf(curlew.Internal, "%s: a %s method returns its reply", method.FullName(), method.Kind())
	}
	message, err := st.encode(m)
	if err != nil {
		return err
	}
	message = st.asSent(message)
	if err := st.respond(); err != nil {
		message.Free()
		return err
	}
	if err := httpwire.Write(ctx, st.x, message); err != nil {
		return st.sendError(ctx, err)
	}
	if err := st.x.Flush(); err != nil {
		return st.sendError(ctx, err)
	}
	return nil
}

func (st *ServerStream) sendError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return httpwire.ContextError(ctx)
	}
	return httpwire.Classify(err, curlew.Canceled, "a reply was not sent")
}

// SendHeader sends the reply's header if that has not been done.
func (st *ServerStream) SendHeader(ctx context.Context) error {
	if st.headSent {
		return nil
	}
	if err := st.respond(); err != nil {
		return err
	}
	if err := st.x.Flush(); err != nil {
		return st.sendError(ctx, err)
	}
	return nil
}

// respond sends the head, which waits for what comes after it.
func (st *ServerStream) respond() error {
	if st.headSent {
		return nil
	}
	fields, err := st.head()
	if err != nil {
		return err
	}
	st.headSent = true
	if err := st.x.Respond(http.StatusOK, fields); err != nil {
		return httpwire.Classify(err, curlew.Canceled, "the reply's header was not sent")
	}
	return nil
}

// head returns the fields of the response's head; with an error those that do
// not depend on the handler.
func (st *ServerStream) head() (wire.Fields, *curlew.Error) {
	fields := st.typ.head
	if st.deflate != nil {
		fields = append(fields, wire.Field{Name: st.server.Dialect.Encoding, Value: st.deflate.Name()})
	}
	if st.in.Target == nil { // the call has not come as far as a handler
		return fields, nil
	}
	return httpwire.ReplyMetadata(fields, "", st.in.Call.ReplyHeader(), st.in.Target.Method, st.maxHeader)
}

// encode returns m in its envelope.
func (st *ServerStream) encode(m any) (*bufpool.Buf, *curlew.Error) {
	message, err := st.server.sizes.Encode(st.codec, httpwire.EnvelopeSize, m)
	if err != nil {
		return nil, curlew.Errorf(curlew.Internal, "%s: encode the reply as %s: %w", st.in.Target.Method.FullName(), st.codec.Name(), err)
	}
	size := len(message.B) - httpwire.EnvelopeSize
	if size > st.maxSend {
		message.Free()
		return nil, httpwire.TooLarge(strconv.Itoa(size), st.maxSend, true)
	}
	if st.deflate != nil && size >= httpwire.CompressAbove {
		if packed := deflated(st.deflate, message.B); packed != nil {
			message.Free()
			return packed, nil
		}
	}
	httpwire.SetEnvelopeHead(message.B, 0, 0)
	return message, nil
}

// deflated returns an enveloped message compressed; nil if that does not pay.
func deflated(c compress.Compressor, message []byte) *bufpool.Buf {
	packed := bufpool.Get(len(message))
	var err error
	packed.B, err = c.Compress(packed.B[:httpwire.EnvelopeSize], message[httpwire.EnvelopeSize:])
	if err != nil || len(packed.B) >= len(message) {
		packed.Free()
		return nil
	}
	httpwire.SetEnvelopeHead(packed.B, 0, httpwire.FlagCompressed)
	return packed
}

// asSent takes a piece of the body and returns it as it goes out.
func (st *ServerStream) asSent(b *bufpool.Buf) *bufpool.Buf {
	if !st.typ.text {
		return b
	}
	text := encodeText(b.B)
	b.Free()
	return text
}

// Codec returns the codec of the messages.
func (st *ServerStream) Codec() curlew.Codec { return st.codec }

// CloseSend does nothing: the handler's return ends the replies.
func (st *ServerStream) CloseSend() error { return nil }

// Close does nothing: Finish ends the exchange.
func (st *ServerStream) Close() error { return nil }

// Header returns the request's header.
func (st *ServerStream) Header(context.Context) (*curlew.Header, error) { return &st.in.Header, nil }

// Trailer returns an empty header: requests have no trailer.
func (st *ServerStream) Trailer() *curlew.Header { return new(curlew.Header) }

// Finish ends the call; see [wire.ServerStream].
func (st *ServerStream) Finish(reply any, err *curlew.Error) *curlew.Error {
	var message *bufpool.Buf
	if err == nil && reply != nil {
		message, err = st.encode(reply)
	}
	return st.end(message, err)
}

// end sends the last message, if any, and the outcome, and returns that.
func (st *ServerStream) end(message *bufpool.Buf, err *curlew.Error) *curlew.Error {
	var head, trailer wire.Fields
	if !st.headSent {
		var bad *curlew.Error
		if head, bad = st.head(); err == nil {
			err = bad
		}
	}
	if st.in.Target != nil {
		var bad *curlew.Error
		trailer, bad = httpwire.ReplyMetadata(nil, "", st.in.Call.ReplyTrailer(), st.in.Target.Method, st.maxHeader)
		if err == nil {
			err = bad
		}
	}
	if err != nil && message != nil {
		message.Free()
		message = nil
	}
	failed := st.write(head, message, trailer, err)
	if failed == nil {
		return err
	}
	st.x.Reset(failed)
	if err == nil {
		err = curlew.Errorf(curlew.Canceled, "the reply to %s was not sent: %w", st.in.Peer, failed).WithOrigin(curlew.OriginTransport)
	}
	return err
}

// write sends all that is left to send. It frees the message.
func (st *ServerStream) write(head wire.Fields, message *bufpool.Buf, trailer wire.Fields, err *curlew.Error) error {
	if st.server.AppendEnd != nil {
		return st.writeInBody(head, message, trailer, err)
	}
	if err == nil && len(trailer) == 0 {
		trailer = st.server.ok
	} else {
		room := st.maxHeader - st.in.Call.ReplyTrailer().Size()
		trailer = append(httpwire.GRPCStatusWithin(err, room), trailer...)
	}
	if !st.headSent {
		if err != nil && st.in.Call.ReplyHeader().Len() == 0 {
			// Nothing but the end is left to tell, so it travels in the head
			// (PROTOCOL-HTTP2, "Trailers-Only").
			head, trailer = append(head, trailer...), nil
		}
		if err := st.x.Respond(http.StatusOK, head); err != nil {
			if message != nil {
				message.Free()
			}
			return err
		}
	}
	return httpwire.End(st.x, message, trailer)
}

// writeInBody is write for a protocol that has its end in the body.
func (st *ServerStream) writeInBody(head wire.Fields, message *bufpool.Buf, trailer wire.Fields, err *curlew.Error) error {
	if message == nil {
		message = bufpool.Get(0)
	}
	at := len(message.B)
	message.B = st.server.AppendEnd(httpwire.AppendEnvelopeHead(message.B), trailer, err)
	httpwire.SetEnvelopeHead(message.B, at, st.server.EndFlag)
	message = st.asSent(message)
	if !st.headSent {
		if err := st.x.Respond(http.StatusOK, head); err != nil {
			message.Free()
			return err
		}
	}
	return httpwire.End(st.x, message, nil)
}
