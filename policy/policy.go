// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/resilience"
)

// Unlimited is the Timeout of a method that has none, whatever its service's
// or the default is.
const Unlimited time.Duration = -1

// Method is what holds for one method. A zero field says nothing: the wider
// rule holds, and beyond the widest what the client is set to. A struct whose
// Off is set says that there is none of it.
type Method struct {
	// Timeout bounds a call, all its attempts together, unless the caller's
	// deadline is earlier. The default's and a service's do not hold for streams,
	// which are bounded by their context alone unless Rules.Streams or their own
	// rule says otherwise.
	Timeout time.Duration
	// MaxReceive and MaxSend bound the size in bytes of each message.
	MaxReceive, MaxSend int
	// Retry or Hedge makes further attempts; a rule that has one of the two takes
	// neither from a wider rule. Hedge holds for idempotent unary methods only.
	Retry *resilience.Retry
	Hedge *resilience.Hedge
	// Breaker guards the method as a whole, InstanceBreaker each server by itself.
	Breaker, InstanceBreaker *resilience.Breaker
	// Concurrency bounds the calls in flight, Rate those that begin. Each method
	// is counted by itself, also where the rule covers several.
	Concurrency *resilience.Concurrency
	Rate        *resilience.Rate
}

// Rules are policies by how much they cover; what covers less goes first, field
// by field: Methods, Services, then Reads, Writes or Streams, and Default.
type Rules struct {
	// Default holds for every method.
	Default Method
	// Reads holds for unary methods that are marked idempotent or free of side
	// effects, Writes for other unary methods, Streams for all others.
	Reads, Writes, Streams Method
	// Services holds for the methods of a service; the key is its full name,
	// "shop.v1.Cart".
	Services map[string]Method
	// Methods holds for one method; the key is its full name,
	// "shop.v1.Cart/Add" or "Cart.Add".
	Methods map[string]Method
	// Budget bounds the retries and hedges of the whole client.
	Budget resilience.BudgetConfig
}

// Snapshot answers which policy a method has. It is immutable and safe for
// concurrent use. A nil Snapshot and one of no rules say nothing about any
// method.
type Snapshot struct {
	byDefault tiers
	services  map[string]*tiers
	methods   map[name]*tiers
	budget    resilience.BudgetConfig
}

// tiers is a policy for each kind of method.
type tiers [3]Method

const (
	reads = iota
	writes
	streams
)

// tierOf returns which of the tiers holds for m.
func tierOf(m *curlew.Method) int {
	switch {
	case m.Kind() != curlew.KindUnary:
		return streams
	case m.Idempotency() == curlew.IdempotencyUnknown:
		return writes
	default:
		return reads
	}
}

type name struct{ service, method string }

// New makes a snapshot of rules, which it does not keep. The error lists all
// that is wrong with them.
func New(rules Rules) (*Snapshot, error) {
	s := &Snapshot{
		services: make(map[string]*tiers, len(rules.Services)),
		methods:  make(map[name]*tiers, len(rules.Methods)),
		budget:   rules.Budget,
	}
	errs := rules.check()
	s.byDefault = rules.tiers(nil, nil)
	for service, m := range rules.Services {
		if service == "" || strings.Contains(service, "/") {
			errs = append(errs, fmt.Errorf("policy: %q is not the name of a service", service))
		}
		t := rules.tiers(&m, nil)
		s.services[service] = &t
	}
	for full, m := range rules.Methods {
		n := name{}
		n.service, n.method = curlew.SplitName(full)
		if n.service == "" || n.method == "" {
			errs = append(errs, fmt.Errorf("policy: %q is not the full name of a method; write Service/Method", full))
		}
		if s.methods[n] != nil {
			errs = append(errs, fmt.Errorf("policy: method %s/%s is there twice, in two spellings", n.service, n.method))
		}
		service := rules.Services[n.service]
		t := rules.tiers(&service, &m)
		s.methods[n] = &t
	}
	if len(errs) == 0 { // what is wrong in itself is not looked at together
		errs = s.checkTogether()
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Method returns m's policy, which the caller must not change; never nil. For
// one snapshot and method it is always the same pointer.
func (s *Snapshot) Method(m *curlew.Method) *Method {
	if s == nil {
		return new(Method)
	}
	tier := tierOf(m)
	if p := s.methods[name{m.Service(), m.Name()}]; p != nil {
		return &p[tier]
	}
	if p := s.services[m.Service()]; p != nil {
		return &p[tier]
	}
	return &s.byDefault[tier]
}

// Budget returns what bounds the retries and hedges of the whole client.
func (s *Snapshot) Budget() resilience.BudgetConfig {
	if s == nil {
		return resilience.BudgetConfig{}
	}
	return s.budget
}
