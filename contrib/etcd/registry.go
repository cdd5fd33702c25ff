// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// defaultTTL is how long etcd keeps what a process has announced that does not
// answer any more.
const defaultTTL = 10 * time.Second

// Registry finds and announces servers in one etcd cluster. It is safe for
// concurrent use, and needs no closing.
type Registry struct {
	config clientv3.Config
	prefix string
	ttl    time.Duration
	logger *slog.Logger
	err    error // what is wrong with the configuration

	mu    sync.Mutex // guards links
	links map[string]*link
}

var (
	_ discovery.Resolver  = (*Registry)(nil)
	_ discovery.Registrar = (*Registry)(nil)
)

// Option changes how a [Registry] works.
type Option func(*Registry)

// WithPrefix puts a prefix and a slash before the names of services: with
// "services", the instances of shop are the keys that begin with "services/shop/".
func WithPrefix(prefix string) Option {
	return func(r *Registry) { r.prefix = strings.TrimSuffix(prefix, "/") + "/" }
}

// WithTTL says how long etcd keeps what a process has announced that does not
// answer any more. It is rounded up to seconds, at least 2. The default is ten
// seconds.
func WithTTL(ttl time.Duration) Option {
	return func(r *Registry) { r.ttl = ttl }
}

// WithLogger says where it is told that registrations were lost and found. The
// default is [slog.Default].
func WithLogger(logger *slog.Logger) Option {
	return func(r *Registry) { r.logger = logger }
}

// New returns a registry in the etcd cluster that config leads to. Where config
// is zero: the endpoint is 127.0.0.1:2379; what waits for an answer waits at most
// five seconds; a connection that is silent is tested after ten seconds; nothing is
// logged. What is wrong with config is told by Watch and Register.
func New(config clientv3.Config, options ...Option) *Registry {
	r := &Registry{config: withDefaults(config), ttl: defaultTTL, logger: slog.Default(), links: make(map[string]*link)}
	for _, option := range options {
		option(r)
	}
	if r.ttl < 2*time.Second {
		r.err = fmt.Errorf("etcd: a TTL of %v is too short; the shortest is 2s", r.ttl)
	}
	if r.prefix == "/" {
		r.prefix = ""
	}
	return r
}

// Scheme returns "etcd".
func (r *Registry) Scheme() string { return "etcd" }

// folder returns what the keys of a service's instances begin with.
func (r *Registry) folder(service string) (string, error) {
	var problem string
	switch {
	case r.err != nil:
		return "", r.err
	case service == "":
		return "", errors.New("etcd: the name of the service is missing")
	case strings.HasPrefix(service, "/") || strings.HasSuffix(service, "/") || strings.Contains(service, "//"):
		problem = "a part of it between slashes is empty"
	case strings.ContainsFunc(service, func(r rune) bool { return r < ' ' || r == 0x7f }):
		problem = "there is a control character in it"
	default:
		return r.prefix + service + "/", nil
	}
	return "", fmt.Errorf("etcd: %q is no name of a service: %s", service, problem)
}
