// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest_test

import (
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

// inMemory is a harness of a registry in memory.
func inMemory() discoverytest.Harness {
	const lease = 300 * time.Millisecond
	r := discoverytest.NewRegistry(lease)
	return discoverytest.Harness{
		Connect: func(testing.TB) discoverytest.Process {
			c := r.Connect()
			return discoverytest.Process{Resolver: c, Registrar: c, Line: c}
		},
		Restart:   func(testing.TB) { r.Stop(); r.Start() },
		Wipe:      func(testing.TB) { r.Wipe() },
		Compact:   func(testing.TB) {},
		Bad:       []discovery.Target{{Scheme: "mem", Authority: "elsewhere", Endpoint: "shop"}},
		Expiry:    lease,
		MostDelta: -1,
	}
}

func TestRegistry(t *testing.T) { discoverytest.Run(t, inMemory()) }
