// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/discovery"
)

func TestAdvertised(t *testing.T) {
	tcp := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	socket := &net.UnixAddr{Net: "unix", Name: "/run/x"}
	mine := func(wildcard netip.Addr) (netip.Addr, error) {
		if wildcard.Is4() {
			return netip.MustParseAddr("10.7.7.7"), nil
		}
		return netip.MustParseAddr("2001:db8::7"), nil
	}
	lost := func(netip.Addr) (netip.Addr, error) { return netip.Addr{}, errors.New("no network") }
	for _, test := range []struct {
		given, want string
		addrs       []net.Addr
		own         func(netip.Addr) (netip.Addr, error)
		fails       string
	}{
		{"shop.example:80", "shop.example:80", nil, lost, ""},
		{"", "10.1.1.1:80", []net.Addr{socket, tcp("10.1.1.1:80"), tcp("10.1.1.2:80")}, lost, ""},
		{"", "10.7.7.7:80", []net.Addr{tcp("0.0.0.0:80")}, mine, ""},
		{"", "[2001:db8::7]:80", []net.Addr{tcp("[::]:80")}, mine, ""},
		{"", "[fd00::1]:80", []net.Addr{tcp("[fd00::1]:80")}, lost, ""},
		{"", "", []net.Addr{tcp("[::]:80")}, lost, "clients cannot be told where that is: no network; set the Address"},
		{"", "", []net.Addr{socket}, lost, "listens at no TCP address; set the Address"},
	} {
		e, err := advertised(discovery.Endpoint{Address: test.given, Weight: 3}, test.addrs, test.own)
		switch {
		case test.fails != "":
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("%v: got error %v, want one with %q", test.addrs, err, test.fails)
			}
		case err != nil || e.Address != test.want || e.Weight != 3:
			t.Errorf("%q at %v: got %+v, %v, want %s", test.given, test.addrs, e, err, test.want)
		}
	}
}

func TestOwnAddress(t *testing.T) {
	for _, wildcard := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		got, err := ownAddress(wildcard)
		if err != nil {
			t.Skipf("this machine has no address: %v", err)
		}
		if got.IsUnspecified() || wildcard.Is4() && !got.Is4() {
			t.Errorf("for %s: %s", wildcard, got)
		}
	}
}
