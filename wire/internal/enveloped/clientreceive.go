// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Wait implements [wire.ClientStream].
func (st *clientStream) Wait(ctx context.Context) error {
	err := st.settle(ctx)
	if err == nil {
		return nil
	}
	st.abort(curlew.ErrorOf(err)) // if ctx has ended; else the call is over
	return st.outcome()
}

// settle waits until a call with one reply is over, and returns its error; or
// that of ctx if it ends first.
func (st *clientStream) settle(ctx context.Context) error {
	if _, err := st.take(ctx); err != nil {
		return err
	}
	defer st.leave()
	for {
		var reply *bufpool.Buf
		err := st.outcome()
		if err == nil {
			reply, err = st.next(ctx)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !st.keep(reply):
			reply.Free()
			st.abort(st.misbehaves(curlew.Unimplemented, "the server sent more than the one reply of a %s call", st.method.Kind()))
		}
	}
}

// keep keeps the one reply of a call; false if there is one already, or the call
// is over.
func (st *clientStream) keep(reply *bufpool.Buf) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.reply != nil || st.over {
		return false
	}
	st.reply = reply
	return true
}

// Receive implements [curlew.Stream].
func (st *clientStream) Receive(ctx context.Context, m any) error {
	if !st.method.Kind().ManyReplies() {
		reply, err := st.receiveOnly(ctx)
		if err != nil {
			return err
		}
		return st.decode(reply, m)
	}
	over, err := st.take(ctx)
	if err != nil {
		return err
	}
	defer st.leave() // after decode: the message is lent
	if over {
		return st.outcome()
	}
	if ctx.Err() != nil { // even if there is a message already
		return httpwire.ContextError(ctx).WithProgress(curlew.MaybeSent)
	}
	message, failed := st.next(ctx)
	if failed != nil {
		return failed
	}
	return st.decode(message, m)
}

// decode decodes a message and frees it.
func (st *clientStream) decode(message *bufpool.Buf, m any) error {
	defer message.Free()
	if err := st.codec.Decode(message.B, m); err != nil {
		return curlew.Errorf(curlew.Internal, "%s: decode a message of %d bytes as %s into %T: %w",
			st.method.FullName(), len(message.B), st.codec.Name(), m, err).WithProgress(curlew.Answered)
	}
	return nil
}

