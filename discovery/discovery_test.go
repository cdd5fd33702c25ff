// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for _, test := range []struct {
		in   string
		want Target
	}{
		{"localhost:8080", Target{Endpoint: "localhost:8080"}},
		{":8080", Target{Endpoint: ":8080"}},
		{"[::1]:http", Target{Endpoint: "[::1]:http"}},
		{"a:1,b:2", Target{Endpoint: "a:1,b:2"}},
		{"unix:///run/x.sock", Target{Endpoint: "unix:///run/x.sock"}},
		{"unix:/run/x.sock", Target{Endpoint: "unix:/run/x.sock"}},
		{"a:1,unix:///run/x.sock", Target{Endpoint: "a:1,unix:///run/x.sock"}},
		{"dns:///shop.example:80", Target{"dns", "", "shop.example:80"}},
		{"dns://10.0.0.1/shop.example:80", Target{"dns", "10.0.0.1", "shop.example:80"}},
		{"etcd:///team/shop", Target{"etcd", "", "team/shop"}},
		{"xds+v3://a.b:1/shop", Target{"xds+v3", "a.b:1", "shop"}},
	} {
		got, err := ParseTarget(test.in)
		if err != nil || got != test.want {
			t.Errorf("%q: got %+v, %v, want %+v", test.in, got, err, test.want)
		}
		if got.String() != test.in {
			t.Errorf("%q: String gives %q", test.in, got)
		}
	}
}

func TestBadTargets(t *testing.T) {
	for in, text := range map[string]string{
		"":                        "target is empty",
		"localhost":               "missing port in address; write host:port",
		"localhost:":              "port is empty",
		"localhost:99999":         "not from 0 to 65535",
		"localhost:-1":            "not from 0 to 65535",
		"localhost:a b":           "not a port",
		"::1:80":                  "too many colons",
		"a:1,":                    "missing port",
		"a:1,b":                   `address "b"`,
		"user@host:80":            "not a host",
		"http/x:80":               "not a host",
		"unix:":                   "unix:///absolute/path",
		"unix:///":                "unix:///absolute/path",
		"unix:run.sock":           "unix:///absolute/path",
		"dns://shop.example:80":   "write dns:///shop.example:80",
		"dns:///":                 "write dns:///name",
		"://x/y":                  "not a scheme",
		"DNS:///x":                `"DNS" is not a scheme`,
		"2dns:///x":               "not a scheme",
		"http://localhost:80\x00": "three slashes",
		"dns:///a\nb":             "control character",
	} {
		_, err := ParseTarget(in)
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: got error %v, want one with %q", in, err, text)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"", "a:1", "a:1,b:2", "unix:///x", "dns:///a:1", "x://y/z", "[::1]:80", "unix:", "://", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParseTarget(s)
		if err != nil {
			if !strings.Contains(err.Error(), "target") {
				t.Errorf("%q: the error %q does not speak of the target", s, err)
			}
			return
		}
		if target.String() != s {
			t.Errorf("%q: String gives %q", s, target)
		}
		if target.Scheme != "" {
			return
		}
		r, err := Direct(target)
		if err != nil {
			t.Fatalf("%q: parsed but not direct: %v", s, err)
		}
		for _, e := range r.endpoints {
			if e.Check() != nil || e.Network != "tcp" && e.Network != "unix" {
				t.Errorf("%q gives endpoint %+v", s, e)
			}
		}
	})
}

// only returns the endpoints of a resolver's one update.
func only(t *testing.T, r Resolver) []Endpoint {
	t.Helper()
	updates, err := r.Watch(context.Background(), Target{Scheme: r.Scheme(), Endpoint: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var endpoints []Endpoint
	n := 0
	for u, err := range updates {
		if err != nil {
			t.Fatal(err)
		}
		endpoints = u.Endpoints
		n++
	}
	if n != 1 {
		t.Fatalf("%d updates, want 1", n)
	}
	return endpoints
}

func TestStatic(t *testing.T) {
	got := only(t, Static("a:1", "unix:///run/x.sock"))
	want := []Endpoint{{Network: "tcp", Address: "a:1"}, {Network: "unix", Address: "/run/x.sock"}}
	if len(got) != 2 || !got[0].Equal(want[0]) || !got[1].Equal(want[1]) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	weighted := Endpoint{Address: "a:1", Weight: 3, Labels: map[string]string{"rack": "7"}}
	if got := only(t, StaticEndpoints(weighted)); len(got) != 1 || !got[0].Equal(weighted) {
		t.Errorf("got %+v, want %+v", got, weighted)
	}
}

func TestBadStatic(t *testing.T) {
	for _, test := range []struct {
		r    *StaticResolver
		text string
	}{
		{Static(), "no address"},
		{Static("a:1", "b"), `address "b"`},
		{StaticEndpoints(Endpoint{}), "without an address"},
		{StaticEndpoints(Endpoint{Address: "a:1", Weight: -1}), "weight -1 is negative"},
	} {
		_, err := test.r.Watch(context.Background(), Target{})
		if err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("got error %v, want one with %q", err, test.text)
		}
	}
}

func TestEndpointEqual(t *testing.T) {
	e := Endpoint{Network: "tcp", Address: "a:1", Weight: 1, Zone: "z", Version: "v", Labels: map[string]string{"k": "v"}}
	if !e.Equal(e) {
		t.Error("an endpoint is not equal to itself")
	}
	for _, change := range []func(*Endpoint){
		func(e *Endpoint) { e.Network = "unix" },
		func(e *Endpoint) { e.Address = "b:1" },
		func(e *Endpoint) { e.Weight = 2 },
		func(e *Endpoint) { e.Zone = "y" },
		func(e *Endpoint) { e.Version = "w" },
		func(e *Endpoint) { e.Labels = nil },
	} {
		other := e
		change(&other)
		if e.Equal(other) {
			t.Errorf("%+v equals %+v", e, other)
		}
	}
}
