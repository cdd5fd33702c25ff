// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/realservers"
)

func TestConformance(t *testing.T) {
	server := realservers.Kubernetes(t)
	c := newController(server)
	discoverytest.Run(t, discoverytest.Harness{
		Connect: func(t testing.TB) discoverytest.Process {
			line := discoverytest.NewLine(t, server.Addr())
			return discoverytest.Process{Resolver: newResolver(server, line.Addr(), realservers.KubernetesAdmin), Line: line}
		},
		Set: c.setEndpoints,
		Target: func(service string) discovery.Target {
			return discovery.Target{Scheme: "kubernetes", Endpoint: service + ":grpc"}
		},
		Keeps: func(e discovery.Endpoint) discovery.Endpoint {
			e.Network, e.Labels = "tcp", nil
			return e
		},
		Bad: []discovery.Target{
			{Scheme: "kubernetes", Endpoint: "Shop"},
			{Scheme: "kubernetes", Endpoint: "a/b/c"},
			{Scheme: "kubernetes", Endpoint: "shop:99999"},
			{Scheme: "kubernetes", Authority: "cluster", Endpoint: "shop:80"},
		},
		Restart:  server.Restart,
		Compact:  server.Compact,
		Patience: 30 * time.Second,
		Expiry:   20 * time.Second,
	})
}

// TestRights has an account get its rights one after the other.
func TestRights(t *testing.T) {
	server := realservers.Kubernetes(t)
	c := newController(server)
	c.setEndpoints(t, "shop", []discovery.Endpoint{{Address: "10.1.0.1:8080"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	updates, err := newResolver(server, server.Addr(), realservers.KubernetesNobody).Watch(ctx, discovery.Target{Scheme: "kubernetes", Endpoint: "shop:grpc"})
	if err != nil {
		t.Fatal(err)
	}
	grant := func(verbs ...string) {
		apply(t, server, "roles/discover", rbacv1.Role{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
			ObjectMeta: metav1.ObjectMeta{Name: "discover"},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: verbs}},
		})
	}
	apply(t, server, "rolebindings/discover", rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: "discover"},
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "discover"},
		Subjects:   []rbacv1.Subject{{APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: "nobody"}},
	})
	steps := []struct {
		want string
		then func()
	}{
		{`User "nobody" cannot list resource "endpointslices"`, func() { grant("list") }},
		{`User "nobody" cannot watch resource "endpointslices"`, func() { grant("list", "watch") }},
	}
	for u, err := range updates {
		switch {
		case len(steps) > 0 && err != nil && strings.Contains(err.Error(), steps[0].want):
			t.Log(err)
			steps[0].then()
			steps = steps[1:]
			if len(steps) == 0 {
				c.setEndpoints(t, "shop", []discovery.Endpoint{{Address: "10.1.0.2:8080"}})
			}
		case len(u.Endpoints) == 1 && u.Endpoints[0].Address == "10.1.0.2:8080":
			return
		}
	}
	t.Errorf("the watch has ended, and %d errors were not told", len(steps))
}

func apply(t *testing.T, server *realservers.KubernetesServer, path string, object any) {
	t.Helper()
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	server.Apply(t, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/"+path, body)
}

func TestWrongToken(t *testing.T) {
	server := realservers.Kubernetes(t)
	updates, err := newResolver(server, server.Addr(), "wrong").Watch(t.Context(), discovery.Target{Scheme: "kubernetes", Endpoint: "shop:grpc"})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range updates {
		if err == nil || !strings.Contains(err.Error(), "does not know this client's credentials") {
			t.Errorf("error is %v", err)
		}
		break
	}
}
