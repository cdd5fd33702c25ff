// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/hashicorp/consul/api"
)

// seen returns how a registration comes back from Consul.
func seen(s *api.AgentServiceRegistration, status string) *api.ServiceEntry {
	return &api.ServiceEntry{
		Node: &api.Node{Address: "10.9.9.9"},
		Service: &api.AgentService{
			ID: s.ID, Service: s.Name, Address: s.Address, Port: s.Port, SocketPath: s.SocketPath, Meta: s.Meta, Weights: *s.Weights,
		},
		Checks: api.HealthChecks{{Status: status}},
	}
}

func TestInstances(t *testing.T) {
	for _, test := range []struct {
		in, passing discovery.Endpoint
		warning     int // the weight
	}{
		{discovery.Endpoint{Address: "10.0.0.1:80"}, discovery.Endpoint{Network: "tcp", Address: "10.0.0.1:80", Weight: 1}, 1},
		{discovery.Endpoint{Address: ":80", Weight: 50}, discovery.Endpoint{Network: "tcp", Address: "10.9.9.9:80", Weight: 50}, 5},
		{discovery.Endpoint{Network: "unix", Address: "/run/x.sock", Weight: 7}, discovery.Endpoint{Network: "unix", Address: "/run/x.sock", Weight: 7}, 1},
		{discovery.Endpoint{Address: "[::1]:80", Weight: 1_000_000, Zone: "a", Version: "v2", Labels: map[string]string{"rack": "7"}},
			discovery.Endpoint{Network: "tcp", Address: "[::1]:80", Weight: 1_000_000, Zone: "a", Version: "v2", Labels: map[string]string{"rack": "7"}}, 6553},
	} {
		s, err := encode("shop", test.in)
		if err != nil {
			t.Errorf("%+v: %v", test.in, err)
			continue
		}
		if got, ok := decode(seen(s, api.HealthPassing)); !ok || !got.Equal(test.passing) {
			t.Errorf("%+v: passing, it is %+v, %v", test.in, got, ok)
		}
		if got, ok := decode(seen(s, api.HealthWarning)); !ok || got.Weight != test.warning {
			t.Errorf("%+v: with a warning, it is %+v, %v", test.in, got, ok)
		}
		if got, ok := decode(seen(s, api.HealthCritical)); ok {
			t.Errorf("%+v: critical, it is %+v", test.in, got)
		}
	}
}

func TestForeignInstances(t *testing.T) {
	entry := &api.ServiceEntry{Service: &api.AgentService{
		Address: "10.0.0.1", Port: 80, Weights: api.AgentWeights{Passing: 1, Warning: 0}, Tags: []string{"canary", "rack=7"},
		Meta: map[string]string{"rack": "8"}, Locality: &api.Locality{Region: "eu", Zone: "eu-1a"},
	}}
	want := discovery.Endpoint{
		Network: "tcp", Address: "10.0.0.1:80", Weight: 1, Zone: "eu-1a", Labels: map[string]string{"canary": "", "rack": "8"},
	}
	if got, ok := decode(entry); !ok || !got.Equal(want) {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	entry.Checks = api.HealthChecks{{Status: api.HealthWarning}}
	if got, ok := decode(entry); ok {
		t.Errorf("a weight of 0 gives %+v", got)
	}
	if got, ok := decode(&api.ServiceEntry{}); ok {
		t.Errorf("no service gives %+v", got)
	}
}

// Of instances with the same address, that changed last counts.
func TestSameAddress(t *testing.T) {
	one, _ := encode("shop", discovery.Endpoint{Address: "10.0.0.1:80", Weight: 1})
	two, _ := encode("shop", discovery.Endpoint{Address: "10.0.0.1:80", Weight: 2})
	newer, older := seen(one, api.HealthPassing), seen(two, api.HealthPassing)
	newer.Service.ModifyIndex, older.Service.ModifyIndex = 9, 8
	for _, entries := range [][]*api.ServiceEntry{{newer, older}, {older, newer}} {
		if got := inOrder(endpoints(entries)); len(got) != 1 || got[0].Weight != 1 {
			t.Errorf("got %+v", got)
		}
	}
}

func TestBadInstances(t *testing.T) {
	for _, test := range []struct {
		e    discovery.Endpoint
		text string
	}{
		{discovery.Endpoint{}, "without an address"},
		{discovery.Endpoint{Address: "a:1", Weight: -1}, "weight"},
		{discovery.Endpoint{Address: "a"}, "missing port"},
		{discovery.Endpoint{Address: "a:http"}, "has to be a number"},
		{discovery.Endpoint{Network: "mem", Address: "a:1"}, `network "mem"`},
		{discovery.Endpoint{Address: "a:1", Labels: map[string]string{"zone": "x"}}, `called "zone"`},
		{discovery.Endpoint{Address: "a:1", Labels: map[string]string{"curlew-x": "x"}}, `called "curlew-x"`},
	} {
		if _, err := encode("shop", test.e); err == nil || !strings.HasPrefix(err.Error(), "consul: ") || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: error %v, want one with %q", test.e, err, test.text)
		}
	}
}
