// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcweb

import (
	"context"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// textMediaType is the content type of bodies in base64, for browsers that
// cannot read a binary one before its end.
const textMediaType = "application/grpc-web-text"

// Server is the server's half of gRPC-Web. It is safe for concurrent use.
type Server struct {
	calls     *enveloped.Server
	mediaType string
}

var _ httpwire.Prompt = (*Server)(nil)

// NewServer returns a server that takes messages in any of the codecs: one
// named "json" has the content type application/grpc-web+json, or
// application/grpc-web-text+json in base64. They may be compressed by any of the
// compressors; none means gzip.
func NewServer(codecs []curlew.Codec, c ...compress.Compressor) *Server {
	config := enveloped.ServerConfig{
		Dialect: dialect(), Codecs: codecs, Compressors: httpwire.OrGzip(c),
		TextMediaType: textMediaType, AppendEnd: appendEnd, EndFlag: httpwire.FlagTrailer,
	}
	return &Server{enveloped.NewServer(config), config.Dialect.MediaType}
}

// Prompt marks a protocol whose Serve does not wait; see [wire.HTTPProtocol].
func (s *Server) Prompt() {}

// Name returns "grpcweb".
func (s *Server) Name() string { return name }

// Match implements [wire.HTTPProtocol]: what says that it is gRPC-Web is
// gRPC-Web's.
func (s *Server) Match(r *wire.HTTPRequest, _ wire.Dispatcher) wire.Match {
	if strings.HasPrefix(httpwire.MediaType(r.Fields), s.mediaType) {
		return wire.Yes
	}
	return wire.No
}

// Serve implements [wire.HTTPProtocol].
func (s *Server) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	s.calls.Serve(ctx, x, d)
}

// appendEnd appends a call's outcome and trailers. They stand in the body also
// if there is nothing else: pages may read that, but not every field of a head.
func appendEnd(b []byte, trailers wire.Fields, e *curlew.Error) []byte {
	return httpwire.AppendWebTrailers(httpwire.AppendWebTrailers(b, httpwire.AppendGRPCStatus(nil, e)), trailers)
}
