// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
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

// checkVersion looks for the version of the protocol, where it is told.
func checkVersion(r *wire.HTTPRequest) *curlew.Error {
	if v := r.Fields.Get(versionField); v != "" && v != version {
		return curlew.Errorf(curlew.InvalidArgument, "%s is %q; only %q is known here", versionField, v, version)
	}
	return nil
}

// readFields reads what a request's fields say of the call.
func (st *serverStream) readFields(r *wire.HTTPRequest) *curlew.Error {
	if err := checkVersion(r); err != nil {
		return err
	}
	if v := r.Fields.Get(timeoutField); v != "" {
		timeout, err := httpwire.ParseMillis(v)
		if err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "%s: %w", timeoutField, err)
		}
		st.in.Expires = time.Now().Add(timeout)
	}
	if !st.isGet {
		if err := st.compressedBy("content-encoding", r.Fields.Get("content-encoding")); err != nil {
			return err
		}
	}
	st.compress = st.server.compressors.Accepted(r.Fields.Get("accept-encoding"))
	return httpwire.RequestMetadata(r, &st.in.Header)
}

// compressedBy takes in the name of the request's compression.
func (st *serverStream) compressedBy(field, encoding string) *curlew.Error {
	if encoding == "" || encoding == httpwire.Identity {
		return nil
	}
	if st.compressed = st.server.compressors.Named(encoding); st.compressed == nil {
		return curlew.NewError(curlew.Unimplemented, field+": "+st.server.compressors.Unknown(encoding))
	}
	return nil
}

// negotiateGet reads a request that is all in its head (specification,
// "Unary-Get-Request").
func (st *serverStream) negotiateGet(r *wire.HTTPRequest) *badRequest {
	invalid := func(format string, args ...any) *badRequest {
		return rejectf(http.StatusBadRequest, curlew.InvalidArgument, format, args...)
	}
	query, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return invalid("the query: %w", err)
	}
	st.isGet = true
	if v := query.Get("connect"); v != "" && v != "v"+version {
		return invalid("the query's connect is %q; only %q is known here", v, "v"+version)
	}
	for _, name := range []string{"encoding", "message"} {
		if !query.Has(name) {
			return invalid("the query has no %s; a GET needs ?encoding=json&message=…", name)
		}
	}
	if st.codec = st.server.named(query.Get("encoding")); st.codec == nil {
		return st.server.unsupported(curlew.Unknown, typePrefix, "the query's encoding %q is not known", query.Get("encoding"))
	}
	st.message = []byte(query.Get("message"))
	if query.Get("base64") == "1" {
		text := strings.TrimRight(query.Get("message"), "=")
		if st.message, err = base64.RawURLEncoding.DecodeString(text); err != nil {
			return invalid("the query's message: %w", err)
		}
	}
	if err := st.compressedBy("the query's compression", query.Get("compression")); err != nil {
		return reject(httpwire.Status(err.Code()), err)
	}
	return nil
}

// badRequest is the answer to a request that is no call.
type badRequest struct {
	status int
	err    *curlew.Error
	fields wire.Fields
	plain  bool // in plain text, for who may be no client of Connect's
}

func reject(status int, err *curlew.Error) *badRequest { return &badRequest{status: status, err: err} }

func rejectf(status int, code curlew.Code, format string, args ...any) *badRequest {
	return reject(status, curlew.Errorf(code, format, args...))
}

func (b *badRequest) with(field, value string) *badRequest {
	b.fields.Add(field, value)
	return b
}

// inPlainText has it answered so.
func (b *badRequest) inPlainText() *badRequest {
	b.plain = true
	return b
}

// answer sends it. That it does not arrive is the client's business.
func (b *badRequest) answer(x wire.Exchange) {
	body, is := bufpool.Get(0), errorType
	if b.plain {
		body.B, is = append(body.B, b.err.Message()...), "text/plain; charset=utf-8"
	} else {
		body.B = httpwire.AppendError(body.B, b.err)
	}
	body.B = append(body.B, '\n') // for those who read it on a terminal
	_ = respond(x, b.status, is, b.fields, body)
}
