// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
)

// Unlimited is the Timeout of a method that has none, whatever its service's
// or the default is.
const Unlimited time.Duration = -1

// Method is what holds for one method. A zero field says nothing: the wider
// rule holds, and beyond the widest what the client is set to.
type Method struct {
	// Timeout bounds a unary call, all its attempts together, unless the
	// caller's deadline is earlier. Streams are bounded by their context alone.
	Timeout time.Duration
	// MaxReceive and MaxSend bound the size in bytes of each message.
	MaxReceive, MaxSend int
}

// Rules are policies by how much they cover; what covers less goes first, field
// by field.
type Rules struct {
	// Default holds for every method.
	Default Method
	// Services holds for the methods of a service; the key is its full name,
	// "shop.v1.Cart".
	Services map[string]Method
	// Methods holds for one method; the key is its full name,
	// "shop.v1.Cart/Add" or "Cart.Add".
	Methods map[string]Method
}

// Snapshot answers which policy a method has. It is immutable and safe for
// concurrent use. A nil Snapshot and one of no rules say nothing about any
// method.
type Snapshot struct {
	byDefault Method
	services  map[string]*Method
	methods   map[name]*Method
}

type name struct{ service, method string }

// New makes a snapshot of rules, which it does not keep. The error lists all
// that is wrong with them.
func New(rules Rules) (*Snapshot, error) {
	s := &Snapshot{
		byDefault: rules.Default,
		services:  make(map[string]*Method, len(rules.Services)),
		methods:   make(map[name]*Method, len(rules.Methods)),
	}
	errs := []error{check("the default", rules.Default)}
	for service, m := range rules.Services {
		if service == "" || strings.Contains(service, "/") {
			errs = append(errs, fmt.Errorf("policy: %q is not the name of a service", service))
		}
		errs = append(errs, check("service "+service, m))
		m = m.over(rules.Default)
		s.services[service] = &m
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
		errs = append(errs, check("method "+full, m))
		m = m.over(rules.Services[n.service]).over(rules.Default)
		s.methods[n] = &m
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Method returns m's policy, which the caller must not change; never nil.
func (s *Snapshot) Method(m *curlew.Method) *Method {
	if s == nil {
		return new(Method)
	}
	if p := s.methods[name{m.Service(), m.Name()}]; p != nil {
		return p
	}
	if p := s.services[m.Service()]; p != nil {
		return p
	}
	return &s.byDefault
}

// over returns m with its zero fields taken from wider.
func (m Method) over(wider Method) Method {
	if m.Timeout == 0 {
		m.Timeout = wider.Timeout
	}
	if m.MaxReceive == 0 {
		m.MaxReceive = wider.MaxReceive
	}
	if m.MaxSend == 0 {
		m.MaxSend = wider.MaxSend
	}
	return m
}

func check(of string, m Method) error {
	switch {
	case m.Timeout < 0 && m.Timeout != Unlimited:
		return fmt.Errorf("policy: the timeout of %s is %v; it must be positive, or policy.Unlimited", of, m.Timeout)
	case m.MaxReceive < 0:
		return fmt.Errorf("policy: MaxReceive of %s is %d; it must not be negative", of, m.MaxReceive)
	case m.MaxSend < 0:
		return fmt.Errorf("policy: MaxSend of %s is %d; it must not be negative", of, m.MaxSend)
	}
	return nil
}
