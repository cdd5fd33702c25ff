// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpc

import (
	"context"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Server is the server's half of gRPC. It is safe for concurrent use.
type Server struct {
	calls     *enveloped.Server
	mediaType string
}

var _ httpwire.Prompt = (*Server)(nil)

// NewServer returns a server that takes messages in any of the codecs: one
// named "json" has the content type application/grpc+json. They may be
// compressed by any of the compressors; none means gzip.
func NewServer(codecs []curlew.Codec, c ...compress.Compressor) *Server {
	config := enveloped.ServerConfig{Dialect: dialect(), Codecs: codecs, Compressors: httpwire.OrGzip(c), MinMajor: 2}
	return &Server{enveloped.NewServer(config), config.Dialect.MediaType}
}

// Prompt marks a protocol whose Serve does not wait; see [wire.HTTPProtocol].
func (s *Server) Prompt() {}

// Name returns "grpc".
func (s *Server) Name() string { return name }

// Match implements [wire.HTTPProtocol]: what says that it is gRPC is gRPC's.
func (s *Server) Match(r *wire.HTTPRequest, _ wire.Dispatcher) wire.Match {
	rest, ok := strings.CutPrefix(httpwire.MediaType(r.Fields), s.mediaType)
	if ok && (rest == "" || rest[0] == '+') {
		return wire.Yes
	}
	return wire.No
}

// Serve implements [wire.HTTPProtocol].
func (s *Server) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	s.calls.Serve(ctx, x, d)
}
