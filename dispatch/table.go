// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"maps"
	"slices"

	"github.com/curlewrpc/curlew"
)

// table holds what is registered. It is changed only before it is stored.
type table struct {
	services map[string]*service
	names    []string             // of the services but those built in, in order
	byName   map[string][]*method // methods of these services by their own name
}

type service struct {
	*curlew.Service
	methods map[string]*method
	builtIn bool
}

// clone returns a table that services may be added to; then index it.
func (t *table) clone() *table {
	c := &table{services: maps.Clone(t.services)}
	if c.services == nil {
		c.services = make(map[string]*service)
	}
	return c
}

func (t *table) index() {
	t.names = t.list(false)
	t.byName = make(map[string][]*method)
	for _, name := range t.names {
		for own, m := range t.services[name].methods {
			t.byName[own] = append(t.byName[own], m)
		}
	}
}

// list returns the names of the services that are built in, or of all others.
func (t *table) list(builtIn bool) []string {
	var names []string
	for name, s := range t.services {
		if s.builtIn == builtIn {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// named returns the services of the given names.
func (t *table) named(names []string) []*curlew.Service {
	services := make([]*curlew.Service, len(names))
	for i, name := range names {
		services[i] = t.services[name].Service
	}
	return services
}

// find finds a method; an empty service finds a name that only one has.
func (t *table) find(service, name string) (*method, error) {
	if service == "" {
		return t.findByName(name)
	}
	s, ok := t.services[service]
	if !ok {
		return nil, t.unknownService(service)
	}
	m, ok := s.methods[name]
	if !ok {
		return nil, unknownMethod(service+"/"+name, name, slices.Sorted(maps.Keys(s.methods)))
	}
	return m, nil
}

func (t *table) findByName(name string) (*method, error) {
	switch found := t.byName[name]; len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, unknownMethod(name, name, slices.Sorted(maps.Keys(t.byName)))
	default:
		names := make([]string, len(found))
		for i, m := range found {
			names[i] = m.target.Method.FullName()
		}
		return nil, curlew.Errorf(curlew.Unimplemented, "method %s is ambiguous; known here: %s", quoted(name), listed(names))
	}
}

func (t *table) unknownService(name string) error {
	return curlew.Errorf(curlew.Unimplemented, "unknown service %s; known here: %s", quoted(name), listed(t.names))
}

func unknownMethod(full, name string, names []string) error {
	if near, ok := nearest(name, names); ok {
		return curlew.Errorf(curlew.Unimplemented, "unknown method %s; did you mean %s?", quoted(full), near)
	}
	return curlew.Errorf(curlew.Unimplemented, "unknown method %s; known here: %s", quoted(full), listed(names))
}
