// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
)

// Harness tells [Run] how to reach a registry and what can be done to it.
type Harness struct {
	// Connect returns what one more process has of the registry, with
	// connections of its own, which end with t.
	Connect func(t testing.TB) Process
	// Set makes the endpoints of a service be exactly those given, for
	// registries without a Registrar.
	Set func(t testing.TB, service string, endpoints []discovery.Endpoint)

	// Service returns the name of a service, unique in the registry, made of one
	// that is like "discoverytest-12-weights". nil: the name as it is.
	Service func(name string) string
	// Target returns the target of a service. nil: its name, with the
	// resolver's scheme.
	Target func(service string) discovery.Target
	// Endpoint returns one of many endpoints. nil: a TCP address in 10.0.0.0/8.
	Endpoint func(i int) discovery.Endpoint
	// Keeps returns what a resolver tells of an endpoint whose registry does not
	// carry all of it. nil: all of it.
	Keeps func(discovery.Endpoint) discovery.Endpoint
	// Bad are targets, or names of services, that Watch refuses.
	Bad []discovery.Target

	// Restart ends the registry and starts it again, with its data. It returns
	// when the registry answers, and so do Wipe and Compact.
	Restart func(t testing.TB)
	// Wipe has the registry lose all its data.
	Wipe func(t testing.TB)
	// Compact has the registry forget what was before now.
	Compact func(t testing.TB)

	// Patience is how long a change may take to be seen. 0: 10 seconds.
	Patience time.Duration
	// Expiry is how long the registry keeps what a process has registered that
	// does not answer. 0: 10 seconds. Patience is added to it.
	Expiry time.Duration
	// Many is how many instances are many. 0: 2000.
	Many int
	// MostDelta is how many bytes a resolver may receive for one change among
	// many instances. 0: a tenth of what it received for all; negative: as many
	// as it likes, since the registry has no deltas.
	MostDelta int64
}

// Process is what one process has of a registry.
type Process struct {
	Resolver discovery.Resolver
	// Registrar is nil if the registry has none; then Harness.Set does its work.
	Registrar discovery.Registrar
	// Line is how the process reaches the registry. Without it the cases are
	// left out that need it to be cut.
	Line Link
}

// Link is a connection that can be cut. A [Line] is one.
type Link interface {
	// Cut ends all connections and refuses new ones, until Mend.
	Cut()
	Mend()
	// Received is how many bytes the process has received; negative if that is
	// not known.
	Received() int64
}

func (h Harness) withDefaults() Harness {
	if h.Service == nil {
		h.Service = func(name string) string { return name }
	}
	if h.Endpoint == nil {
		h.Endpoint = func(i int) discovery.Endpoint {
			return discovery.Endpoint{Network: "tcp", Address: fmt.Sprintf("10.%d.%d.%d:8080", 1+i>>16&0x7f, i>>8&0xff, i&0xff)}
		}
	}
	if h.Keeps == nil {
		h.Keeps = func(e discovery.Endpoint) discovery.Endpoint { return e }
	}
	if h.Patience == 0 {
		h.Patience = 10 * time.Second
	}
	if h.Expiry == 0 {
		h.Expiry = 10 * time.Second
	}
	if h.Many == 0 {
		h.Many = 2000
	}
	return h
}
