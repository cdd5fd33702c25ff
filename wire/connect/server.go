// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const name = "connect"

// Server is the server's half of Connect. It is safe for concurrent use.
type Server struct {
	codecs      []curlew.Codec
	compressors httpwire.Compressors
}

var _ httpwire.Prompt = (*Server)(nil)

// NewServer returns a server that takes messages in any of the codecs: one
// named "json" has the content type application/json. They may be compressed by
// any of the compressors; none means gzip.
func NewServer(codecs []curlew.Codec, c ...compress.Compressor) *Server {
	return &Server{codecs: codecs, compressors: httpwire.OrGzip(c)}
}

// Prompt marks a protocol whose Serve does not wait; see [wire.HTTPProtocol].
func (s *Server) Prompt() {}

// Name returns "connect".
func (s *Server) Name() string { return name }

// Match implements [wire.HTTPProtocol]. Every request for a method that exists
// is Connect's, so that a wrong one is told what is wrong, but those of gRPC
// are not.
func (s *Server) Match(r *wire.HTTPRequest, d wire.Dispatcher) wire.Match {
	service, method, ok := procedure(r.Path)
	mediaType := httpwire.MediaType(r.Fields)
	if !ok || strings.HasPrefix(mediaType, "application/grpc") {
		return wire.No
	}
	if _, err := d.Lookup(service, method, wire.Attributes{}); err == nil {
		return wire.Yes
	}
	switch {
	case r.Fields.Get(versionField) != "", strings.HasPrefix(mediaType, streamPrefix):
		return wire.Yes
	case r.Method == http.MethodPost && s.codecFor(r) != nil:
		return wire.Maybe
	}
	return wire.No
}

// Serve implements [wire.HTTPProtocol].
func (s *Server) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	st, bad := s.accept(x, d)
	if bad != nil {
		bad.answer(x)
		return
	}
	st.in.Context = ctx
	x.Attach(&st.in)
	d.Go(&st.in)
}

// accept reads the head of a request.
func (s *Server) accept(x wire.Exchange, d wire.Dispatcher) (*serverStream, *badRequest) {
	r := x.Request()
	service, method, _ := procedure(r.Path)
	target, err := d.Lookup(service, method, wire.Attributes{})
	if err != nil {
		return nil, reject(http.StatusNotFound, curlew.ErrorOf(err))
	}
	codec, bad := s.negotiate(r, target.Method)
	if bad != nil {
		return nil, bad
	}
	st := &serverStream{server: s, x: x, codec: codec, timeout: -1}
	if err := st.readFields(r); err != nil {
		return nil, reject(httpwire.Status(err.Code()), err)
	}
	peer := *r.Peer
	peer.Protocol = name
	st.in.Target, st.in.Stream, st.in.Peer, st.in.Draining = target, st, &peer, r.Draining
	if st.timeout >= 0 {
		st.in.Expires = time.Now().Add(st.timeout)
	}
	st.limit(r.Limits)
	return st, nil
}

// negotiate checks the request's method and type and returns the codec of its
// messages.
func (s *Server) negotiate(r *wire.HTTPRequest, m *curlew.Method) (curlew.Codec, *badRequest) {
	if r.Method != http.MethodPost {
		bad := rejectf(http.StatusMethodNotAllowed, curlew.Unimplemented, "%s is called by POST, not by %s", m.FullName(), r.Method)
		return nil, bad.with("allow", http.MethodPost)
	}
	codec := s.codecFor(r)
	mediaType := httpwire.MediaType(r.Fields)
	switch {
	case strings.HasPrefix(mediaType, streamPrefix) && m.Kind() != curlew.KindUnary:
		return nil, rejectf(http.StatusNotImplemented, curlew.Unimplemented, "%s is a %s method; over Connect only unary ones are served here", m.FullName(), m.Kind())
	case strings.HasPrefix(mediaType, streamPrefix):
		return nil, s.unsupported("%s is a unary method; %q is for streams", m.FullName(), mediaType)
	case codec == nil && httpwire.CouldBeForm(mediaType) && s.named("json") != nil:
		return nil, s.unsupported("the content type %q is taken for JSON from tools such as curl only, not from a browser", mediaType)
	case codec == nil:
		return nil, s.unsupported("the content type %q is not known", mediaType)
	case m.Kind() != curlew.KindUnary:
		return nil, s.unsupported("%s is a %s method; %q is for unary ones", m.FullName(), m.Kind(), mediaType)
	}
	if err := codec.Supports(m); err != nil {
		return nil, rejectf(http.StatusNotImplemented, curlew.Unimplemented, "%s as %s: %w", m.FullName(), codec.Name(), err)
	}
	return codec, nil
}

// unsupported is 415 with the types that are.
func (s *Server) unsupported(format string, args ...any) *badRequest {
	var types []string
	for _, c := range s.codecs {
		types = append(types, typePrefix+c.Name())
	}
	all := strings.Join(types, ", ")
	bad := rejectf(http.StatusUnsupportedMediaType, curlew.Unimplemented, format+"; known here: %s", append(args, all)...)
	return bad.with("accept-post", all)
}
