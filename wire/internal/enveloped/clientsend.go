// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"io"
	"strconv"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// sendOnly begins the exchange with the one request of a unary call.
func (st *clientStream) sendOnly(ctx context.Context, request any) error {
	st.sendEnd = true
	body, failed := st.encode(request)
	if failed != nil {
		return failed
	}
	st.request.Length = int64(len(body.B))
	if err := st.begin(ctx); err != nil {
		body.Free()
		return err
	}
	err := httpwire.Write(ctx, st.x, body)
	if err == nil {
		err = st.x.CloseWrite()
	}
	if err == nil || err == io.EOF { // the server has answered already
		return nil
	}
	st.x.Reset(err)
	return err
}

// Send implements [curlew.Stream].
func (st *clientStream) Send(ctx context.Context, m any) error {
	switch {
	case st.method.Kind() == curlew.KindUnary:
		return curlew.Errorf(curlew.Internal, "%s: a unary call's request goes out with it", st.method.FullName())
	case st.sendEnd:
		return curlew.Errorf(curlew.Internal, "%s: Send after CloseSend", st.method.FullName())
	case ctx.Err() != nil:
		return httpwire.ContextError(ctx).WithProgress(curlew.NotSent)
	case st.outcome() != nil:
		return io.EOF
	}
	buf, failed := st.encode(m)
	if failed != nil {
		return failed
	}
	err := st.write(ctx, buf)
	if err == nil || err == io.EOF {
		return err
	}
	if ctx.Err() == nil || st.outcome() != nil {
		return io.EOF // Receive knows why
	}
	// Part of a message may have left: the stream is of no use.
	e := httpwire.ContextError(ctx).WithProgress(curlew.MaybeSent)
	st.abort(e)
	return e
}

// CloseSend tells the server that no more requests come. If it cannot be told,
// Receive knows why.
func (st *clientStream) CloseSend() error {
	if !st.sendEnd {
		st.sendEnd = true
		st.x.CloseWrite() //nolint:errcheck // see above
		st.mu.Lock()
		st.complete = true
		st.mu.Unlock()
	}
	return nil
}

// encode returns a message in its envelope.
func (st *clientStream) encode(m any) (*bufpool.Buf, *curlew.Error) {
	if m == nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: the message is nil", st.method.FullName()).WithProgress(curlew.NotSent)
	}
	buf, err := st.session.sizes.Encode(st.codec, httpwire.EnvelopeSize, m)
	if err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: encode %T as %s: %w", st.method.FullName(), m, st.codec.Name(), err).
			WithProgress(curlew.NotSent)
	}
	size := len(buf.B) - httpwire.EnvelopeSize
	if size > st.maxSend {
		buf.Free()
		return nil, httpwire.TooLarge(strconv.Itoa(size), st.maxSend, true).WithProgress(curlew.NotSent)
	}
	var flags byte
	if st.compress != nil && size > 0 {
		packed := bufpool.Get(len(buf.B))
		packed.B, err = st.compress.Compress(packed.B[:httpwire.EnvelopeSize], buf.B[httpwire.EnvelopeSize:])
		if err != nil {
			packed.Free()
		} else {
			buf.Free()
			buf, flags = packed, httpwire.FlagCompressed
		}
	}
	httpwire.SetEnvelopeHead(buf.B, 0, flags)
	return buf, nil
}
