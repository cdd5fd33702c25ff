// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpc

import (
	"context"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// NewClient returns the client's half of gRPC, over servers that it reaches by
// dial, mostly h2.Dial: gRPC needs HTTP's trailers. Calls that choose no codec,
// over connections that have none of their own, use codec. Calls may ask for the
// compressors; none means gzip.
func NewClient(dial func(context.Context, *wire.Remote) (wire.HTTPTransport, error), codec curlew.Codec, c ...compress.Compressor) wire.Protocol {
	return enveloped.NewClient(enveloped.ClientDialect{
		Dialect: dialect(),
		// PROTOCOL-HTTP2, "Requests": it tells incompatible proxies.
		Fields:       wire.Fields{{Name: "te", Value: "trailers"}},
		StatusFields: true,
		Refusal:      refusal,
	}, dial, codec, httpwire.OrGzip(c))
}

// refusal is the error for an answer that is no gRPC (http-grpc-status-mapping).
func refusal(b []byte, status int, address string) *curlew.Error {
	return httpwire.StatusError(b, status, address, "gRPC")
}
