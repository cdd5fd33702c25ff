// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"context"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
)

// bufferWriter is an exchange that takes over buffers rather than copy from them.
type bufferWriter interface {
	WriteBuffer(ctx context.Context, b *bufpool.Buf) error
}

// bufferEnder is the same for the end of a response.
type bufferEnder interface {
	EndBuffer(b *bufpool.Buf, trailers wire.Fields) error
}

// Write writes b to the body of x, an exchange of either side. It frees b.
func Write(ctx context.Context, x interface {
	Write(ctx context.Context, p []byte) (int, error)
}, b *bufpool.Buf) error {
	if w, ok := x.(bufferWriter); ok {
		return w.WriteBuffer(ctx, b)
	}
	defer b.Free()
	_, err := x.Write(ctx, b.B)
	return err
}

// Widen tells a transport, if it wants to know, that the response to come is a
// long one: credit for more of it spares the server waits.
func Widen(x wire.ClientExchange) {
	if w, ok := x.(interface{ Widen() }); ok {
		w.Widen()
	}
}

// End writes b and ends the response. It frees b, which may be nil.
func End(x wire.Exchange, b *bufpool.Buf, trailers wire.Fields) error {
	if b == nil {
		return x.End(nil, trailers)
	}
	if w, ok := x.(bufferEnder); ok {
		return w.EndBuffer(b, trailers)
	}
	defer b.Free()
	return x.End(b.B, trailers)
}
