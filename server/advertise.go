// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/curlewrpc/curlew/discovery"
)

// advertised completes an endpoint that has no address by that of the first TCP
// listener. One that listens at all addresses is reached at the machine's own,
// which the function own finds.
func advertised(e discovery.Endpoint, addrs []net.Addr, own func(netip.Addr) (netip.Addr, error)) (discovery.Endpoint, error) {
	if e.Address != "" {
		return e, nil
	}
	for _, addr := range addrs {
		tcp, ok := addr.(*net.TCPAddr)
		if !ok {
			continue
		}
		at := tcp.AddrPort()
		if host := at.Addr().Unmap(); host.IsUnspecified() {
			mine, err := own(host)
			if err != nil {
				return e, fmt.Errorf("the server listens at %s, and clients cannot be told where that is: %w; %s", addr, err, setAddress)
			}
			at = netip.AddrPortFrom(mine, at.Port())
		}
		e.Network, e.Address = "tcp", net.JoinHostPort(at.Addr().Unmap().String(), strconv.Itoa(int(at.Port())))
		return e, nil
	}
	return e, errors.New("the server listens at no TCP address; " + setAddress)
}

const setAddress = "set the Address of WithRegistrar's endpoint to where clients reach the server"

// ownAddress returns the address by which this machine reaches others, or if it
// reaches none, that of its first interface. wildcard is what the server listens
// at: "0.0.0.0" takes IPv4 only.
func ownAddress(wildcard netip.Addr) (netip.Addr, error) {
	// Nothing is sent: to connect a UDP socket only chooses the route. The
	// addresses are for documentation (RFC 5737, RFC 3849).
	probes := []string{"192.0.2.1:9", "[2001:db8::1]:9"}
	if wildcard.Is4() {
		probes = probes[:1]
	}
	for _, probe := range probes {
		conn, err := net.Dial("udp", probe)
		if err != nil {
			continue
		}
		local, ok := conn.LocalAddr().(*net.UDPAddr)
		_ = conn.Close() // nothing was written
		if ok && !local.AddrPort().Addr().IsUnspecified() {
			return local.AddrPort().Addr().Unmap(), nil
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range all {
		network, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(network.IP)
		if ip = ip.Unmap(); ok && ip.IsGlobalUnicast() && (ip.Is4() || !wildcard.Is4()) {
			return ip, nil
		}
	}
	return netip.Addr{}, errors.New("this machine has no address but loopback ones")
}
