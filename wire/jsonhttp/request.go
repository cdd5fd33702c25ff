// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"net/http"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const (
	jsonType   = "application/json"
	eventsType = "text/event-stream"
)

// accept reads the head of a request.
func (s *Server) accept(x wire.Exchange, d wire.Dispatcher) (*wire.Incoming, *badRequest) {
	r := x.Request()
	route, segments, allow := s.tree().find(r.Method, r.Path)
	switch {
	case route == nil && len(allow) == 0: // it was there a moment ago
		return nil, reject(http.StatusNotFound, curlew.Unimplemented, "there is no route for %s %s", r.Method, r.Path)
	case route == nil:
		all := strings.Join(allow, ", ")
		bad := reject(http.StatusMethodNotAllowed, curlew.Unimplemented, "%s is called by %s, not by %s", r.Path, all, r.Method)
		return nil, bad.with("allow", all)
	case route.broken != nil:
		return nil, reject(http.StatusInternalServerError, curlew.Internal, "%w", route.broken)
	}
	target, err := d.Lookup(route.service, route.name, wire.Attributes{})
	if err != nil {
		return nil, reject(http.StatusNotFound, curlew.CodeOf(err), "%w", err)
	}
	c := call{server: s, x: x, route: route, segments: segments}
	c.limit(r.Limits, target)
	if bad := c.checkBody(r); bad != nil {
		return nil, bad
	}
	c.in.Target = target
	if err := c.readFields(r); err != nil {
		return nil, &badRequest{status: httpwire.Status(err.Code()), err: err}
	}
	return c.begin(r)
}

// begin makes the call one of its method's kind.
func (c *call) begin(r *wire.HTTPRequest) (*wire.Incoming, *badRequest) {
	c.in.Peer, c.in.Draining = c.server.peers.Named(r.Peer, name), r.Draining
	switch m := c.in.Target.Method; m.Kind() {
	case curlew.KindUnary:
		u := &unaryStream{call: c}
		u.compress = c.server.compressors.Accepted(r.Fields.Get("accept-encoding"))
		c.in.Stream = u
	case curlew.KindServerStream:
		if !acceptsEvents(r.Fields) {
			bad := reject(http.StatusNotAcceptable, curlew.Unimplemented,
				"%s answers with a stream of events; ask for it by the field Accept: %s", m.FullName(), eventsType)
			return nil, bad
		}
		c.in.Stream = &eventStream{call: c}
	default:
		return nil, reject(http.StatusNotImplemented, curlew.Unimplemented,
			"%s is a %s method; JSON over HTTP has no streams of requests", m.FullName(), m.Kind())
	}
	return &c.in, nil
}

// acceptsEvents reports whether the client says that it knows how to read a
// stream of events; those who take anything mean one document.
func acceptsEvents(f wire.Fields) bool {
	for i := range f {
		if f[i].Name == "accept" && httpwire.Accepts(f[i].Value, eventsType) {
			return true
		}
	}
	return false
}

// checkBody checks the type and the encoding of a body that is wanted.
func (c *call) checkBody(r *wire.HTTPRequest) *badRequest {
	if c.route.body == "" || r.Length == 0 {
		return nil
	}
	mediaType := httpwire.MediaType(r.Fields)
	fromTool := httpwire.CouldBeForm(mediaType) && !httpwire.FromBrowser(r.Fields)
	if mediaType != jsonType && !fromTool && !c.route.rawRequest {
		bad := reject(http.StatusUnsupportedMediaType, curlew.InvalidArgument, "%s takes a body of the content type %s, not %q", c.route, jsonType, mediaType)
		return bad.with("accept-post", jsonType)
	}
	encoding := r.Fields.Get("content-encoding")
	if encoding == "" || encoding == httpwire.Identity {
		return nil
	}
	if c.encoding = c.server.compressors.Named(encoding); c.encoding == nil {
		bad := reject(http.StatusUnsupportedMediaType, curlew.InvalidArgument, "%s", c.server.compressors.Unknown(encoding))
		return bad.with("accept-encoding", c.server.compressors.Names())
	}
	return nil
}

// readFields reads what a request's fields say of the call. A client that has no
// way of its own to say how long it waits may use gRPC's or Connect's.
func (c *call) readFields(r *wire.HTTPRequest) *curlew.Error {
	for _, f := range r.Fields {
		var timeout time.Duration
		var err error
		switch f.Name {
		case "grpc-timeout":
			timeout, err = httpwire.ParseGRPCTimeout(f.Value)
		case "connect-timeout-ms":
			timeout, err = httpwire.ParseMillis(f.Value)
		default:
			continue
		}
		if err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "%s: %w", f.Name, err)
		}
		c.in.Expires = time.Now().Add(timeout)
	}
	return httpwire.RequestMetadata(r, &c.in.Header)
}

// badRequest is the answer to a request that is no call.
type badRequest struct {
	status int
	err    *curlew.Error
	fields wire.Fields
}

func reject(status int, code curlew.Code, format string, args ...any) *badRequest {
	return &badRequest{status: status, err: curlew.Errorf(code, format, args...)}
}

func (b *badRequest) with(field, value string) *badRequest {
	b.fields.Add(field, value)
	return b
}

// answer sends it. That it does not arrive is the client's business.
func (b *badRequest) answer(x wire.Exchange, codec curlew.Codec) {
	body := append(appendStatus(nil, b.err, codec), '\n') // for those who read it on a terminal
	_ = respond(x, b.status, jsonType, b.fields, body)
}
