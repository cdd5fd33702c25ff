// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/curlewrpc/curlew/discovery"
)

func TestParseName(t *testing.T) {
	for in, want := range map[string]name{
		"shop":                                   {"home", "shop", ""},
		"shop:80":                                {"home", "shop", "80"},
		"shop:grpc":                              {"home", "shop", "grpc"},
		"shop.prod":                              {"prod", "shop", ""},
		"shop.prod:grpc-web":                     {"prod", "shop", "grpc-web"},
		"shop.prod.svc:80":                       {"prod", "shop", "80"},
		"shop.prod.svc.cluster.local:80":         {"prod", "shop", "80"},
		"prod/shop":                              {"prod", "shop", ""},
		"prod/shop:65535":                        {"prod", "shop", "65535"},
		"0team/shop:80":                          {"0team", "shop", "80"},
		strings.Repeat("a", 63) + ".prod:8080":   {"prod", strings.Repeat("a", 63), "8080"},
		"prod/" + strings.Repeat("a", 63) + ":1": {"prod", strings.Repeat("a", 63), "1"},
	} {
		if got, err := parseName(in, "home"); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", in, got, err, want)
		}
	}
	for in, text := range map[string]string{
		":80":                     "not the name of a Service",
		"Shop:80":                 `"Shop" is not the name of a Service`,
		"0shop":                   "not the name of a Service",
		"shop_a.prod":             "not the name of a Service",
		"shop.Prod":               "not the name of a namespace",
		"/shop":                   "not the name of a namespace",
		"prod/":                   "not the name of a Service",
		"a/b/c":                   "not the name of a Service",
		"shop.prod.pod":           "nothing or .svc",
		"shop.prod.a.svc":         "nothing or .svc",
		"shop:":                   "neither a port",
		"shop:0":                  "not from 1 to 65535",
		"shop:65536":              "not from 1 to 65535",
		"shop:-1":                 "not from 1",
		"shop:a b":                "neither a port",
		"shop:a:b":                "neither a port",
		"shop:much-too-long-name": "neither a port",
		strings.Repeat("a", 64):   "not the name of a Service",
	} {
		if got, err := parseName(in, "home"); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %+v, error %v, want one with %q", in, got, err, text)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"", "shop", "shop.prod:80", "prod/shop:grpc", "a.b.svc.c.d:1", "a/b/c", ":", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseName(s, "home")
		if err != nil {
			return
		}
		canonical := n.String()
		if n.port != "" {
			canonical += ":" + n.port
		}
		if again, err := parseName(canonical, "other"); err != nil || again != n {
			t.Errorf("%q is %+v; written %q it is %+v (%v)", s, n, canonical, again, err)
		}
	})
}

// slice returns a slice of a family with the port 8080, named grpc, and
// endpoints. Each is written as an address and, after spaces, what is said of it.
func slice(name string, f family, endpoints ...string) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Namespace: "prod"},
		AddressType: f,
		Ports:       []discoveryv1.EndpointPort{{Name: ptr("grpc"), Port: ptr(int32(8080))}},
	}
	for _, text := range endpoints {
		words := strings.Fields(text)
		e := discoveryv1.Endpoint{Addresses: []string{words[0]}}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			switch key {
			case "ready":
				e.Conditions.Ready = ptr(value != "no")
			case "serving":
				e.Conditions.Serving = ptr(value != "no")
			case "terminating":
				e.Conditions.Terminating = ptr(value != "no")
			case "zone":
				e.Zone = ptr(value)
			case "node":
				e.NodeName = ptr(value)
			case "pod":
				e.TargetRef = &corev1.ObjectReference{Kind: "Pod", Name: value}
			case "for":
				e.Hints = new(discoveryv1.EndpointHints)
				for zone := range strings.SplitSeq(value, ",") {
					e.Hints.ForZones = append(e.Hints.ForZones, discoveryv1.ForZone{Name: zone})
				}
			default:
				panic(word)
			}
		}
		s.Endpoints = append(s.Endpoints, e)
	}
	return s
}

func ptr[T any](v T) *T { return &v }

const (
	v4 = discoveryv1.AddressTypeIPv4
	v6 = discoveryv1.AddressTypeIPv6
)

func newSet(port, zone string, slices ...*discoveryv1.EndpointSlice) *set {
	s := &set{
		name:   name{"prod", "shop", port},
		zone:   zone,
		order:  []family{v4, v6, discoveryv1.AddressTypeFQDN},
		logger: slog.New(slog.DiscardHandler),
	}
	list := new(discoveryv1.EndpointSliceList)
	for _, slice := range slices {
		list.Items = append(list.Items, *slice)
	}
	s.replace(list)
	return s
}

