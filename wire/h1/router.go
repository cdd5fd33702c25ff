// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/curlewrpc/curlew/wire"
)

// router decides who answers a request.
type router struct {
	protocols []wire.HTTPProtocol
	handler   http.Handler // of the user's; nil: 404
	tunnels   []Tunnel
}

// protocol returns the protocol to answer r, nil if that is not a protocol's
// business.
func (t *router) protocol(r *wire.HTTPRequest, d wire.Dispatcher) wire.HTTPProtocol {
	var maybe wire.HTTPProtocol
	for _, p := range t.protocols {
		switch p.Match(r, d) {
		case wire.Yes:
			return p
		case wire.Maybe:
			if maybe == nil {
				maybe = p
			}
		}
	}
	if t.handler != nil {
		return nil
	}
	return maybe
}

// tunnel returns the tunnel at a path; nil if there is none.
func (t *router) tunnel(path string) *Tunnel {
	for i := range t.tunnels {
		if t.tunnels[i].Path == path {
			return &t.tunnels[i]
		}
	}
	return nil
}

// other answers a request that is no protocol's.
func (t *router) other(w http.ResponseWriter, r *http.Request) {
	if t.handler != nil {
		t.handler.ServeHTTP(w, r)
		return
	}
	http.Error(w, fmt.Sprintf("404 not found: nothing here answers %s %q.%s", r.Method, r.URL.Path, t.taken()), http.StatusNotFound)
}

// taken lists what would be.
func (t *router) taken() string {
	var names []string
	for _, p := range t.protocols {
		names = append(names, p.Name())
	}
	for _, tunnel := range t.tunnels {
		names = append(names, fmt.Sprintf("%s by CONNECT %s", tunnel.Framing.Name(), tunnel.Path))
	}
	if len(names) == 0 {
		return ""
	}
	return " What is taken here over HTTP: " + strings.Join(names, ", ") + "."
}
