// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"path"
	"strconv"
	"strings"
)

// Endpoint is one server that can be called.
type Endpoint struct {
	// Network is "tcp" if empty; "unix" for a socket in the file system.
	Network string
	// Address is "host:port" or the socket's path.
	Address string
	// Weight is the server's share of the load beside the others'; 0 means 1.
	Weight int
	// Zone and Version say where the server runs and what it runs; both may be
	// empty.
	Zone, Version string
	// Labels are other facts. Nobody changes them once the endpoint is told.
	Labels map[string]string
}

// ParseEndpoint reads an address: "host:port", "[::1]:port", ":port" for this
// machine, "unix:/path" or "unix:///path".
func ParseEndpoint(address string) (Endpoint, error) {
	if rest, ok := strings.CutPrefix(address, "unix:"); ok {
		file := strings.TrimPrefix(rest, "//")
		if !strings.HasPrefix(file, "/") || path.Clean(file) == "/" {
			return Endpoint{}, fmt.Errorf("address %q: a socket is written unix:///absolute/path", address)
		}
		return Endpoint{Network: "unix", Address: file}, nil
	}
	if err := checkHostPort(address); err != nil {
		return Endpoint{}, fmt.Errorf("address %q: %w", address, err)
	}
	return Endpoint{Network: "tcp", Address: address}, nil
}

func checkHostPort(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		var a *net.AddrError
		if errors.As(err, &a) {
			return fmt.Errorf("%s; write host:port", a.Err)
		}
		return err
	}
	if strings.ContainsAny(host, "/@, \t\r\n\x00") {
		return fmt.Errorf("%q is not a host", host)
	}
	if port == "" {
		return errors.New("the port is empty; write host:port")
	}
	if n, err := strconv.Atoi(port); err == nil && (n < 0 || n > 65535) {
		return fmt.Errorf("port %s is not from 0 to 65535", port)
	} else if err != nil && strings.ContainsFunc(port, notInPort) {
		return fmt.Errorf("%q is not a port", port)
	}
	return nil
}

// notInPort reports whether r occurs in no port: neither in a number nor in the
// name of a service (RFC 6335, section 5.1).
func notInPort(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
}

// Check returns what is wrong with e, or nil.
func (e Endpoint) Check() error {
	switch {
	case e.Address == "":
		return errors.New("an endpoint without an address")
	case e.Weight < 0:
		return fmt.Errorf("endpoint %s: weight %d is negative", e.Address, e.Weight)
	}
	return nil
}

// Equal reports whether two endpoints are the same in every respect.
func (e Endpoint) Equal(other Endpoint) bool {
	return e.Network == other.Network && e.Address == other.Address && e.Weight == other.Weight &&
		e.Zone == other.Zone && e.Version == other.Version && maps.Equal(e.Labels, other.Labels)
}
