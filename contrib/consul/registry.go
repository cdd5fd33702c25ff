// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/hashicorp/consul/api"
)

const (
	defaultTTL        = 10 * time.Second
	defaultDeregister = time.Minute
	// patience bounds what waits for an answer of Consul, unless the caller does.
	patience = 5 * time.Second
	// mostIdle is how many connections are kept for a while: each watch waits by
	// its own.
	mostIdle = 64
)

// Registry finds and announces servers by one agent of Consul. It is safe for
// concurrent use, and needs no closing.
type Registry struct {
	config     api.Config
	transport  *http.Transport // nil if config brings one of its own
	ttl        time.Duration
	deregister time.Duration
	grpcCheck  time.Duration
	logger     *slog.Logger
	err        error // what is wrong with the configuration

	mu    sync.Mutex // guards users
	users int        // watches and registrations
}

var (
	_ discovery.Resolver  = (*Registry)(nil)
	_ discovery.Registrar = (*Registry)(nil)
)

// Option changes how a [Registry] works.
type Option func(*Registry)

// WithTTL says how long an instance is healthy whose process does not confirm it
// any more. The default is ten seconds, the least one second.
func WithTTL(ttl time.Duration) Option {
	return func(r *Registry) { r.ttl = ttl }
}

// WithDeregisterAfter says how long an instance has to be critical before Consul
// forgets it. The default is a minute, which is also the least that Consul does.
func WithDeregisterAfter(d time.Duration) Option {
	return func(r *Registry) { r.deregister = d }
}

// WithGRPCCheck has Consul ask the announced address for its health, by the
// protocol grpc.health.v1 without TLS, that often. Without the option, it does not.
func WithGRPCCheck(interval time.Duration) Option {
	return func(r *Registry) { r.grpcCheck = interval }
}

// WithLogger says where it is told that registrations were lost and found. The
// default is [slog.Default].
func WithLogger(logger *slog.Logger) Option {
	return func(r *Registry) { r.logger = logger }
}

// New returns a registry by the agent that config leads to: 127.0.0.1:8500 unless
// it or Consul's environment variables say otherwise. What is wrong with config is
// told by Watch and Register.
func New(config api.Config, options ...Option) *Registry {
	r := &Registry{config: config, ttl: defaultTTL, deregister: defaultDeregister, logger: slog.Default()}
	for _, option := range options {
		option(r)
	}
	if r.config.HttpClient == nil && r.config.Transport == nil {
		r.transport = api.DefaultConfig().Transport
		r.transport.MaxIdleConnsPerHost, r.transport.IdleConnTimeout = mostIdle, patience
		r.config.Transport = r.transport
	}
	// This completes the configuration by the environment, with an HTTP client
	// that all watches and registrations share.
	if _, err := api.NewClient(&r.config); err != nil {
		r.err = fmt.Errorf("consul: %w", err)
	}
	switch {
	case r.ttl < time.Second:
		r.err = fmt.Errorf("consul: a TTL of %v is too short; the shortest is 1s", r.ttl)
	case r.grpcCheck < 0:
		r.err = fmt.Errorf("consul: a gRPC check every %v cannot be", r.grpcCheck)
	}
	return r
}

// Scheme returns "consul".
func (r *Registry) Scheme() string { return "consul" }

// link is a client of an agent.
type link struct {
	*api.Client
	registry *Registry
	address  string // for errors
	token    bool   // there is one
}

// acquire returns a client of the agent at authority, or of that of the
// configuration if it is empty. The caller releases it.
func (r *Registry) acquire(authority string) (*link, error) {
	if r.err != nil {
		return nil, r.err
	}
	config := r.config
	if authority != "" {
		config.Address = authority
	}
	client, err := api.NewClient(&config)
	if err != nil {
		return nil, fmt.Errorf("consul: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users++
	return &link{client, r, config.Address, config.Token != ""}, nil
}

// release ends the connections if nobody else uses them.
func (l *link) release() {
	r := l.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users--; r.users == 0 && r.transport != nil {
		r.transport.CloseIdleConnections()
	}
}

// explain says what failed, who was asked and why.
func (l *link) explain(what string, err error) error {
	reason := err.Error()
	var status api.StatusError
	switch {
	case errors.As(err, &status) && status.Code == http.StatusForbidden:
		reason = "the ACL token does not allow it: " + strings.TrimSpace(status.Body)
	case errors.As(err, &status):
		reason = fmt.Sprintf("status %d: %s", status.Code, strings.TrimSpace(status.Body))
	case errors.Is(err, context.DeadlineExceeded):
		reason = "no answer within the time"
	}
	return &failure{fmt.Sprintf("consul at %s: %s: %s", l.address, what, reason), err}
}

// failure is an error with a text of its own.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// unknown reports whether err says that Consul does not know what was named.
func unknown(err error) bool {
	var status api.StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// checkName returns what is wrong with the name of a service, or nil.
func checkName(service string) error {
	switch {
	case service == "":
		return errors.New("consul: the name of the service is missing")
	case strings.ContainsFunc(service, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/?#%\x7f", r) }):
		return fmt.Errorf("consul: %q is no name of a service: it is one part of a URL's path, without escapes", service)
	}
	return nil
}
