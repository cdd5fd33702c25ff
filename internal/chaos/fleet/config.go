// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/contrib/consul"
	"github.com/curlewrpc/curlew/contrib/etcd"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/hashicorp/consul/api"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Flag is the first argument of a server; the second is its Config as JSON.
const Flag = "-replica"

// Config says what a server does.
type Config struct {
	// Listen is where: a free port of 127.0.0.1 if empty.
	Listen string
	// Registry is where the server registers as Service, "etcd://127.0.0.1:2379"
	// or "consul://127.0.0.1:8500"; empty is nowhere.
	Registry string
	TTL      time.Duration // of the registration; 0 is the registry's default
	// Handle is how long each call takes in the handler.
	Handle time.Duration
	// Slots is how many calls the handler takes at the same time, so that its
	// capacity is Slots/Handle; 0 is no bound.
	Slots int
	// Drain is how long the server still takes calls when it has been asked to
	// end; 0 is the default.
	Drain time.Duration
	// Shed has the server refuse what its Slots cannot serve in time.
	Shed bool
}

// Service is what servers register as.
const Service = "chaos"

// Order is what a server is told while it runs.
type Order struct {
	Handle time.Duration
}

// note is what a server tells: one of its fields.
type note struct {
	Listening  string `json:",omitempty"` // the address
	Registered bool   `json:",omitempty"`
	Obeyed     bool   `json:",omitempty"`
}

// Request and Reply are the messages.
type (
	Request struct{ Number int64 }
	Reply   struct{ Number int64 }
)

// Read and Write are the methods as clients call them.
func Read() *curlew.Method {
	return curlew.Unary[Request, Reply](Service+".Fleet/Read", nil, curlew.NoSideEffects)
}

// Write is not idempotent.
func Write() *curlew.Method { return curlew.Unary[Request, Reply](Service+".Fleet/Write", nil) }

// Registry is a registry that servers join and clients ask.
type Registry interface {
	discovery.Resolver
	discovery.Registrar
}

// OpenRegistry returns the registry of a URL as in Config.
func OpenRegistry(text string, ttl time.Duration, logger *slog.Logger) (Registry, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "etcd":
		options := []etcd.Option{etcd.WithLogger(logger)}
		if ttl > 0 {
			options = append(options, etcd.WithTTL(ttl))
		}
		return etcd.New(clientv3.Config{Endpoints: []string{u.Host}}, options...), nil
	case "consul":
		options := []consul.Option{consul.WithLogger(logger)}
		if ttl > 0 {
			options = append(options, consul.WithTTL(ttl))
		}
		return consul.New(api.Config{Address: u.Host}, options...), nil
	}
	return nil, fmt.Errorf("%s: there is no such registry", text)
}

// announcer tells when a registration is known to the registry.
type announcer struct {
	discovery.Registrar
	registered func()
}

func (a announcer) Register(ctx context.Context, service string, e discovery.Endpoint) (func(context.Context) error, error) {
	leave, err := a.Registrar.Register(ctx, service, e)
	if err == nil {
		a.registered()
	}
	return leave, err
}
