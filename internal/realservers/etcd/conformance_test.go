// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"testing"
	"time"

	"github.com/curlewrpc/curlew/contrib/etcd"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/realservers"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestConformance(t *testing.T) {
	server := realservers.Etcd(t)
	discoverytest.Run(t, discoverytest.Harness{
		Connect: func(t testing.TB) discoverytest.Process {
			line := discoverytest.NewLine(t, server.Addr())
			r := etcd.New(clientv3.Config{Endpoints: []string{line.Addr()}}, etcd.WithTTL(3*time.Second))
			return discoverytest.Process{Resolver: r, Registrar: r, Line: line}
		},
		Bad: []discovery.Target{
			{Scheme: "etcd", Endpoint: "/shop"},
			{Scheme: "etcd", Endpoint: "shop//till"},
			{Scheme: "etcd", Authority: "a:1,,b:1", Endpoint: "shop"},
		},
		Restart: server.Restart,
		Wipe:    server.Wipe,
		Compact: server.Compact,
		Expiry:  6 * time.Second,
	})
}
