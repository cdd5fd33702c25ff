// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"errors"
	"fmt"
)

// Service is a named set of methods: a value that a server serves and a client
// can offer. It is immutable and safe for concurrent use.
type Service struct {
	name    string
	methods []*Method
	skipped []Skipped
	err     error
}

// Skipped is a method of a receiver that [Reflect] left out.
type Skipped struct {
	Method string // the Go method's name
	Reason string
}

// NewService puts methods together under a full name, "shop.v1.Cart". What is
// wrong with them is told by [Service.Err] and by the server that is asked to
// register the service.
func NewService(name string, methods ...*Method) *Service {
	s := &Service{name: name}
	var errs []error
	if name == "" {
		errs = append(errs, errors.New("a service needs a name"))
	}
	seen := make(map[string]bool, len(methods))
	for i, m := range methods {
		switch {
		case m == nil:
			errs = append(errs, fmt.Errorf("method %d is nil", i))
			continue
		case m.name == "":
			errs = append(errs, fmt.Errorf("method %d has no name", i))
		case m.service != "" && m.service != name:
			errs = append(errs, fmt.Errorf("method %s belongs to service %s", m.name, m.service))
		case m.handler == nil:
			errs = append(errs, fmt.Errorf("method %s has no handler", m.name))
		case seen[m.name]:
			errs = append(errs, fmt.Errorf("method %s is there twice", m.name))
		}
		seen[m.name] = true
		s.methods = append(s.methods, m.of(name))
	}
	if err := errors.Join(errs...); err != nil {
		s.err = fmt.Errorf("curlew: service %q: %w", name, err)
	}
	return s
}

// Name returns the service's full name.
func (s *Service) Name() string { return s.name }

// Methods returns the methods in the order in which they were given. The
// caller must not change the slice.
func (s *Service) Methods() []*Method { return s.methods }

// Skipped returns the receiver's methods that [Reflect] left out, and why.
func (s *Service) Skipped() []Skipped { return s.skipped }

// Err returns what is wrong with the service, nil if it can be served.
func (s *Service) Err() error { return s.err }

// Rename returns the service under another name.
func (s *Service) Rename(name string) *Service {
	methods := make([]*Method, len(s.methods))
	for i, m := range s.methods {
		methods[i] = m.of(name)
	}
	c := NewService(name, methods...)
	c.skipped = s.skipped
	return c
}
