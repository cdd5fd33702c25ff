// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/curlewrpc/curlew/discovery"
)

// mostTargets bounds the servers of SRV records whose addresses are looked up.
const mostTargets = 1000

// lookup looks a name up once. Go's resolver does not tell how long its answers
// count, so the messages that it gets are read on their way.
func (c *Config) lookup(ctx context.Context, n name) answer {
	l := &lookup{network: cmp.Or(c.Network, "ip"), server: n.server, ttl: ttl{least: -1}}
	l.resolver = &net.Resolver{PreferGo: true, Dial: l.dial}
	var a answer
	if n.port == "" {
		a.endpoints, a.err = l.services(ctx, n.host)
	} else {
		a.endpoints, a.err = l.addresses(ctx, n.host, n.port, 0)
	}
	a.ttl = l.ttl.get()
	a.missing = isMissing(a.err)
	if a.missing {
		a.endpoints = nil
	}
	return a
}

// lookup is the look-up of one name, of several records at most.
type lookup struct {
	resolver *net.Resolver
	network  string
	server   string
	ttl      ttl
}

// dial connects to a name server, of which network and address are the system's.
func (l *lookup) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, cmp.Or(l.server, address))
	if err != nil {
		return nil, err
	}
	if udp, ok := conn.(*net.UDPConn); ok {
		return &packets{udp, &l.ttl}, nil
	}
	return &stream{Conn: conn, ttl: &l.ttl}, nil
}

func (l *lookup) addresses(ctx context.Context, host, port string, weight int) ([]discovery.Endpoint, error) {
	addrs, err := l.resolver.LookupNetIP(ctx, l.network, host)
	if err != nil {
		return nil, l.blame(err)
	}
	var endpoints []discovery.Endpoint
	for _, addr := range routable(addrs) {
		endpoints = append(endpoints, discovery.Endpoint{
			Network: "tcp", Address: net.JoinHostPort(addr.Unmap().String(), port), Weight: weight,
		})
	}
	return distinct(endpoints), nil
}

// services looks up the servers of SRV records (RFC 2782), those of the best
// priority. One of them whose own name does not exist is left out.
func (l *lookup) services(ctx context.Context, name string) ([]discovery.Endpoint, error) {
	_, records, err := l.resolver.LookupSRV(ctx, "", "", name)
	if err != nil {
		return nil, l.blame(err)
	}
	var endpoints []discovery.Endpoint
	var missing error
	targets := 0
	for _, r := range records { // sorted by priority
		if r.Priority != records[0].Priority || r.Target == "." { // "." is no server
			break
		}
		if targets++; targets > mostTargets {
			return nil, fmt.Errorf("there are more than %d SRV records of the best priority", mostTargets)
		}
		found, err := l.addresses(ctx, r.Target, strconv.Itoa(int(r.Port)), int(r.Weight))
		if err != nil && !isMissing(err) {
			return nil, err
		}
		missing = errors.Join(missing, err)
		endpoints = append(endpoints, found...)
	}
	if len(endpoints) == 0 {
		return nil, missing
	}
	return distinct(endpoints), nil
}

// blame names in an error the server that was asked. Go's resolver names that of
// the system, which it believes to have asked.
func (l *lookup) blame(err error) error {
	var e *net.DNSError
	if l.server != "" && errors.As(err, &e) && e.Server != "" {
		e.Server = l.server
	}
	return err
}

// distinct leaves out addresses that were there before.
func distinct(endpoints []discovery.Endpoint) []discovery.Endpoint {
	seen := make(map[string]bool, len(endpoints))
	kept := endpoints[:0]
	for _, e := range endpoints {
		if !seen[e.Address] {
			seen[e.Address] = true
			kept = append(kept, e)
		}
	}
	return kept
}

// isMissing reports whether a name server has said that there are no such
// records.
func isMissing(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// routable leaves out the family of addresses that this machine has no route to,
// unless it is the only one.
func routable(addrs []netip.Addr) []netip.Addr {
	var four, six []netip.Addr
	for _, a := range addrs {
		if a.Unmap().Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	switch {
	case len(four) == 0 || len(six) == 0:
		return addrs
	case !hasRoute(six[0]):
		return four
	case !hasRoute(four[0]):
		return six
	}
	return addrs
}

// hasRoute asks for the route only: to connect a UDP socket sends nothing.
func hasRoute(a netip.Addr) bool {
	conn, err := net.Dial("udp", netip.AddrPortFrom(a, 9).String())
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was written
	return true
}

// looksVirtual reports whether the only address of a name is probably that of a
// Kubernetes service: the name says so, or the address is beside that of the
// API server, which is such a service.
func looksVirtual(name, address string) bool {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	host, _, _ := strings.Cut(strings.ToLower(name), ":")
	if strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc.") {
		return true
	}
	api, err := netip.ParseAddr(os.Getenv("KUBERNETES_SERVICE_HOST"))
	if err != nil {
		return false
	}
	bits := 16
	if api.Is6() {
		bits = 108 // the smallest that Kubernetes takes for services
	}
	network, err := api.Prefix(bits)
	return err == nil && network.Contains(at.Addr())
}
