// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"log/slog"
	"net"
	"time"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/dns"
	"github.com/curlewrpc/curlew/discovery/file"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/wire/native"
)

// defaults is what a client is without options.
func defaults() *settings {
	return &settings{
		protocol: native.New(),
		dial:     (&net.Dialer{}).DialContext,
		policy:   new(policy.Snapshot),
		picker:   balance.Default,
		logger:   slog.New(slog.DiscardHandler),
	}
}

// builtIn returns the resolvers that a client has without options, behind those
// of [WithResolver].
func builtIn(l *slog.Logger) []discovery.Resolver {
	return []discovery.Resolver{dns.New(dns.Config{Logger: l}), file.New(file.Config{})}
}

const (
	// maxAttempts bounds how often a call that no server has begun is tried
	// without a wait. The retries come after that.
	maxAttempts = 3
	// maxPicks bounds how often a server is picked for one attempt of the retries,
	// where the servers' breakers refuse it.
	maxPicks = 8
	// connectPatience bounds how long a call without a deadline waits for a
	// connection.
	connectPatience = 10 * time.Second
	// stableAfter is how long a connection that has answered no call must have
	// lived to count as more than a failed dial.
	stableAfter = time.Second
)
