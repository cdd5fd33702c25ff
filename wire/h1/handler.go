// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"context"
	"net"
	"net/http"
	"net/netip"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httproute"
)

// Handler serves RPCs inside somebody else's http.Server, which may speak any
// version of HTTP. Once in use it must not be changed; it is safe for
// concurrent use.
type Handler struct {
	// Protocols are asked in turn whose a request is.
	Protocols []wire.HTTPProtocol
	// Dispatcher runs the calls.
	Dispatcher wire.Dispatcher
	// Limits are those of each connection; those on heads and times are the
	// http.Server's own business.
	Limits wire.Limits
	// Draining, if not nil, is closed when calls should come to their end.
	Draining <-chan struct{}
	// Else answers what belongs to no protocol; nil is 404 Not Found.
	Else http.Handler
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	router := httproute.Router{Protocols: h.Protocols, Handler: h.Else}
	request := newRequest(r)
	request.Peer, request.Limits, request.Draining = peerOf(r), h.Limits.WithDefaults(), h.Draining
	if p := router.Protocol(request, h.Dispatcher); p != nil {
		// The request's own end has no cause that tells anything.
		serveExchange(context.WithoutCancel(r.Context()), p, newExchange(w, r, request), h.Dispatcher)
		return
	}
	other(&router, w, r)
}

// other answers a request that is no protocol's.
func other(router *httproute.Router, w http.ResponseWriter, r *http.Request) {
	if router.Handler != nil {
		router.Handler.ServeHTTP(w, r)
		return
	}
	http.Error(w, router.NotFound(r.Method, r.URL.Path), http.StatusNotFound)
}

// peerOf returns what the request tells of its client.
func peerOf(r *http.Request) *curlew.Peer {
	peer := &curlew.Peer{Protocol: r.Proto, TLS: r.TLS}
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		peer.Addr = net.TCPAddrFromAddrPort(addr)
	}
	peer.LocalAddr, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return peer
}
