// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// clientStream is a unary call on the client.
type clientStream struct {
	session *session
	method  *curlew.Method
	codec   curlew.Codec

	contentType string // of the request and, if it is no error, of the reply

	maxReceive int
	maxSend    int
	compressor compress.Compressor // of the request; nil: none
	request    wire.HTTPRequest
	room       [10]wire.Field // for request.Fields
	x          wire.ClientExchange

	exchanged sync.Once // what has arrived is known afterwards
	header    curlew.Header
	trailer   curlew.Header
	err       *curlew.Error // of the call

	mu     sync.Mutex
	reply  *bufpool.Buf // undecoded; nil once it is received or dropped
	over   bool         // the exchange is
	closed bool
}

var _ wire.ClientStream = (*clientStream)(nil)

// Wait implements [wire.ClientStream]. The exchange happens in it.
func (st *clientStream) Wait(ctx context.Context) error {
	st.exchanged.Do(func() {
		reply, err := st.exchange(ctx)
		st.x.Reset(nil)
		st.mu.Lock()
		defer st.mu.Unlock()
		st.over = true
		if st.err = err; err == nil && !st.closed {
			st.reply = reply
		} else if reply != nil {
			reply.Free()
		}
	})
	if st.err != nil {
		return st.err
	}
	return nil
}

// exchange waits for the response and returns the undecoded reply, or the
// call's error.
func (st *clientStream) exchange(ctx context.Context) (*bufpool.Buf, *curlew.Error) {
	status, fields, err := st.x.Response(ctx)
	if err != nil {
		return nil, curlew.ErrorOf(err)
	}
	if err := httpwire.Metadata(fields, &st.header, &st.trailer); err != nil {
		return nil, st.badReply(err)
	}
	limit := st.maxReceive
	if status != http.StatusOK {
		limit = max(limit, maxErrorBody)
	}
	body, failed := st.readBody(ctx, fields, limit)
	if failed != nil {
		return nil, failed
	}
	if status != http.StatusOK {
		defer body.Free()
		return nil, httpwire.ParseError(body.B, status, st.session.remote.String())
	}
	if failed := st.checkType(fields); failed != nil {
		body.Free()
		return nil, failed
	}
	return body, nil
}

// maxErrorBody is what an error may take, whatever the limit on messages.
const maxErrorBody = 64 << 10

// checkType checks that a reply is of the request's codec. If it does not even
// look like Connect, the HTTP status is all that is known of it.
func (st *clientStream) checkType(fields wire.Fields) *curlew.Error {
	mediaType := httpwire.MediaType(fields)
	switch {
	case mediaType == st.contentType:
		return nil
	case !strings.HasPrefix(mediaType, typePrefix):
		return curlew.Errorf(httpwire.CodeOf(http.StatusOK), "%s: %s answered with the content type %q, which is none of Connect's",
			st.method.FullName(), st.session.remote, mediaType).WithProgress(curlew.Answered)
	}
	return st.badReply(fmt.Errorf("its content type is %q instead of %q", mediaType, st.contentType))
}

// readBody reads the response's body and inflates it.
func (st *clientStream) readBody(ctx context.Context, fields wire.Fields, limit int) (*bufpool.Buf, *curlew.Error) {
	length, err := strconv.ParseInt(fields.Get("content-length"), 10, 64)
	if err != nil {
		length = -1
	}
	body, err := httpwire.ReadAll(ctx, st.x, length, limit)
	if err != nil {
		body.Free()
		return nil, curlew.ErrorOf(err)
	}
	encoding := fields.Get("content-encoding")
	if encoding == "" || encoding == httpwire.Identity || len(body.B) == 0 {
		return body, nil
	}
	defer body.Free()
	compressor := st.session.client.compressors.Named(encoding)
	if compressor == nil {
		return nil, st.badReply(fmt.Errorf("its content encoding %q was not asked for", encoding))
	}
	inflated, err := httpwire.Inflate(compressor, body.B, limit)
	if err != nil {
		return nil, st.badReply(err)
	}
	return inflated, nil
}

// badReply is the error for a reply that was not understood.
func (st *clientStream) badReply(err error) *curlew.Error {
	return httpwire.Classify(err, curlew.Internal, st.method.FullName()+": the reply is not understood").WithProgress(curlew.Answered)
}

// Receive waits for the reply and decodes it.
func (st *clientStream) Receive(ctx context.Context, m any) error {
	if err := st.Wait(ctx); err != nil {
		return err
	}
	st.mu.Lock()
	reply, closed := st.reply, st.closed
	st.reply = nil
	st.mu.Unlock()
	switch {
	case closed:
		return curlew.Errorf(curlew.Canceled, "%s: the stream was closed", st.method.FullName())
	case reply == nil:
		return io.EOF
	}
	defer reply.Free()
	if err := st.codec.Decode(reply.B, m); err != nil {
		return st.badReply(fmt.Errorf("decode as %s: %w", st.codec.Name(), err))
	}
	return nil
}

// Send fails: the one request went out with the call.
func (st *clientStream) Send(context.Context, any) error {
	return curlew.Errorf(curlew.Internal, "%s: a unary call's request goes out with it", st.method.FullName())
}

// CloseSend does nothing.
func (st *clientStream) CloseSend() error { return nil }

// Close implements [curlew.Stream]: it cancels a Wait under way.
func (st *clientStream) Close() error {
	st.mu.Lock()
	reply, over := st.reply, st.over
	st.reply, st.closed = nil, true
	st.mu.Unlock()
	if reply != nil {
		reply.Free()
	}
	if over {
		return nil
	}
	err := curlew.NewError(curlew.Canceled, st.method.FullName()+": the stream was closed")
	st.x.Reset(err)
	st.exchanged.Do(func() { st.err = err }) // nobody has waited
	return nil
}

// Recycle lets the next call have the memory of one that has ended well, been
// waited for and closed. The caller is sure that nobody has the stream, nor what
// its Header and Trailer pointed to.
func (st *clientStream) Recycle() {
	if !st.over || st.err != nil {
		return
	}
	s, m, path := st.session, st.method, st.request.Path
	*st = clientStream{method: m}
	st.request.Path = path // the next call is likely to want it
	s.spare.Put(st)
}

// Header waits for the reply's header.
func (st *clientStream) Header(ctx context.Context) (*curlew.Header, error) {
	if err := st.Wait(ctx); err != nil && st.header.Len() == 0 {
		return nil, err
	}
	return &st.header, nil
}

// Trailer returns the metadata after the reply, as far as it has arrived.
func (st *clientStream) Trailer() *curlew.Header { return &st.trailer }

// Peer returns the server.
func (st *clientStream) Peer() *curlew.Peer {
	return st.session.peers.Named(st.x.Peer(), name)
}
