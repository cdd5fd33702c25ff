// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// NameServer is a name server for tests outside of the package.
type NameServer struct{ server *nameServer }

// StartNameServer returns a name server that ends with t.
func StartNameServer(t testing.TB) NameServer { return NameServer{newNameServer(t)} }

// Config returns one that asks s, every 20 ms if need be.
func (s NameServer) Config() Config {
	c := quick(s.server.addr)
	c.MaxRefresh = 0
	return c
}

// Point lets a name have the given IPv4 addresses for ttl seconds.
func (s NameServer) Point(name string, ttl uint32, addresses ...string) {
	var records []dnsmessage.Resource
	for _, address := range addresses {
		records = append(records, a(ttl, netip.MustParseAddr(address).As4()))
	}
	s.server.set(name, records...)
}
