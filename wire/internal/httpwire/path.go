// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"net/url"

	"github.com/curlewrpc/curlew"
)

// Path returns the path by which gRPC and Connect call a method,
// "/pkg.Service/Method", escaped.
func Path(m *curlew.Method) string {
	path := "/" + m.FullName()
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '/', c == '.', c == '_', c == '-':
		default:
			return (&url.URL{Path: path}).EscapedPath()
		}
	}
	return path
}
