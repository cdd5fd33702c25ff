// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"cmp"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/curlewrpc/curlew/discovery"
)

const (
	versionLabel = "app.kubernetes.io/version"
	weightLabel  = "curlew/weight"
	mostWeight   = 1_000_000
)

// set is what is known of a service's slices. Its owner is one goroutine.
type set struct {
	name   name
	zone   string   // whose hints are followed, if it is not empty
	order  []family // the first one that has endpoints counts
	logger *slog.Logger

	listed  bool
	version string // of the API server's data, up to which the set is complete
	slices  map[string]*discoveryv1.EndpointSlice
}

type family = discoveryv1.AddressType

// replace makes the set what a list says.
func (s *set) replace(list *discoveryv1.EndpointSliceList) {
	s.slices = make(map[string]*discoveryv1.EndpointSlice, len(list.Items))
	for i := range list.Items {
		s.put(&list.Items[i])
	}
	s.listed, s.version = true, list.ResourceVersion
}

func (s *set) put(slice *discoveryv1.EndpointSlice) {
	slice.ManagedFields = nil // they may be larger than the rest
	s.slices[slice.Name] = slice
	if text, ok := slice.Labels[weightLabel]; ok {
		if _, err := weightOf(text); err != nil {
			s.logger.Warn("curlew: the label of an endpoint slice is not a weight from 1 to 1000000", "slice", slice.Namespace+"/"+slice.Name, "label", weightLabel, "value", text)
		}
	}
}

// state is what an endpoint's conditions make of it.
type state int

const (
	unusable state = iota
	draining       // it terminates, and still serves
	ready
)

// stateOf reads conditions as the API defines them: what is not known of Ready
// is true, of Serving what is known of Ready, and of Terminating false.
func stateOf(c discoveryv1.EndpointConditions) state {
	isReady := c.Ready == nil || *c.Ready
	isServing := isReady
	if c.Serving != nil {
		isServing = *c.Serving
	}
	switch terminates := c.Terminating != nil && *c.Terminating; {
	case isReady && !terminates:
		return ready
	case isServing && terminates:
		return draining
	}
	return unusable
}

// candidate is an endpoint that may be told.
type candidate struct {
	endpoint discovery.Endpoint
	state    state
	zones    []string // that it is meant for, if there are hints
}

// endpoints returns the endpoints to be called, in the order of addresses. The
// error says that there are some, but none with the port.
func (s *set) endpoints() ([]discovery.Endpoint, error) {
	var portless error
	for _, f := range s.order {
		found, err := s.candidates(f)
		if portless == nil {
			portless = err
		}
		if len(found) == 0 {
			continue
		}
		var endpoints []discovery.Endpoint
		for _, c := range s.meant(best(found)) {
			endpoints = append(endpoints, c.endpoint)
		}
		return endpoints, nil
	}
	return nil, portless
}

// candidates returns the usable endpoints of a family, each once: slices may
// tell of one twice, while it moves from one to another.
func (s *set) candidates(f family) ([]candidate, error) {
	found := make(map[string]candidate)
	var portless error
	for _, key := range slices.Sorted(maps.Keys(s.slices)) {
		slice := s.slices[key]
		if slice.AddressType != f || len(slice.Endpoints) == 0 {
			continue
		}
		port, ok := s.name.portOf(slice)
		if !ok {
			portless = s.name.noPort(slice)
			continue
		}
		for i := range slice.Endpoints {
			c, ok := candidateOf(slice, &slice.Endpoints[i], port)
			if ok && c.state > found[c.endpoint.Address].state {
				found[c.endpoint.Address] = c
			}
		}
	}
	if len(found) > 0 {
		portless = nil
	}
	return slices.SortedFunc(maps.Values(found), func(a, b candidate) int {
		return strings.Compare(a.endpoint.Address, b.endpoint.Address)
	}), portless
}

func candidateOf(slice *discoveryv1.EndpointSlice, e *discoveryv1.Endpoint, port int32) (candidate, bool) {
	c := candidate{state: stateOf(e.Conditions)}
	if c.state == unusable || len(e.Addresses) == 0 {
		return c, false
	}
	c.endpoint = discovery.Endpoint{
		Network: "tcp",
		Address: net.JoinHostPort(e.Addresses[0], strconv.Itoa(int(port))),
		Version: slice.Labels[versionLabel],
	}
	c.endpoint.Weight, _ = weightOf(slice.Labels[weightLabel]) // put has told of the error
	if e.Zone != nil {
		c.endpoint.Zone = *e.Zone
	}
	if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
		c.label("pod", e.TargetRef.Name)
	}
	if e.NodeName != nil {
		c.label("node", *e.NodeName)
	}
	if e.Hints != nil {
		for _, zone := range e.Hints.ForZones {
			c.zones = append(c.zones, zone.Name)
		}
	}
	return c, true
}

func (c *candidate) label(key, value string) {
	if c.endpoint.Labels == nil {
		c.endpoint.Labels = make(map[string]string)
	}
	c.endpoint.Labels[key] = value
}

func weightOf(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	weight, err := strconv.Atoi(text)
	if err != nil {
		return 0, err
	}
	if weight < 1 || weight > mostWeight {
		return 0, strconv.ErrRange
	}
	return weight, nil
}

// best returns those that are ready, and if there are none, those that still
// serve while they terminate.
func best(all []candidate) []candidate {
	most := slices.MaxFunc(all, func(a, b candidate) int { return cmp.Compare(a.state, b.state) }).state
	return slices.DeleteFunc(all, func(c candidate) bool { return c.state < most })
}

// meant returns those that are meant for the zone, and all if some have no hints
// or none is meant for it, as kube-proxy does.
func (s *set) meant(all []candidate) []candidate {
	if s.zone == "" || slices.ContainsFunc(all, func(c candidate) bool { return len(c.zones) == 0 }) {
		return all
	}
	var near []candidate
	for _, c := range all {
		if slices.Contains(c.zones, s.zone) {
			near = append(near, c)
		}
	}
	if near == nil {
		return all
	}
	return near
}
