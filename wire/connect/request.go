// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"net/url"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Fields and content types of the specification's "Unary-Request" and
// "Streaming-Request".
const (
	versionField = "connect-protocol-version"
	version      = "1"
	timeoutField = "connect-timeout-ms"
	typePrefix   = "application/"
	streamPrefix = "application/connect+"
	errorType    = "application/json"
)

// procedure splits a path, "/pkg.Service/Method".
func procedure(path string) (service, method string, ok bool) {
	if strings.Contains(path, "%") {
		var err error
		if path, err = url.PathUnescape(path); err != nil {
			return "", "", false
		}
	}
	service, method, ok = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return service, method, ok && path[0] == '/' && service != "" && method != "" && !strings.Contains(method, "/")
}

// codecFor returns the codec of a unary request's messages; nil if there is
// none.
func (s *Server) codecFor(r *wire.HTTPRequest) curlew.Codec {
	mediaType := httpwire.MediaType(r.Fields)
	if httpwire.CouldBeForm(mediaType) && !httpwire.FromBrowser(r.Fields) {
		return s.named("json")
	}
	if codec, ok := strings.CutPrefix(mediaType, typePrefix); ok && !strings.Contains(codec, "+") {
		return s.named(codec)
	}
	return nil
}

func (s *Server) named(codec string) curlew.Codec {
	for _, c := range s.codecs {
		if c.Name() == codec {
			return c
		}
	}
	return nil
}

// readFields reads what a request's fields say of the call.
func (st *serverStream) readFields(r *wire.HTTPRequest) *curlew.Error {
	if v := r.Fields.Get(versionField); v != "" && v != version {
		return curlew.Errorf(curlew.InvalidArgument, "%s is %q; only %q is known here", versionField, v, version)
	}
	if v := r.Fields.Get(timeoutField); v != "" {
		timeout, err := httpwire.ParseMillis(v)
		if err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "%s: %w", timeoutField, err)
		}
		st.timeout = timeout
	}
	switch v := r.Fields.Get("content-encoding"); v {
	case "", httpwire.Identity:
	default:
		if st.compressed = st.server.compressors.Named(v); st.compressed == nil {
			return curlew.NewError(curlew.Unimplemented, "content-encoding: "+st.server.compressors.Unknown(v))
		}
	}
	st.compress = st.server.compressors.Accepted(r.Fields.Get("accept-encoding"))
	if err := httpwire.Metadata(r.Fields, &st.in.Header, nil); err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "%w", err)
	}
	if size, limit := st.in.Header.Size(), r.Limits.MaxHeader; size > limit {
		return curlew.Errorf(curlew.ResourceExhausted, "header of %d bytes, more than the %d allowed here", size, limit)
	}
	return nil
}

// badRequest is the answer to a request that is no call.
type badRequest struct {
	status int
	err    *curlew.Error
	fields wire.Fields
}

func reject(status int, err *curlew.Error) *badRequest { return &badRequest{status: status, err: err} }

func rejectf(status int, code curlew.Code, format string, args ...any) *badRequest {
	return reject(status, curlew.Errorf(code, format, args...))
}

func (b *badRequest) with(field, value string) *badRequest {
	b.fields.Add(field, value)
	return b
}

// answer sends it. That it does not arrive is the client's business.
func (b *badRequest) answer(x wire.Exchange) {
	body := append(httpwire.AppendError(nil, b.err), '\n') // for those who read it on a terminal
	_ = respond(x, b.status, errorType, b.fields, body)
}
