// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcweb

import (
	"context"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// NewClient returns the client's half of gRPC-Web, with binary bodies, over
// servers that it reaches by dial. Calls that choose no codec, over connections
// that have none of their own, use codec. Calls may ask for the compressors;
// none means gzip.
func NewClient(dial func(context.Context, *wire.Remote) (wire.HTTPTransport, error), codec curlew.Codec, c ...compress.Compressor) wire.Protocol {
	return enveloped.NewClient(enveloped.ClientDialect{
		Dialect:      dialect(),
		StatusFields: true,
		EndFlag:      httpwire.FlagTrailer,
		ParseEnd:     parseEnd,
		Refusal:      refusal,
	}, dial, codec, httpwire.OrGzip(c))
}

// parseEnd reads the trailers that end a body.
func parseEnd(b []byte) (wire.Fields, *curlew.Error, error) {
	trailers, err := httpwire.ParseWebTrailers(b)
	if err != nil {
		return nil, nil, err
	}
	e, err := enveloped.GRPCOutcome(trailers)
	return trailers, e, err
}

// refusal is the error for an answer that is no gRPC (http-grpc-status-mapping).
func refusal(b []byte, status int, address string) *curlew.Error {
	return httpwire.StatusError(b, status, address, "gRPC-Web")
}
