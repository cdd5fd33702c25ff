// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// TrailerPrefix marks a trailer among the fields of a response's head.
const TrailerPrefix = "trailer-"

// AppendMetadata appends h to f, each name after prefix. The error is for a
// header that HTTP cannot carry as it is; it says why.
func AppendMetadata(f wire.Fields, prefix string, h *curlew.Header) (wire.Fields, error) {
	if err := h.Validate(); err != nil {
		return f, err
	}
	for key, value := range h.All() {
		switch {
		case reserved(key), strings.HasPrefix(key, TrailerPrefix):
			return f, fmt.Errorf("header %q: the name has a meaning of its own in HTTP or in a protocol over it; choose another", key)
		case strings.HasSuffix(key, "-bin"):
			value = base64.RawStdEncoding.EncodeToString([]byte(value))
		case value != strings.Trim(value, " "):
			return f, fmt.Errorf("header %q: the value begins or ends with a space, which HTTP drops; use a name that ends in -bin", key)
		}
		f = append(f, wire.Field{Name: prefix + key, Value: value})
	}
	return f, nil
}

// Metadata returns the metadata among the fields of a request or a response's
// head: all but what belongs to HTTP and the protocols over it. Fields with
// TrailerPrefix go to trailer, the rest to header; if trailer is nil, all go to
// header.
func Metadata(f wire.Fields, header, trailer *curlew.Header) error {
	for i := range f {
		to, name := header, f[i].Name
		if trailer != nil {
			if rest, ok := strings.CutPrefix(name, TrailerPrefix); ok {
				to, name = trailer, rest
			}
		}
		if reserved(name) {
			continue
		}
		if !strings.HasSuffix(name, "-bin") {
			to.Add(name, f[i].Value)
			continue
		}
		// A proxy may have joined several fields by commas (RFC 9110, section 5.3).
		for value := range strings.SplitSeq(f[i].Value, ",") {
			value = strings.TrimRight(strings.Trim(value, " \t"), "=")
			b, err := base64.RawStdEncoding.DecodeString(value)
			if err != nil {
				return fmt.Errorf("header %q: the value of a name that ends in -bin is not base64: %w", name, err)
			}
			to.Add(name, string(b))
		}
	}
	return nil
}

// reserved reports whether a field belongs to HTTP or to a protocol over it.
func reserved(name string) bool {
	switch name {
	case "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "date", "expect", "host",
		"keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	case "grpc-previous-rpc-attempts", "grpc-retry-pushback-ms": // gRFC A6: between retries and handlers
		return false
	}
	return strings.HasPrefix(name, "connect-") || strings.HasPrefix(name, "grpc-") || strings.HasPrefix(name, ":")
}
