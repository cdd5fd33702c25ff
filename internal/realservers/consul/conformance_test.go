// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"testing"
	"time"

	"github.com/curlewrpc/curlew/contrib/consul"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/realservers"
	"github.com/hashicorp/consul/api"
)

func TestConformance(t *testing.T) {
	server := realservers.Consul(t)
	discoverytest.Run(t, discoverytest.Harness{
		Connect: func(t testing.TB) discoverytest.Process {
			line := discoverytest.NewLine(t, server.Addr())
			r := consul.New(api.Config{Address: line.Addr()}, consul.WithTTL(5*time.Second))
			return discoverytest.Process{Resolver: r, Registrar: r, Line: line}
		},
		Bad:     []discovery.Target{{Scheme: "consul", Endpoint: "/shop"}, {Scheme: "consul", Endpoint: "a b"}},
		Restart: server.Restart,
		Wipe:    server.Wipe,
		// A restart takes some seconds, in which nobody is elected yet.
		Patience: 25 * time.Second,
		Expiry:   10 * time.Second,
		// Consul tells all instances at each change.
		MostDelta: -1,
		// One agent writes each confirmation to its disk: see TestThousands.
		Many: 100,
	})
}
