// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package dns finds servers by the domain name system.
//
//	c, err := client.New("dns:///shop.example:8080", client.WithResolver(dns.New(dns.Config{})))
//
// Targets are
//
//	dns:///shop.example:8080            every IPv4 and IPv6 address of the name
//	dns:///_grpc._tcp.shop.example      every address of every server in its SRV records
//	dns://10.0.0.53/shop.example:8080   the same, asked of that server (port 53)
//	dns:///10.0.0.1:8080                an address; nothing is asked
//
// Of SRV records those of the best priority count, and their weights become the
// endpoints'. Over TLS, servers must prove to be what the client asks for, which
// is the whole SRV name unless client.WithAuthority says better. A host with
// addresses of both families is two endpoints; an address family to which this machine has no route is left out.
// Names are completed as the system's resolver would do, by /etc/hosts and
// /etc/resolv.conf. The resolver is Go's own, also on systems that have another.
//
// A name is asked for again when its records expire, neither more often than
// [Config.MinRefresh] nor less often than [Config.MaxRefresh], a little later for
// some clients than for others. When connections fail, [Resolver.Refresh] asks at
// once. All that is asked for comes anew each time: there are no deltas.
//
// A Kubernetes service has one virtual address unless it is headless
// (clusterIP: None). Behind one address there is nothing to balance over, so
// that is logged as a warning.
package dns