func TestWhichEndpoints(t *testing.T) {
	for _, test := range []struct {
		what   string
		zone   string
		slices []*discoveryv1.EndpointSlice
		want   string // the first addresses, without the port
	}{
		{what: "nothing"},
		{what: "a slice without endpoints", slices: []*discoveryv1.EndpointSlice{slice("a", v4)}},
		{what: "conditions that are not known", want: "10.0.0.1",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1")}},
		{what: "some not ready", want: "10.0.0.1",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 ready", "10.0.0.2 ready=no", "10.0.0.3 ready=no serving=no")}},
		{what: "none ready",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.2 ready=no serving=no terminating=no")}},
		{what: "some terminate", want: "10.0.0.1",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 ready serving", "10.0.0.2 ready=no serving terminating")}},
		{what: "all terminate, one serves", want: "10.0.0.2",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 ready=no serving=no terminating", "10.0.0.2 ready=no serving terminating")}},
		{what: "all terminate and are published", want: "10.0.0.1",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 ready terminating")}},
		{what: "several slices", want: "10.0.0.1 10.0.0.2 10.0.0.3",
			slices: []*discoveryv1.EndpointSlice{slice("b", v4, "10.0.0.3", "10.0.0.1"), slice("a", v4, "10.0.0.2")}},
		{what: "one in two slices", want: "10.0.0.1",
			slices: []*discoveryv1.EndpointSlice{slice("b", v4, "10.0.0.1 ready"), slice("a", v4, "10.0.0.1 ready=no serving terminating")}},
		{what: "both families", want: "10.0.0.1 10.0.0.2",
			slices: []*discoveryv1.EndpointSlice{slice("six", v6, "fd00::1", "fd00::2"), slice("four", v4, "10.0.0.1", "10.0.0.2")}},
		{what: "IPv6 alone", want: "[fd00::1]",
			slices: []*discoveryv1.EndpointSlice{slice("six", v6, "fd00::1"), slice("four", v4)}},
		{what: "names", want: "shop.example",
			slices: []*discoveryv1.EndpointSlice{slice("a", discoveryv1.AddressTypeFQDN, "shop.example")}},
		{what: "hints without a zone", want: "10.0.0.1 10.0.0.2",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 for=a", "10.0.0.2 for=b")}},
		{what: "hints", zone: "b", want: "10.0.0.2 10.0.0.3",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 for=a", "10.0.0.2 for=b", "10.0.0.3 for=a,b")}},
		{what: "hints for other zones", zone: "c", want: "10.0.0.1 10.0.0.2",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 for=a", "10.0.0.2 for=b")}},
		{what: "hints that one lacks", zone: "b", want: "10.0.0.1 10.0.0.2",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1", "10.0.0.2 for=b")}},
		{what: "hints that one lacks which is not ready", zone: "b", want: "10.0.0.2",
			slices: []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1 ready=no", "10.0.0.2 for=b", "10.0.0.3 for=a")}},
	} {
		endpoints, err := newSet("grpc", test.zone, test.slices...).endpoints()
		var got []string
		for _, e := range endpoints {
			got = append(got, strings.TrimSuffix(e.Address, ":8080"))
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.what, got, err, test.want)
		}
	}
}

func TestFacts(t *testing.T) {
	s := slice("a", v4, "10.0.0.1 zone=eu-1 node=n1 pod=shop-1")
	s.Labels = map[string]string{versionLabel: "v7", weightLabel: "5"}
	odd := slice("b", v4, "10.0.0.2")
	odd.Labels = map[string]string{weightLabel: "0"}
	var log strings.Builder
	set := newSet("", "")
	set.logger = slog.New(slog.NewTextHandler(&log, nil))
	set.put(s)
	set.put(odd)
	got, err := set.endpoints()
	want := []discovery.Endpoint{
		{Network: "tcp", Address: "10.0.0.1:8080", Zone: "eu-1", Version: "v7", Weight: 5, Labels: map[string]string{"pod": "shop-1", "node": "n1"}},
		{Network: "tcp", Address: "10.0.0.2:8080"},
	}
	if err != nil || !slices.EqualFunc(got, want, discovery.Endpoint.Equal) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if !strings.Contains(log.String(), "prod/b") {
		t.Errorf("the log does not name the slice with a wrong weight: %s", log.String())
	}
}

func TestPorts(t *testing.T) {
	two := slice("a", v4, "10.0.0.1")
	two.Ports = append(two.Ports, discoveryv1.EndpointPort{Name: ptr("metrics"), Port: ptr(int32(9090))},
		discoveryv1.EndpointPort{Name: ptr("dns"), Port: ptr(int32(53)), Protocol: ptr(corev1.ProtocolUDP)})
	none := slice("a", v4, "10.0.0.1")
	none.Ports = nil
	for _, test := range []struct {
		port   string
		slices []*discoveryv1.EndpointSlice
		want   string // an address or a part of the error
	}{
		{"grpc", []*discoveryv1.EndpointSlice{two}, "10.0.0.1:8080"},
		{"metrics", []*discoveryv1.EndpointSlice{two}, "10.0.0.1:9090"},
		{"9090", []*discoveryv1.EndpointSlice{two}, "10.0.0.1:9090"},
		{"", []*discoveryv1.EndpointSlice{slice("a", v4, "10.0.0.1")}, "10.0.0.1:8080"},
		{"7", []*discoveryv1.EndpointSlice{none}, "10.0.0.1:7"},
		{"", []*discoveryv1.EndpointSlice{two}, "have ports 8080 (grpc), 9090 (metrics), 53 (dns); say which: shop.prod:port"},
		{"80", []*discoveryv1.EndpointSlice{two}, "and not 80; a number is that on which the pods listen"},
		{"web", []*discoveryv1.EndpointSlice{two}, "prod/shop have ports 8080 (grpc)"},
		{"dns", []*discoveryv1.EndpointSlice{two}, "and not dns"},
		{"grpc", []*discoveryv1.EndpointSlice{none}, "have no ports, and not grpc"},
		{"metrics", []*discoveryv1.EndpointSlice{two, slice("old", v4, "10.0.0.9")}, "10.0.0.1:9090"},
		{"8080", []*discoveryv1.EndpointSlice{slice("six", v6, "fd00::1"), none}, "10.0.0.1:8080"},
	} {
		endpoints, err := newSet(test.port, "", test.slices...).endpoints()
		got := fmt.Sprint(err)
		if err == nil && len(endpoints) == 1 {
			got = endpoints[0].Address
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("port %q: got %s (%d endpoints), want %s", test.port, got, len(endpoints), test.want)
		}
	}
}
