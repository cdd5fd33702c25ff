// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proxyproto

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// maxLine is the length of the longest line, with its CRLF (section 2.1).
const maxLine = 107

// version1 reads the rest of a line of section 2.1:
//
//	PROXY TCP4 source destination source-port destination-port CRLF
//
// with TCP6 for IPv6. After UNKNOWN, anything may follow and is ignored.
func (r *reader) version1() (Header, error) {
	line, err := r.line(maxLine)
	if err != nil {
		return Header{}, err
	}
	fields := strings.Split(line, " ")
	family := fields[1]
	if family == "UNKNOWN" {
		return Header{Version: 1}, nil
	}
	if family != "TCP4" && family != "TCP6" || len(fields) != 6 {
		return Header{}, fmt.Errorf("malformed line %q", line)
	}
	source, err := endpoint(family, fields[2], fields[4])
	if err != nil {
		return Header{}, fmt.Errorf("source in line %q: %w", line, err)
	}
	destination, err := endpoint(family, fields[3], fields[5])
	if err != nil {
		return Header{}, fmt.Errorf("destination in line %q: %w", line, err)
	}
	return Header{Version: 1, Source: source, Destination: destination}, nil
}

func endpoint(family, host, port string) (*net.TCPAddr, error) {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil, err
	}
	if addr.Is4() != (family == "TCP4") || addr.Zone() != "" {
		return nil, fmt.Errorf("address %s does not fit %s", host, family)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	if len(port) > 1 && port[0] == '0' {
		return nil, errors.New("port has leading zeros")
	}
	return tcpAddr(addr, uint16(number)), nil
}

// tcpAddr writes an IPv4 address one way only, as the connections of a listener
// have it, so that rules about addresses cannot be evaded.
func tcpAddr(addr netip.Addr, port uint16) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr.Unmap(), port))
}
