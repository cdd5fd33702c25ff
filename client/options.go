// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

// Option changes a client.
type Option func(*settings)

// settings is what the options of a client add up to; after New it is not
// changed.
type settings struct {
	protocol   wire.Protocol
	authority  string
	tls        *tls.Config
	dial       func(ctx context.Context, network, address string) (net.Conn, error)
	calls      []curlew.Interceptor
	attempts   []curlew.Interceptor
	services   []*curlew.Service
	dispatcher *dispatch.Dispatcher // of services; nil if there are none
	resolvers  []discovery.Resolver
	picker     func() balance.Picker
	policy     *policy.Snapshot
	limits     wire.Limits
	codec      curlew.Codec
	timeout    time.Duration
	backoff    resilience.Backoff
	pool       Pool
	health     *HealthCheck // nil for none
	logger     *slog.Logger
}

// WithProtocol speaks p instead of the native protocol.
func WithProtocol(p wire.Protocol) Option { return func(s *settings) { s.protocol = p } }

// WithTLS encrypts connections. The server is asked for, and must prove to be,
// config.ServerName, or if that is empty the target's host or name. The client
// keeps config. Sessions are resumed: by config's ClientSessionCache, or if that
// is nil by one of the client's own.
func WithTLS(config *tls.Config) Option { return func(s *settings) { s.tls = config } }

// WithAuthority asks servers for the given name, "shop.example" or with a port,
// instead of the one that the target tells.
func WithAuthority(name string) Option { return func(s *settings) { s.authority = name } }

// WithDialer makes connections by dial, which runs for several at the same
// time, instead of a net.Dialer.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(s *settings) { s.dial = dial }
}

// WithInterceptors runs interceptors around every call, the first outermost. It
// may be given several times.
func WithInterceptors(interceptors ...curlew.Interceptor) Option {
	return func(s *settings) { s.calls = append(s.calls, interceptors...) }
}

// WithAttemptInterceptors runs interceptors around every attempt of a call,
// after the pick of a server, which is the call's Peer. They are applied once
// for each server, so an interceptor can keep state of a server. It may be
// given several times.
func WithAttemptInterceptors(interceptors ...curlew.Interceptor) Option {
	return func(s *settings) { s.attempts = append(s.attempts, interceptors...) }
}

// WithServices offers services on every connection: a server's handlers call
// them by [curlew.Peer.Caller].
func WithServices(services ...*curlew.Service) Option {
	return func(s *settings) { s.services = append(s.services, services...) }
}

// WithResolver adds resolvers, each for the targets of its scheme. A client
// knows "dns" and "file" without it.
func WithResolver(resolvers ...discovery.Resolver) Option {
	return func(s *settings) { s.resolvers = append(s.resolvers, resolvers...) }
}

// WithPicker chooses servers by what newPicker makes instead of
// [balance.Default].
func WithPicker(newPicker func() balance.Picker) Option {
	return func(s *settings) { s.picker = newPicker }
}

// WithPolicy sets the client's policy, until a resolver tells one.
func WithPolicy(p *policy.Snapshot) Option { return func(s *settings) { s.policy = p } }

// WithLimits bounds what a connection may cost. MaxStreams bounds the calls of
// one connection in flight.
func WithLimits(l wire.Limits) Option { return func(s *settings) { s.limits = l } }

// WithCodec encodes messages by codec instead of the protocol's default.
func WithCodec(codec curlew.Codec) Option { return func(s *settings) { s.codec = codec } }

// WithDefaultTimeout bounds unary calls for which the policy says nothing and
// whose context has no earlier deadline; 0 is no bound.
func WithDefaultTimeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// WithBackoff sets the waits between tries to connect to a server.
func WithBackoff(b resilience.Backoff) Option { return func(s *settings) { s.backoff = b } }

// WithPool says how many connections there are to each server, and for how long.
func WithPool(p Pool) Option { return func(s *settings) { s.pool = p } }

// WithHealthChecks asks connected servers whether they can be used; without it
// only what becomes of calls tells.
func WithHealthChecks(h HealthCheck) Option { return func(s *settings) { s.health = &h } }

// WithLogger logs connections that fail; without it nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(s *settings) { s.logger = l } }

// newSettings applies opts over the defaults. The error tells all that is wrong.
func newSettings(opts []Option) (*settings, error) {
	s := defaults()
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("an option is nil")
		}
		opt(s)
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	if len(s.services) > 0 {
		d, err := dispatch.New(dispatch.Config{Logger: s.logger})
		if err != nil {
			return nil, err
		}
		if err := d.Register(s.services...); err != nil {
			return nil, fmt.Errorf("WithServices: %w", err)
		}
		s.dispatcher = d
	}
	if s.tls != nil && s.tls.ClientSessionCache == nil {
		s.tls = s.tls.Clone()
		s.tls.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	s.limits = s.limits.WithDefaults()
	s.pool = s.pool.withDefaults()
	if s.health != nil {
		h := s.health.withDefaults()
		s.health = &h
	}
	return s, nil
}

func (s *settings) validate() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(s.protocol == nil, "WithProtocol: the protocol is nil")
	wrong(s.dial == nil, "WithDialer: the function is nil")
	wrong(s.policy == nil, "WithPolicy: the policy is nil")
	wrong(s.picker == nil, "WithPicker: the function is nil")
	wrong(s.logger == nil, "WithLogger: the logger is nil")
	wrong(s.timeout < 0, "WithDefaultTimeout: %v is negative", s.timeout)
	if err := s.pool.check(); err != nil {
		errs = append(errs, fmt.Errorf("WithPool: %w", err))
	}
	if s.health != nil {
		if err := s.health.check(); err != nil {
			errs = append(errs, fmt.Errorf("WithHealthChecks: %w", err))
		}
	}
	for _, i := range s.calls {
		wrong(i == nil, "WithInterceptors: an interceptor is nil")
	}
	for _, i := range s.attempts {
		wrong(i == nil, "WithAttemptInterceptors: an interceptor is nil")
	}
	schemes := make(map[string]bool)
	for _, r := range s.resolvers {
		if r == nil {
			wrong(true, "WithResolver: a resolver is nil")
			continue
		}
		wrong(schemes[r.Scheme()], "WithResolver: there are two resolvers for scheme %q", r.Scheme())
		schemes[r.Scheme()] = true
	}
	if err := s.backoff.Check(); err != nil {
		errs = append(errs, fmt.Errorf("WithBackoff: %w", err))
	}
	l := s.limits
	wrong(min(l.MaxReceive, l.MaxSend, l.MaxHeader, l.MaxStreams, l.MaxBuffered) < 0 || min(l.Handshake, l.Liveness) < 0,
		"WithLimits: a limit is negative: %+v", l)
	return errors.Join(errs...)
}

// resolver returns the resolver for a target.
func (s *settings) resolver(t discovery.Target) (discovery.Resolver, error) {
	if t.Scheme == "" {
		return discovery.Direct(t)
	}
	var schemes []string
	for _, r := range slices.Concat(s.resolvers, builtIn(s.logger)) {
		if r.Scheme() == t.Scheme {
			return r, nil
		}
		schemes = append(schemes, r.Scheme())
	}
	return nil, fmt.Errorf("there is no resolver for the scheme %q; add one by client.WithResolver; there are those for %s",
		t.Scheme, strings.Join(schemes, ", "))
}
