// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// ServerConfig is what the server's half of a protocol is made of.
type ServerConfig struct {
	Dialect     Dialect
	Codecs      []curlew.Codec
	Compressors httpwire.Compressors
	// TextMediaType is the content type of bodies in base64; "": there are none.
	TextMediaType string
	// MinMajor is the least version of HTTP that will do.
	MinMajor int
	// Check looks for what else a request must have; may be nil.
	Check func(r *wire.HTTPRequest) *curlew.Error
	// AppendEnd appends what stands in the envelope that ends a response, EndFlag
	// among its flags. Nil: the end is gRPC's status in HTTP's own trailers.
	AppendEnd func(b []byte, trailers wire.Fields, e *curlew.Error) []byte
	EndFlag   byte
}

// Server answers the requests of one protocol. It is safe for concurrent use.
type Server struct {
	ServerConfig
	types []contentType
	ok    wire.Fields // the trailers of a call that ended well
	sizes httpwire.Sizes
}

// contentType is a content type that is known, and what follows from it.
type contentType struct {
	name  string
	codec curlew.Codec
	raw   curlew.Codec // codec for messages that are passed undecoded
	text  bool         // the bodies are in base64
	head  wire.Fields  // of every response
}

// NewServer returns a server.
func NewServer(c ServerConfig) *Server {
	s := &Server{ServerConfig: c, ok: slices.Clip(httpwire.AppendGRPCStatus(nil, nil))}
	s.add(c.Dialect.MediaType, false)
	if c.TextMediaType != "" {
		s.add(c.TextMediaType, true)
	}
	return s
}

// add adds the content types that begin with a media type. That alone means
// protobuf.
func (s *Server) add(mediaType string, text bool) {
	known := func(name string, codec curlew.Codec) {
		head := wire.Fields{
			{Name: "content-type", Value: name},
			{Name: s.Dialect.AcceptEncoding, Value: s.Compressors.Names()},
		}
		s.types = append(s.types, contentType{name, codec, raw.Named(codec.Name()), text, slices.Clip(head)})
	}
	for _, codec := range s.Codecs {
		if codec.Name() == "proto" {
			known(mediaType, codec)
		}
	}
	for _, codec := range s.Codecs {
		known(mediaType+"+"+codec.Name(), codec)
	}
}

// named returns what is known of a content type; nil: nothing.
func (s *Server) named(mediaType string) *contentType {
	for i := range s.types {
		if s.types[i].name == mediaType {
			return &s.types[i]
		}
	}
	return nil
}

// Serve answers an exchange: it reads the head and hands the call to d.Go.
func (s *Server) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	r := x.Request()
	t := s.named(httpwire.MediaType(r.Fields))
	if t == nil || r.Method != http.MethodPost || r.Major < s.MinMajor {
		s.refuse(x)
		return
	}
	st := &ServerStream{server: s, x: x, typ: t, body: x, maxHeader: r.Limits.MaxHeader}
	if err := st.begin(r, d); err != nil {
		// Nobody waits for this answer but the client, who has gone if it fails.
		_ = st.end(nil, err)
		return
	}
	st.in.Context = ctx
	x.Attach(&st.in)
	d.Go(&st.in)
}

// begin reads the head of a request.
func (st *ServerStream) begin(r *wire.HTTPRequest, d wire.Dispatcher) *curlew.Error {
	s := st.server
	service, method, ok := httpwire.Procedure(r.Path)
	if !ok {
		return curlew.Errorf(curlew.Unimplemented, "the path %q is not of the form /pkg.Service/Method", r.Path)
	}
	target, err := d.Lookup(service, method, wire.Attributes{Fallback: true, Kind: curlew.KindBidi})
	if err != nil {
		return curlew.ErrorOf(err)
	}
	st.in.Target, st.in.Stream, st.in.Draining = target, st, r.Draining
	if st.codec = st.typ.codec; target.Raw {
		st.codec = st.typ.raw
	}
	st.peer = *r.Peer
	st.peer.Protocol = s.Dialect.Name
	st.in.Peer = &st.peer
	st.reader.Lends = target.Method.Kind().ManyRequests()
	st.limit(r.Limits)
	if err := st.codec.Supports(target.Method); err != nil {
		return curlew.Errorf(curlew.Unimplemented, "%s as %s: %w", target.Method.FullName(), st.codec.Name(), err)
	}
	if s.Check != nil {
		if err := s.Check(r); err != nil {
			return err
		}
	}
	if err := st.readFields(r); err != nil {
		return err
	}
	if st.typ.text {
		st.body = &textBody{from: st.x}
	}
	return nil
}

func (st *ServerStream) limit(l wire.Limits) {
	st.maxReceive, st.maxSend = l.MaxReceive, l.MaxSend
	if n := st.in.Target.MaxReceive; n > 0 {
		st.maxReceive = n
	}
	if n := st.in.Target.MaxSend; n > 0 {
		st.maxSend = n
	}
}

// readFields reads what a request's fields say of the call. Replies are
// compressed as the requests are: that a client could take them so is no wish.
func (st *ServerStream) readFields(r *wire.HTTPRequest) *curlew.Error {
	dialect := &st.server.Dialect
	if v := r.Fields.Get(dialect.Timeout); v != "" {
		timeout, err := dialect.ParseTimeout(v)
		if err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "%s: %w", dialect.Timeout, err)
		}
		st.in.Expires = time.Now().Add(timeout)
	}
	if v := r.Fields.Get(dialect.Encoding); v != "" && v != httpwire.Identity {
		st.inflate = st.server.Compressors.Named(v)
		if st.inflate == nil {
			return curlew.NewError(curlew.Unimplemented, dialect.Encoding+": "+st.server.Compressors.Unknown(v))
		}
		st.deflate = st.inflate
		if accepted := r.Fields.Get(dialect.AcceptEncoding); accepted != "" && !httpwire.Accepts(accepted, v) {
			st.deflate = nil
		}
	}
	return httpwire.RequestMetadata(r, &st.in.Header)
}

// refuse answers a request that is no call, as HTTP does.
func (s *Server) refuse(x wire.Exchange) {
	r := x.Request()
	switch {
	case r.Major < s.MinMajor:
		refuse(x, http.StatusHTTPVersionNotSupported, fmt.Sprintf(
			"%s needs HTTP/%d, and this request came over HTTP/%d.%d; gRPC-Web and Connect do without", s.Dialect.Name, s.MinMajor, r.Major, r.Minor))
	case r.Method != http.MethodPost:
		refuse(x, http.StatusMethodNotAllowed, fmt.Sprintf("%s calls are made by POST, not by %s", s.Dialect.Name, r.Method),
			wire.Field{Name: "allow", Value: http.MethodPost})
	default:
		names := make([]string, len(s.types))
		for i := range s.types {
			names[i] = s.types[i].name
		}
		all := strings.Join(names, ", ")
		refuse(x, http.StatusUnsupportedMediaType, fmt.Sprintf("the content type %q is not known; known here: %s", httpwire.MediaType(r.Fields), all),
			wire.Field{Name: "accept-post", Value: all})
	}
}

// refuse answers in plain text. That it does not arrive is the client's business.
func refuse(x wire.Exchange, status int, text string, fields ...wire.Field) {
	text += "\n"
	fields = append(fields, wire.Field{Name: "content-type", Value: "text/plain; charset=utf-8"},
		wire.Field{Name: "content-length", Value: strconv.Itoa(len(text))})
	if x.Respond(status, fields) == nil {
		_ = x.End([]byte(text), nil)
	}
}
