// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"fmt"
	"strings"
)

// Target says what a client calls.
type Target struct {
	// Scheme chooses the resolver: "dns". It is empty for a target that is a
	// list of addresses.
	Scheme string
	// Authority is which registry to ask, "10.0.0.1:2379"; mostly empty, and
	// then the resolver knows.
	Authority string
	// Endpoint is what to find: a service's name, or the addresses.
	Endpoint string
}

// ParseTarget reads a target: one address or several, divided by commas
// ("localhost:8080", "a:80,b:80", "unix:///run/shop.sock"), or
// "scheme://authority/endpoint", where the authority is mostly empty
// ("etcd:///shop").
func ParseTarget(s string) (Target, error) {
	if s == "" {
		return Target{}, errors.New("the target is empty; write host:port or scheme:///name")
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "unix" || strings.ContainsAny(scheme, ",:") {
		if _, err := parseAddresses(s); err != nil {
			return Target{}, fmt.Errorf("target %q: %w", s, err)
		}
		return Target{Endpoint: s}, nil
	}
	if scheme == "" || strings.ContainsFunc(scheme, notInScheme) || !isLower(scheme[0]) {
		return Target{}, fmt.Errorf("target %q: %q is not a scheme; those are like etcd", s, scheme)
	}
	authority, endpoint, ok := strings.Cut(rest, "/")
	if !ok {
		return Target{}, fmt.Errorf("target %q: there are three slashes before the name; write %s:///%s", s, scheme, rest)
	}
	if endpoint == "" {
		return Target{}, fmt.Errorf("target %q: the name is missing; write %s:///name", s, scheme)
	}
	if strings.ContainsFunc(rest, isControl) {
		return Target{}, fmt.Errorf("target %q: there is a control character in it", s)
	}
	return Target{Scheme: scheme, Authority: authority, Endpoint: endpoint}, nil
}

// String returns the target as ParseTarget reads it.
func (t Target) String() string {
	if t.Scheme == "" {
		return t.Endpoint
	}
	return t.Scheme + "://" + t.Authority + "/" + t.Endpoint
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func notInScheme(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '+' || r == '-' || r == '.')
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// parseAddresses reads addresses divided by commas.
func parseAddresses(s string) ([]Endpoint, error) {
	var endpoints []Endpoint
	for address := range strings.SplitSeq(s, ",") {
		e, err := ParseEndpoint(address)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, e)
	}
	return endpoints, nil
}
