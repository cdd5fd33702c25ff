// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/hashicorp/consul/api"
)

// The metadata that are no labels.
const (
	zoneKey    = "zone"
	versionKey = "version"
	own        = "curlew-"
	weightKey  = own + "weight"       // a weight that is too large for Consul
	ownerKey   = own + "registration" // whose the instance is
)

// mostWeight is the largest weight that Consul takes.
const mostWeight = 65535

// encode returns e as an instance of the service, without checks.
func encode(service string, e discovery.Endpoint) (*api.AgentServiceRegistration, error) {
	if err := e.Check(); err != nil {
		return nil, fmt.Errorf("consul: %w", err)
	}
	s := &api.AgentServiceRegistration{Name: service, Meta: maps.Clone(e.Labels)}
	if s.Meta == nil {
		s.Meta = make(map[string]string)
	}
	for key := range e.Labels {
		if key == zoneKey || key == versionKey || strings.HasPrefix(key, own) {
			return nil, fmt.Errorf("consul: endpoint %s: a label cannot be called %q, since metadata of that name mean something else", e.Address, key)
		}
	}
	switch e.Network {
	case "", "tcp":
		host, port, err := net.SplitHostPort(e.Address)
		if err != nil {
			return nil, fmt.Errorf("consul: endpoint %s: %w", e.Address, err)
		}
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return nil, fmt.Errorf("consul: endpoint %s: the port has to be a number from 1 to 65535", e.Address)
		}
		s.Address = host
	case "unix":
		s.SocketPath = e.Address
	default:
		return nil, fmt.Errorf("consul: endpoint %s: the network %q cannot be written; there are tcp and unix", e.Address, e.Network)
	}
	s.ID = service + "-" + strings.ReplaceAll(e.Address, "/", "_")
	for key, value := range map[string]string{zoneKey: e.Zone, versionKey: e.Version} {
		if value != "" {
			s.Meta[key] = value
		}
	}
	weight := max(1, e.Weight)
	if weight > mostWeight {
		s.Meta[weightKey] = strconv.Itoa(weight)
		weight = mostWeight
	}
	s.Weights = &api.AgentWeights{Passing: weight, Warning: max(1, weight/10)}
	return s, nil
}

// decode returns the endpoint of an instance; ok is false if it has none now.
func decode(entry *api.ServiceEntry) (e discovery.Endpoint, ok bool) {
	s := entry.Service
	if s == nil {
		return e, false
	}
	switch entry.Checks.AggregatedStatus() {
	case api.HealthPassing:
		e.Weight = s.Weights.Passing
		if w, err := strconv.Atoi(s.Meta[weightKey]); err == nil {
			e.Weight = w
		}
	case api.HealthWarning:
		e.Weight = s.Weights.Warning
	default:
		return e, false
	}
	if e.Weight <= 0 {
		return e, false
	}
	if s.SocketPath != "" {
		e.Network, e.Address = "unix", s.SocketPath
	} else {
		host := s.Address
		if host == "" && entry.Node != nil {
			host = entry.Node.Address
		}
		e.Network, e.Address = "tcp", net.JoinHostPort(host, strconv.Itoa(s.DefaultPort()))
	}
	e.Zone, e.Version = s.Meta[zoneKey], s.Meta[versionKey]
	if e.Zone == "" && s.Locality != nil {
		e.Zone = s.Locality.Zone
	}
	e.Labels = labels(s)
	return e, e.Check() == nil
}

// labels returns an instance's tags, and those metadata that mean nothing else.
func labels(s *api.AgentService) map[string]string {
	labels := make(map[string]string)
	for _, tag := range s.Tags {
		key, value, _ := strings.Cut(tag, "=")
		labels[key] = value
	}
	for key, value := range s.Meta {
		if key != zoneKey && key != versionKey && !strings.HasPrefix(key, own) {
			labels[key] = value
		}
	}
	if len(labels) == 0 {
		return nil
	}
	return labels
}

// identity is what an endpoint is called by.
type identity struct{ network, address string }

func identityOf(e discovery.Endpoint) identity { return identity{e.Network, e.Address} }

// endpoints returns the endpoints of instances, each once: that of the instance
// changed last if several have the same address.
func endpoints(entries []*api.ServiceEntry) map[identity]discovery.Endpoint {
	set, changed := make(map[identity]discovery.Endpoint, len(entries)), make(map[identity]uint64, len(entries))
	for _, entry := range entries {
		e, ok := decode(entry)
		if id := identityOf(e); ok && entry.Service.ModifyIndex >= changed[id] {
			set[id], changed[id] = e, entry.Service.ModifyIndex
		}
	}
	return set
}

// inOrder returns the endpoints of a set, in an order that does not change.
func inOrder(set map[identity]discovery.Endpoint) []discovery.Endpoint {
	return slices.SortedFunc(maps.Values(set), func(a, b discovery.Endpoint) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Network, b.Network))
	})
}
