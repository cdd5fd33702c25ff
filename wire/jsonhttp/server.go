// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const name = "jsonhttp"

// Server is the server's half of JSON over HTTP; there is no client's. It is
// safe for concurrent use.
type Server struct {
	services    func() []*curlew.Service
	codec       curlew.Codec
	compressors httpwire.Compressors
	peers       httpwire.Peers
	routes      atomic.Pointer[routes]
}

// routes is the tree of the services that there were when it was made.
type routes struct {
	services []*curlew.Service
	root     *node
}

var _ httpwire.Prompt = (*Server)(nil)

// NewServer returns a server of the routes that services' methods are annotated
// with. services is called for every request that no protocol before this one
// has taken; what it returns is looked into when it has changed. codec is the
// JSON codec. Bodies may be compressed by any of the compressors; none means
// gzip.
func NewServer(services func() []*curlew.Service, codec curlew.Codec, c ...compress.Compressor) *Server {
	return &Server{services: services, codec: codec, compressors: httpwire.OrGzip(c)}
}

// Check returns all that is wrong with the annotations of services that are to
// be served together: templates that cannot be read, fields that messages do
// not have, routes that take the same requests. A request for such a route gets
// this error, too.
func Check(services ...*curlew.Service) error {
	_, err := newTree(services)
	return err
}

// Name returns "jsonhttp".
func (s *Server) Name() string { return name }

// Prompt marks a protocol whose Serve does not wait; see [wire.HTTPProtocol].
func (s *Server) Prompt() {}

// Match implements [wire.HTTPProtocol]. A path that has a route, but by another
// method, may be somebody else's.
func (s *Server) Match(r *wire.HTTPRequest, _ wire.Dispatcher) wire.Match {
	if strings.HasPrefix(httpwire.MediaType(r.Fields), "application/grpc") {
		return wire.No
	}
	switch route, _, allow := s.tree().find(r.Method, r.Path); {
	case route != nil:
		return wire.Yes
	case len(allow) > 0:
		return wire.Maybe
	}
	return wire.No
}

// tree returns the tree of the services that there are now.
func (s *Server) tree() *node {
	services := s.services()
	if known := s.routes.Load(); known != nil && slices.Equal(known.services, services) {
		return known.root
	}
	root, _ := newTree(services) // requests for what is wrong are told so
	s.routes.Store(&routes{services: slices.Clone(services), root: root})
	return root
}

// Serve implements [wire.HTTPProtocol].
func (s *Server) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	in, bad := s.accept(x, d)
	if bad != nil {
		bad.answer(x, s.codec)
		return
	}
	in.Context = ctx
	x.Attach(in)
	d.Go(in)
}
