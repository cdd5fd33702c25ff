// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// StaticResolver knows endpoints that never change. Its scheme is "static", and
// it gives the same endpoints for every name.
type StaticResolver struct {
	endpoints []Endpoint
	err       error
}

// Static returns a resolver of the addresses, each as [ParseEndpoint] reads it.
// What is wrong with them is told by Watch.
func Static(addresses ...string) *StaticResolver {
	s := new(StaticResolver)
	for _, address := range addresses {
		e, err := ParseEndpoint(address)
		if err != nil {
			s.err = errors.Join(s.err, err)
		}
		s.endpoints = append(s.endpoints, e)
	}
	return s
}

// StaticEndpoints returns a resolver of endpoints that are more than addresses.
func StaticEndpoints(endpoints ...Endpoint) *StaticResolver {
	s := &StaticResolver{endpoints: slices.Clone(endpoints)}
	for _, e := range endpoints {
		s.err = errors.Join(s.err, e.Check())
	}
	return s
}

// Direct returns a resolver of a target without a scheme: the addresses that
// the target lists.
func Direct(t Target) (*StaticResolver, error) {
	endpoints, err := parseAddresses(t.Endpoint)
	if err != nil {
		return nil, err
	}
	return &StaticResolver{endpoints: endpoints}, nil
}

// Scheme returns "static".
func (s *StaticResolver) Scheme() string { return "static" }

// Watch gives one update, the final one.
func (s *StaticResolver) Watch(_ context.Context, t Target) (iter.Seq2[Update, error], error) {
	if s.err != nil {
		return nil, fmt.Errorf("static: %w", s.err)
	}
	if len(s.endpoints) == 0 {
		return nil, errors.New("static: no address is given")
	}
	return func(yield func(Update, error) bool) {
		yield(Update{Endpoints: s.endpoints}, nil)
	}, nil
}
