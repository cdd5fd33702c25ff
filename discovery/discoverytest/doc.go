// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package discoverytest is the suite that every [discovery.Resolver] and
// [discovery.Registrar] passes, and what tests of them need.
//
//	func TestConformance(t *testing.T) {
//		registry := startRegistry(t)
//		discoverytest.Run(t, discoverytest.Harness{
//			Connect: func(t testing.TB) discoverytest.Process {
//				line := discoverytest.NewLine(t, registry.Addr())
//				return discoverytest.Process{
//					Resolver:  smoke.NewResolver(line.Addr()),
//					Registrar: smoke.NewRegistrar(line.Addr()),
//					Line:      line,
//				}
//			},
//			Restart: registry.Restart,
//			Bad:     []string{"smoke:///not/a/service"},
//		})
//	}
//
// Each case has a service of its own, so a registry may be shared. What a
// harness lacks takes away the cases that need it; go test -v lists them.
//
// A [Line] is a TCP connection that can be cut; a [Registry] is one in memory,
// for tests of servers and clients.
package discoverytest
