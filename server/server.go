// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/jsonhttp"
)

// Server serves services. It is safe for concurrent use; it cannot be used
// again after Shutdown or Close.
type Server struct {
	options    *options
	logger     *slog.Logger
	dispatcher *dispatch.Dispatcher
	http       *h1.Handler
	health     *health.Health // follows what is registered; nil: the user's own does as the user says

	draining chan struct{} // closed when a shutdown begins
	idle     chan struct{} // closed when draining and no source is served
	stopped  chan struct{} // closed when a shutdown is complete

	mu      sync.Mutex // guards the rest; never held over anything that waits
	phase   phase
	bound   []wire.Source // by Listen, not served yet
	serving []*serving
	cut     *ShutdownError // by the hard stop; nil is nothing

	announcers []*announcer // while serving; nil if there is nothing to announce
}

// New returns a server without services. Its error tells all that is wrong with
// the options.
func New(opts ...Option) (*Server, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	d, err := dispatch.New(o.dispatch)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	o.complete(d.Services)
	s := &Server{
		options:    o,
		logger:     o.dispatch.Logger,
		dispatcher: d,
		draining:   make(chan struct{}),
		idle:       make(chan struct{}),
		stopped:    make(chan struct{}),
	}
	s.http = &h1.Handler{
		Protocols:  o.httpProtocols,
		Dispatcher: d,
		Limits:     o.limits,
		Draining:   s.draining,
		Else:       o.httpHandler,
	}
	if o.health == nil {
		s.health = health.New()
		o.health = s.health
	}
	all := func() []*curlew.Service { return append(d.BuiltIn(), d.Services()...) }
	if err := d.RegisterBuiltIn(builtIn(o, all)...); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	return s, nil
}

// Register adds services, all or, if there is an error, none. It may be called
// while the server serves.
func (s *Server) Register(services ...*curlew.Service) error {
	if s.options.routes && !slices.Contains(services, nil) {
		if err := jsonhttp.Check(append(s.Services(), services...)...); err != nil {
			return fmt.Errorf("server: %w", err)
		}
	}
	if err := s.dispatcher.Register(services...); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if s.health != nil {
		for _, service := range services {
			s.health.Set(service.Name(), health.Serving)
		}
	}
	return nil
}

// Services returns the registered services in order of their names.
func (s *Server) Services() []*curlew.Service { return s.dispatcher.Services() }

// ListenAndServe is [Server.Listen] and [Server.Serve] in one. After a Shutdown it
// listens to nothing and returns what Shutdown does.
func (s *Server) ListenAndServe(ctx context.Context, addrs ...string) error {
	err := s.Listen(ctx, addrs...)
	switch {
	case errors.Is(err, errShutDown):
		return s.awaitShutdown(ctx)
	case err != nil:
		return err
	}
	return s.Serve(ctx)
}

// ServeListener serves the connections that l accepts; see [Server.Serve]. The
// server closes l.
func (s *Server) ServeListener(ctx context.Context, l net.Listener) error {
	source, err := s.source(l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return s.Serve(ctx, source)
}

// ServeHTTP answers one HTTP request, so that the server can be the handler, or
// one of the handlers, of an http.Server. Calls that come this way count for
// Shutdown as any others; connections are the http.Server's business.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }
