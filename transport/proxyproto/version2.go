// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proxyproto

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
)

const (
	fixedSize = 16 // of every header of version 2 (section 2.2)

	// maxRest bounds what follows. The specification wants headers to fit one
	// segment; certificates' names in the extensions may take more.
	maxRest = 4096

	// The commands.
	cmdLocal = 0x0
	cmdProxy = 0x1

	// The families, in the upper half of their byte, and the kinds of socket,
	// in the lower.
	familyUnspec, familyInet, familyInet6, familyUnix = 0x0, 0x1, 0x2, 0x3
	kindUnspec, kindStream, kindDatagram              = 0x0, 0x1, 0x2
	unixSize                                          = 108 // of a path
)

// version2 reads the rest of a header of section 2.2: after the signature,
//
//	version (upper half) and command (lower)   1 byte
//	family (upper half) and kind (lower)       1 byte
//	length of the rest                         2 bytes
//	addresses, then extensions                 that many bytes
//
// The extensions are ignored.
func (r *reader) version2() (Header, error) {
	if err := r.exactly(fixedSize); err != nil {
		return Header{}, err
	}
	version, command := r.buf[12]>>4, r.buf[12]&0xf
	family, kind := r.buf[13]>>4, r.buf[13]&0xf
	size := int(binary.BigEndian.Uint16(r.buf[14:]))
	switch {
	case version != 2:
		return Header{}, fmt.Errorf("version %d, want 2", version)
	case command != cmdLocal && command != cmdProxy:
		return Header{}, fmt.Errorf("unknown command %d", command)
	case size > maxRest:
		return Header{}, fmt.Errorf("the header announces %d bytes, more than %d", size, maxRest)
	case command == cmdProxy && (family > familyUnix || kind > kindDatagram):
		return Header{}, fmt.Errorf("unknown family and kind of address %#02x", r.buf[13])
	}
	if err := r.exactly(fixedSize + size); err != nil {
		return Header{}, err
	}
	h := Header{Version: 2}
	// Datagrams are not forwarded to a stream: that is as good as unspecified.
	if command == cmdLocal || kind != kindStream || family == familyUnspec {
		return h, nil
	}
	var err error
	h.Source, h.Destination, err = addresses(family, r.buf[fixedSize:])
	return h, err
}

// addresses decodes the addresses of stream sockets at the beginning of rest.
func addresses(family byte, rest []byte) (source, destination net.Addr, err error) {
	ipSize := net.IPv4len
	if family == familyInet6 {
		ipSize = net.IPv6len
	}
	need := 2*ipSize + 4 // with the ports
	if family == familyUnix {
		need = 2 * unixSize
	}
	if len(rest) < need {
		return nil, nil, fmt.Errorf("%d bytes do not hold the addresses, which take %d", len(rest), need)
	}
	if family == familyUnix {
		return unixAddr(rest[:unixSize]), unixAddr(rest[unixSize:need]), nil
	}
	ports := rest[2*ipSize:]
	return ipAddr(rest[:ipSize], ports), ipAddr(rest[ipSize:2*ipSize], ports[2:]), nil
}

func ipAddr(ip, port []byte) *net.TCPAddr {
	addr, _ := netip.AddrFromSlice(ip) // 4 or 16 bytes: it is one
	return tcpAddr(addr, binary.BigEndian.Uint16(port))
}

// unixAddr decodes a path that zero bytes fill up. A name in the abstract
// namespace begins with a zero byte, written as @.
func unixAddr(path []byte) *net.UnixAddr {
	if path[0] == 0 && len(bytes.Trim(path, "\x00")) > 0 {
		name := bytes.TrimRight(path[1:], "\x00")
		return &net.UnixAddr{Net: "unix", Name: "@" + string(name)}
	}
	path, _, _ = bytes.Cut(path, []byte{0})
	return &net.UnixAddr{Net: "unix", Name: string(path)}
}
