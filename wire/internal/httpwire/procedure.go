// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"net/url"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// Procedure splits a path, "/pkg.Service/Method".
func Procedure(path string) (service, method string, ok bool) {
	if strings.Contains(path, "%") {
		var err error
		if path, err = url.PathUnescape(path); err != nil {
			return "", "", false
		}
	}
	service, method, ok = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return service, method, ok && path[0] == '/' && service != "" && method != "" && !strings.Contains(method, "/")
}

// RequestMetadata fills in a call's header from the head of its request.
func RequestMetadata(r *wire.HTTPRequest, h *curlew.Header) *curlew.Error {
	if err := Metadata(r.Fields, h, nil); err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "%w", err)
	}
	if size, limit := h.Size(), r.Limits.MaxHeader; size > limit {
		return curlew.Errorf(curlew.ResourceExhausted, "header of %d bytes, more than the %d allowed here", size, limit)
	}
	return nil
}

// AppendRequestMetadata appends the header of a call of m to the fields of its
// request, with the name of this client unless the caller has given another.
func AppendRequestMetadata(f wire.Fields, h *curlew.Header, m *curlew.Method, limit int) (wire.Fields, *curlew.Error) {
	if size := h.Size(); size > limit {
		return nil, curlew.Errorf(curlew.ResourceExhausted, "%s: header of %d bytes, more than the %d of WithLimits(wire.Limits{MaxHeader: …})",
			m.FullName(), size, limit)
	}
	f, err := AppendMetadata(f, "", h)
	if err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: %w", m.FullName(), err)
	}
	if _, ok := h.Lookup("user-agent"); !ok {
		f = append(f, wire.Field{Name: "user-agent", Value: "curlew"})
	}
	return f, nil
}

// ReplyMetadata appends a reply's header or trailer to f, each name after
// prefix. What cannot be sent is the handler's mistake; then f is as it was.
func ReplyMetadata(f wire.Fields, prefix string, h *curlew.Header, m *curlew.Method, limit int) (wire.Fields, *curlew.Error) {
	if h.Len() == 0 {
		return f, nil
	}
	if size := h.Size(); size > limit {
		return f, curlew.Errorf(curlew.Internal, "%s: reply header or trailer of %d bytes, more than the %d of WithLimits(wire.Limits{MaxHeader: …})",
			m.FullName(), size, limit)
	}
	more, err := AppendMetadata(f, prefix, h)
	if err != nil {
		return f, curlew.Errorf(curlew.Internal, "%s: reply: %w", m.FullName(), err)
	}
	return more, nil
}
