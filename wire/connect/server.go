// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"net/http"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const name = "connect"

// Server is the server's half of Connect. It is safe for concurrent use.
type Server struct {
	codecs      []curlew.Codec
	compressors httpwire.Compressors
	streams     *enveloped.Server
	sizes       httpwire.Sizes
}

var _ httpwire.Prompt = (*Server)(nil)

// NewServer returns a server that takes messages in any of the codecs: one
// named "json" has the content type application/json. They may be compressed by
// any of the compressors; none means gzip.
func NewServer(codecs []curlew.Codec, c ...compress.Compressor) *Server {
	s := &Server{codecs: codecs, compressors: httpwire.OrGzip(c)}
	s.streams = enveloped.NewServer(enveloped.ServerConfig{
		Dialect: dialect(), Codecs: codecs, Compressors: s.compressors, Check: checkVersion,
		AppendEnd: httpwire.AppendEndStream, EndFlag: httpwire.FlagEndStream,
	})
	return s
}

// Prompt marks a protocol whose Serve does not wait; see [wire.HTTPProtocol].
func (s *Server) Prompt() {}

// Name returns "connect".
func (s *Server) Name() string { return name }

// Match implements [wire.HTTPProtocol]. Every request for a method that exists
// is Connect's, so that a wrong one is told what is wrong, but those of gRPC
// are not.
func (s *Server) Match(r *wire.HTTPRequest, d wire.Dispatcher) wire.Match {
	service, method, ok := httpwire.Procedure(r.Path)
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
	r := x.Request()
	service, method, _ := httpwire.Procedure(r.Path)
	target, err := d.Lookup(service, method, wire.Attributes{Fallback: true, Kind: kindOf(r)})
	if err != nil {
		reject(http.StatusNotFound, curlew.ErrorOf(err)).answer(x)
		return
	}
	if target.Method.Kind() != curlew.KindUnary {
		if bad := s.negotiateStream(r, target.Method); bad != nil {
			bad.answer(x)
			return
		}
		s.streams.Serve(ctx, x, d)
		return
	}
	st, bad := s.accept(x, target)
	if bad != nil {
		bad.answer(x)
		return
	}
	st.in.Context = ctx
	x.Attach(&st.in)
	d.Go(&st.in)
}

// kindOf returns the kind of a call as far as its request tells.
func kindOf(r *wire.HTTPRequest) curlew.Kind {
	if strings.HasPrefix(httpwire.MediaType(r.Fields), streamPrefix) {
		return curlew.KindBidi
	}
	return curlew.KindUnary
}

// accept reads the head of a unary request.
func (s *Server) accept(x wire.Exchange, target *wire.Target) (*serverStream, *badRequest) {
	r, m := x.Request(), target.Method
	st := &serverStream{server: s, x: x}
	var bad *badRequest
	if r.Method == http.MethodGet && m.Idempotency() == curlew.NoSideEffects {
		bad = st.negotiateGet(r)
	} else {
		bad = st.negotiate(r, m)
	}
	if bad != nil {
		return nil, bad
	}
	if target.Raw {
		st.codec = raw.Named(st.codec.Name())
	}
	if err := st.codec.Supports(m); err != nil {
		return nil, rejectf(http.StatusNotImplemented, curlew.Unimplemented, "%s as %s: %w", m.FullName(), st.codec.Name(), err)
	}
	st.in.Target, st.in.Stream, st.in.Draining = target, st, r.Draining
	if err := st.readFields(r); err != nil {
		return nil, reject(httpwire.Status(err.Code()), err)
	}
	st.peer = *r.Peer
	st.peer.Protocol = name
	st.in.Peer = &st.peer
	st.limit(r.Limits)
	return st, nil
}

// negotiate checks the method and type of a request with a body.
func (st *serverStream) negotiate(r *wire.HTTPRequest, m *curlew.Method) *badRequest {
	s := st.server
	if r.Method != http.MethodPost {
		return wrongMethod(r, m)
	}
	st.codec = s.codecFor(r)
	mediaType := httpwire.MediaType(r.Fields)
	switch {
	case strings.HasPrefix(mediaType, streamPrefix):
		return s.unsupported(curlew.Unimplemented, typePrefix, "%s is a unary method; %q is for streams", m.FullName(), mediaType)
	case st.codec == nil && httpwire.CouldBeForm(mediaType) && s.named("json") != nil:
		return s.unsupported(curlew.Unknown, typePrefix, "the content type %q is taken for JSON from tools such as curl only, not from a browser", mediaType)
	case st.codec == nil:
		return s.unsupported(curlew.Unknown, typePrefix, "the content type %q is not known", mediaType).inPlainText()
	}
	return nil
}

// negotiateStream checks the method and type of a request to a streaming method.
func (s *Server) negotiateStream(r *wire.HTTPRequest, m *curlew.Method) *badRequest {
	if r.Method != http.MethodPost {
		return wrongMethod(r, m)
	}
	mediaType := httpwire.MediaType(r.Fields)
	codec, ok := strings.CutPrefix(mediaType, streamPrefix)
	switch {
	case !ok:
		return s.unsupported(curlew.Unimplemented, streamPrefix, "%s is a %s method; the content type %q is not for those", m.FullName(), m.Kind(), mediaType)
	case s.named(codec) == nil:
		return s.unsupported(curlew.Unknown, streamPrefix, "the content type %q is not known", mediaType).inPlainText()
	}
	return nil
}

// wrongMethod is 405. That and 415 mostly have the code that the status alone
// stands for: the call is not what is wrong.
func wrongMethod(r *wire.HTTPRequest, m *curlew.Method) *badRequest {
	allow := http.MethodPost
	if m.Idempotency() == curlew.NoSideEffects && m.Kind() == curlew.KindUnary {
		allow += ", " + http.MethodGet
	}
	bad := rejectf(http.StatusMethodNotAllowed, curlew.Unknown, "%s is called by %s, not by %s", m.FullName(), allow, r.Method)
	return bad.with("allow", allow)
}

// unsupported is 415 with the types that are, which have a prefix.
func (s *Server) unsupported(code curlew.Code, prefix, format string, args ...any) *badRequest {
	var types []string
	for _, c := range s.codecs {
		types = append(types, prefix+c.Name())
	}
	all := strings.Join(types, ", ")
	bad := rejectf(http.StatusUnsupportedMediaType, code, format+"; known here: %s", append(args, all)...)
	return bad.with("accept-post", all)
}
