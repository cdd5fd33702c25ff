// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"maps"
	"net/http"
	"slices"

	"github.com/curlewrpc/curlew/wire"
)

// newRequest returns the head of r.
func newRequest(r *http.Request) *wire.HTTPRequest {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return &wire.HTTPRequest{
		Method:    r.Method,
		Scheme:    scheme,
		Authority: r.Host,
		Path:      r.URL.EscapedPath(),
		RawQuery:  r.URL.RawQuery,
		Major:     r.ProtoMajor,
		Minor:     r.ProtoMinor,
		Fields:    fieldsOf(r.Header),
		Length:    r.ContentLength,
	}
}

// fieldsOf returns the fields in order of their names, for h has none.
func fieldsOf(h http.Header) wire.Fields {
	fields := make(wire.Fields, 0, len(h))
	for _, key := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[key] {
			fields.Add(key, value)
		}
	}
	return fields
}
