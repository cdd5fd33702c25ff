// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

// NewServer returns a server of orders with options of every sort.
func NewServer(orders Orders, token string, log *slog.Logger) (*server.Server, error) {
	service, err := curlew.Reflect(orders)
	if err != nil {
		return nil, err
	}
	for _, skipped := range service.Skipped() {
		log.Warn("not served", "method", skipped.Method, "reason", skipped.Reason)
	}
	// [options]
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })

	s, err := server.New(
		server.WithInterceptors(Logged(log), RequireToken(token, "Orders/Ready")),
		server.WithHTTPHandler(mux), // what is no RPC, on the same port
		server.WithLogger(log),

		server.WithMaxConnections(10_000),
		server.WithMaxConcurrent(1_000, 5_000), // calls that run; calls that wait
		server.WithLimits(wire.Limits{MaxReceive: 1 << 20, MaxStreams: 100}),
		server.WithMethod("Orders/*", server.MethodConfig{Timeout: 5 * time.Second}),
		server.WithMethod("Orders/Place", server.MethodConfig{MaxConcurrent: 100, MaxQueue: 200}),

		server.WithShutdownTimeout(20*time.Second),
	)
	// [/options]
	if err != nil {
		return nil, err
	}
	return s, s.Register(service)
}

// NewTLSServer returns a server whose port speaks TLS and nothing else.
func NewTLSServer(config *tls.Config, services ...*curlew.Service) (*server.Server, error) {
	// [tls-server]
	s, err := server.New(server.WithTLS(config))
	// [/tls-server]
	if err != nil {
		return nil, err
	}
	return s, s.Register(services...)
}

// Run serves until ctx ends, and then tells what the shutdown has cut.
func Run(ctx context.Context, s *server.Server, log *slog.Logger, addrs ...string) error {
	// [shutdown]
	err := s.ListenAndServe(ctx, addrs...) // ":8080", "unix:///run/shop.sock"
	if cut, ok := errors.AsType[*server.ShutdownError](err); ok {
		for method, calls := range cut.Calls {
			log.Warn("cut by the shutdown", "method", method, "calls", calls)
		}
	}
	return err
	// [/shutdown]
}
