// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net"
	"strconv"
	"sync"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/curlewrpc/curlew/contrib/kubernetes"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/realservers"
)

// newResolver returns a resolver of a user, which reaches the API server by addr.
func newResolver(server *realservers.KubernetesServer, addr, token string) *kubernetes.Resolver {
	return kubernetes.New(kubernetes.WithNamespace("default"), kubernetes.WithConfig(&rest.Config{
		Host: "https://" + addr, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAFile: server.CA()},
	}))
}

const folder = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/"

// newSlice returns a slice of a service, for endpoints of a port.
func newSlice(service, name string, port int) *discoveryv1.EndpointSlice {
	number, grpc := int32(port), "grpc"
	return &discoveryv1.EndpointSlice{
		TypeMeta:    metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: service}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: &grpc, Port: &number}},
	}
}

// controller writes slices, as the controller of Kubernetes does for Services
// with selectors.
type controller struct {
	server *realservers.KubernetesServer

	mu      sync.Mutex
	written map[string]map[string]string // the slices of a service, in JSON by name
}

func newController(server *realservers.KubernetesServer) *controller {
	return &controller{server: server, written: make(map[string]map[string]string)}
}

// set has the slices of a service be those given, and writes what differs.
func (c *controller) set(t testing.TB, service string, slices map[string]*discoveryv1.EndpointSlice) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	written := c.written[service]
	if written == nil {
		written = make(map[string]string)
		c.written[service] = written
	}
	for name, slice := range slices {
		body, err := json.Marshal(slice)
		if err != nil {
			t.Fatal(err)
		}
		if written[name] != string(body) {
			c.server.Apply(t, folder+name, body)
			written[name] = string(body)
		}
	}
	for name := range written {
		if slices[name] == nil {
			c.server.Delete(t, folder+name)
			delete(written, name)
		}
	}
}

// parts is into how many slices the endpoints of a service go that have the same
// weight and version.
const parts = 32

// setEndpoints has a service have these endpoints, all of them ready.
func (c *controller) setEndpoints(t testing.TB, service string, endpoints []discovery.Endpoint) {
	t.Helper()
	slices := make(map[string]*discoveryv1.EndpointSlice)
	for _, e := range endpoints {
		host, text, err := net.SplitHostPort(e.Address)
		if err != nil {
			t.Fatal(err)
		}
		port, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s-%08x-%02d", service, hash(fmt.Sprint(e.Weight, e.Version, port)), hash(host)%parts)
		slice := slices[name]
		if slice == nil {
			slice = newSlice(service, name, port)
			slices[name] = slice
			if e.Weight != 0 {
				slice.Labels["curlew/weight"] = strconv.Itoa(e.Weight)
			}
			if e.Version != "" {
				slice.Labels["app.kubernetes.io/version"] = e.Version
			}
		}
		one := discoveryv1.Endpoint{Addresses: []string{host}}
		if e.Zone != "" {
			one.Zone = &e.Zone
		}
		slice.Endpoints = append(slice.Endpoints, one)
	}
	c.set(t, service, slices)
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}
