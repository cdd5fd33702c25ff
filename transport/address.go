// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// maxUnixPath is the longest path of a Unix socket that any system takes
// (Linux; Darwin takes 103).
const maxUnixPath = 107

// Address is where to listen or to connect, in the terms of package net.
type Address struct {
	Network string // "tcp" or "unix"
	Address string // "host:port", where host may be empty; or a path
}

// String returns the address in the form that ParseAddress reads.
func (a Address) String() string {
	switch {
	case a.Network != "unix":
		return a.Address
	case strings.HasPrefix(a.Address, "/"):
		return "unix://" + a.Address
	default:
		return "unix:" + a.Address
	}
}

// ParseAddress reads "host:port", ":port", "[2001:db8::1]:port" and
// "tcp://host:port"; "unix:///absolute/path" and "unix:path", where a path that
// begins with @ is a name in Linux's abstract namespace. The port is a number.
func ParseAddress(s string) (Address, error) {
	a, err := parseAddress(s)
	if err != nil {
		return Address{}, fmt.Errorf("address %q: %w", s, err)
	}
	return a, nil
}

func parseAddress(s string) (Address, error) {
	scheme, rest, found := strings.Cut(s, "://")
	switch {
	case s == "":
		return Address{}, errors.New(`it is empty; want "host:port", ":port" or "unix:///path"`)
	case found && scheme == "unix" && !strings.HasPrefix(rest, "/"):
		return Address{}, errors.New(`a path after "unix://" begins with "/"; for a relative one write "unix:path"`)
	case found && scheme == "unix":
		return parseUnix(rest)
	case found && scheme == "tcp":
		return parseTCP(rest)
	case found:
		return Address{}, fmt.Errorf(`unknown scheme %q; want "host:port", ":port" or "unix:///path"`, scheme)
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return parseUnix(path)
	}
	return parseTCP(s)
}

func parseUnix(path string) (Address, error) {
	switch {
	case strings.Trim(path, "/") == "":
		return Address{}, errors.New("the path of the socket is missing")
	case len(path) > maxUnixPath:
		return Address{}, fmt.Errorf("the path has %d bytes; systems take at most %d for a socket", len(path), maxUnixPath)
	case strings.ContainsRune(path, 0):
		return Address{}, errors.New("the path contains a zero byte")
	}
	return Address{Network: "unix", Address: path}, nil
}

func parseTCP(s string) (Address, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, explainSplit(s, err)
	}
	if strings.ContainsAny(host, "/?#@ \t\r\n\x00") {
		return Address{}, fmt.Errorf("%q is not the name of a host", host)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return Address{}, fmt.Errorf("port %q is not a number from 0 to 65535", port)
	}
	return Address{Network: "tcp", Address: s}, nil
}

// explainSplit says what to do about an error of net.SplitHostPort.
func explainSplit(s string, err error) error {
	var addrErr *net.AddrError
	if !errors.As(err, &addrErr) {
		return err
	}
	switch {
	case strings.Count(s, ":") > 1 && !strings.Contains(s, "["):
		return fmt.Errorf(`%s; put an IPv6 address in brackets: "[::1]:8080"`, addrErr.Err)
	case addrErr.Err == "missing port in address":
		return fmt.Errorf(`%s; write it behind a colon: "%s:8080"`, addrErr.Err, strings.TrimSuffix(s, ":"))
	}
	return errors.New(addrErr.Err)
}
