// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package httproute decides who answers an HTTP request, for all versions of
// HTTP alike.
package httproute

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/curlewrpc/curlew/wire"
)

// Router decides who answers a request. It is not changed once in use.
type Router struct {
	// Protocols are asked in turn whose a request is.
	Protocols []wire.HTTPProtocol
	// Handler is the user's, for what is no protocol's; nil: 404.
	Handler http.Handler
	// Beside names what else is taken, for the text of a 404.
	Beside []string
}

// Protocol returns the protocol to answer r, nil if that is not a protocol's
// business.
func (t *Router) Protocol(r *wire.HTTPRequest, d wire.Dispatcher) wire.HTTPProtocol {
	var maybe wire.HTTPProtocol
	for _, p := range t.Protocols {
		switch p.Match(r, d) {
		case wire.Yes:
			return p
		case wire.Maybe:
			if maybe == nil {
				maybe = p
			}
		}
	}
	if t.Handler != nil {
		return nil
	}
	return maybe
}

// NotFound is the text of a 404.
func (t *Router) NotFound(method, path string) string {
	names := make([]string, 0, len(t.Protocols)+len(t.Beside))
	for _, p := range t.Protocols {
		names = append(names, p.Name())
	}
	names = append(names, t.Beside...)
	text := fmt.Sprintf("404 not found: nothing here answers %s %q.", method, path)
	if len(names) > 0 {
		text += " What is taken here over HTTP: " + strings.Join(names, ", ") + "."
	}
	return text
}