func (st *clientStream) receiveOnly(ctx context.Context) (*bufpool.Buf, error) {
	if st.outcome() == nil {
		if err := st.settle(ctx); err != nil {
			return nil, err
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	reply := st.reply
	st.reply = nil
	if reply == nil {
		return nil, st.err
	}
	return reply, nil
}

// next returns the next message, inflated. An error other than ctx's is the
// call's. The caller has the turn, and the call was not over when it took it.
func (st *clientStream) next(ctx context.Context) (*bufpool.Buf, error) {
	if err := st.takeHead(ctx); err != nil {
		return nil, err
	}
	flags, message, err := st.reader.Next(ctx, st.x, st.maxReceive)
	if err != nil {
		return nil, st.noMessage(ctx, err)
	}
	st.received = true
	end := st.session.client.dialect.EndFlag
	if flags&^(httpwire.FlagCompressed|end) != 0 {
		message.Free()
		err = fmt.Errorf("an envelope has the flags %#x, which mean nothing here", flags)
	} else {
		message, err = st.inflate(flags, message)
	}
	switch {
	case err != nil:
		st.abort(st.notUnderstood(err))
	case flags&end != 0:
		st.takeEnd(ctx, message)
	default:
		return message, nil
	}
	return nil, st.outcome()
}

// noMessage ends the call because of what the reader said instead of giving a
// message, unless it is only that ctx has ended.
func (st *clientStream) noMessage(ctx context.Context, err error) error {
	switch {
	case err == io.EOF:
		st.bodyEnded()
	case ctx.Err() != nil && st.outcome() == nil:
		return whileWaiting(ctx, err)
	default:
		st.abort(st.notUnderstood(err))
	}
	return st.outcome()
}

// whileWaiting is the error of something that ctx has ended: what the transport
// says of it, for it knows the progress.
func whileWaiting(ctx context.Context, err error) *curlew.Error {
	var e *curlew.Error
	if errors.As(err, &e) {
		return e
	}
	return httpwire.ContextError(ctx).WithProgress(curlew.MaybeSent)
}

// inflate returns the contents of a message.
func (st *clientStream) inflate(flags byte, message *bufpool.Buf) (*bufpool.Buf, error) {
	if flags&httpwire.FlagCompressed == 0 {
		return message, nil
	}
	compressor := st.session.client.compressors.Named(st.encoding)
	switch {
	case compressor == nil:
		message.Free()
		return nil, fmt.Errorf("a message is compressed, and the encoding is %q, which was not asked for", st.encoding)
	case len(message.B) == 0:
		return message, nil
	}
	defer message.Free()
	return httpwire.Inflate(compressor, message.B, st.maxReceive)
}

// takeHead waits for the head of the response. An error other than ctx's is the
// call's. The caller has the turn.
func (st *clientStream) takeHead(ctx context.Context) error {
	if st.headTaken {
		return nil
	}
	status, fields, err := st.x.Response(ctx)
	for err != nil && st.again(ctx, err) {
		status, fields, err = st.x.Response(ctx)
	}
	if err != nil {
		if ctx.Err() != nil && st.outcome() == nil {
			return whileWaiting(ctx, err)
		}
		st.abort(httpwire.Classify(err, curlew.Unavailable, st.method.FullName()))
		return st.outcome()
	}
	st.headTaken = true
	st.mu.Lock()
	st.dropKept()
	st.mu.Unlock()
	header, failed := st.readHead(ctx, status, fields)
	st.mu.Lock()
	if !st.over {
		st.header, st.hasHead = header, true
		st.wake()
	}
	st.mu.Unlock()
	if failed != nil {
		st.abort(failed)
		return failed
	}
	return nil
}

// readHead reads the head of the response and returns the metadata in it.
func (st *clientStream) readHead(ctx context.Context, status int, fields wire.Fields) (header curlew.Header, failed *curlew.Error) {
	d := &st.session.client.dialect
	ours, codec := st.contentType(fields)
	if d.StatusFields && ours && fields.Get("grpc-status") != "" {
		// Trailers-Only (PROTOCOL-HTTP2, "Responses"): what metadata there is, is the
		// trailer.
		st.endsHere = fields
		return header, nil
	}
	if status != http.StatusOK {
		body, _ := httpwire.ReadAll(ctx, st.x, -1, maxRefusal) // as much of it as there is
		defer body.Free()
		return header, d.Refusal(body.B, status, st.session.remote.String())
	}
	if !ours || codec != st.codec.Name() {
		code := curlew.Internal
		if !ours {
			code = httpwire.CodeOf(status)
		}
		return header, st.misbehaves(code, "%s answered with the content type %q, to a request with %q",
			st.session.remote, fields.Get("content-type"), st.request.Fields.Get("content-type"))
	}
	st.encoding = fields.Get(d.Encoding)
	header, err := st.metadata(fields)
	if err != nil {
		return header, st.notUnderstood(err)
	}
	return header, nil
}

// maxRefusal bounds how much is read of a response that is an error.
const maxRefusal = 64 << 10

// contentType tells whether a response is of the dialect, and its codec's name.
func (st *clientStream) contentType(fields wire.Fields) (ours bool, codec string) {
	rest, ours := strings.CutPrefix(httpwire.MediaType(fields), st.session.client.dialect.MediaType)
	switch {
	case !ours:
		return false, ""
	case rest == "" && st.session.client.dialect.StatusFields:
		return true, "proto" // PROTOCOL-HTTP2, "Content-Type"
	}
	codec, ours = strings.CutPrefix(rest, "+")
	return ours, codec
}

// metadata returns what metadata there is among fields.
func (st *clientStream) metadata(fields wire.Fields) (h curlew.Header, err error) {
	if err = httpwire.Metadata(fields, &h, nil); err != nil {
		return h, err
	}
	if size, limit := h.Size(), st.session.limits.MaxHeader; size > limit {
		return h, curlew.Errorf(curlew.ResourceExhausted, "a header or trailer of %d bytes, more than the %d of WithLimits(wire.Limits{MaxHeader: …})", size, limit)
	}
	return h, nil
}

// bodyEnded ends the call at the end of the body.
func (st *clientStream) bodyEnded() {
	d := &st.session.client.dialect
	if !d.StatusFields {
		st.abort(st.notUnderstood(errors.New("it ends without an end of the stream")))
		return
	}
	trailers := st.x.Trailers()
	if len(trailers) == 0 && !st.received {
		trailers = st.endsHere
	}
	e, err := GRPCOutcome(trailers)
	st.conclude(trailers, e, err)
}

// takeEnd ends the call at the envelope that ends the response. Nothing may come
// after it; if that cannot be seen any more, it does not matter.
func (st *clientStream) takeEnd(ctx context.Context, message *bufpool.Buf) {
	trailers, e, err := st.session.client.dialect.ParseEnd(message.B)
	message.Free()
	if _, more, failed := st.reader.Next(ctx, st.x, st.maxReceive); failed == nil {
		more.Free()
		err = errors.New("it goes on after its end")
	}
	st.conclude(trailers, e, err)
}

// conclude ends the call as the server has said. err tells that what it said
// makes no sense.
func (st *clientStream) conclude(trailers wire.Fields, e *curlew.Error, err error) {
	trailer, broken := st.metadata(trailers)
	if err == nil && e == nil {
		err = broken
	}
	if err != nil {
		e = st.notUnderstood(err)
	}
	if e == nil && !st.method.Kind().ManyReplies() && !st.hasReply() {
		e = st.misbehaves(curlew.Unimplemented, "the server ended the call without a reply")
	}
	st.finish(e, trailer)
}

func (st *clientStream) hasReply() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.reply != nil || st.over
}

// misbehaves is the error for an answer that the protocol does not allow.
func (st *clientStream) misbehaves(code curlew.Code, format string, args ...any) *curlew.Error {
	return curlew.NewError(code, st.method.FullName()+": "+fmt.Sprintf(format, args...)).WithProgress(curlew.Answered)
}

// notUnderstood is the error for a response of which err is said, the
// transport's own if it is one.
func (st *clientStream) notUnderstood(err error) *curlew.Error {
	var e *curlew.Error
	if !errors.As(err, &e) {
		return curlew.Errorf(curlew.Internal, "%s: the response is not understood: %w", st.method.FullName(), err).WithProgress(curlew.Answered)
	}
	if e.Code() == curlew.ResourceExhausted {
		return e.WithProgress(curlew.Answered)
	}
	return e
}
