// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"net/http"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire/cors"
)

// NewWebServer returns a server for browsers and for gRPC's tools, and the
// health that it tells.
func NewWebServer(services ...*curlew.Service) (*server.Server, *health.Health, error) {
	// [web]
	status := health.New() // of the server as a whole: serving
	s, err := server.New(
		server.WithCORS(cors.Config{Origins: []string{"https://shop.example", "https://*.shop.example"}}),
		server.WithHealth(status), // status.Set("shop.v1.Cart", health.NotServing)
		server.WithReflection(),   // for grpcurl and buf curl from other machines, too
	)
	// [/web]
	if err != nil {
		return nil, nil, err
	}
	return s, status, s.Register(services...)
}

// Mount serves calls below a path of another server's, beside its own pages.
func Mount(s *server.Server, pages http.Handler) *http.Server {
	// [mount]
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", s)) // POST /api/shop.v1.Cart/Add
	mux.Handle("/", pages)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // for gRPC without TLS
	return &http.Server{Handler: mux, Protocols: protocols}
	// [/mount]
}
