// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/contrib/consul"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/realservers"
	"github.com/hashicorp/consul/api"
)

const patience = 20 * time.Second

var silent = consul.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))

// told is what a sequence has yielded.
type told struct {
	endpoints []discovery.Endpoint
	err       error
}

// follow watches a service until the test ends.
func follow(t *testing.T, r discovery.Resolver, service string) <-chan told {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	updates, err := r.Watch(ctx, discovery.Target{Scheme: "consul", Endpoint: service})
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan told)
	go func() { // the cleanup waits for it
		defer close(out)
		for u, err := range updates {
			select {
			case out <- told{u.Endpoints, err}:
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		for range out {
		}
	})
	return out
}

// await returns the first thing told for which good is true.
func await(t *testing.T, out <-chan told, what string, good func(told) bool) told {
	t.Helper()
	over := time.After(patience)
	var last told
	for {
		select {
		case last = <-out:
			if good(last) {
				return last
			}
		case <-over:
			t.Fatalf("not told of %s within %v; the last was %+v", what, patience, last)
		}
	}
}

func weight(n int) func(told) bool {
	return func(got told) bool {
		return got.err == nil && len(got.endpoints) == 1 && got.endpoints[0].Weight == n
	}
}

func plain(t *testing.T, config api.Config) *api.Client {
	t.Helper()
	client, err := api.NewClient(&config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Warnings lower the weight; critical instances and those under maintenance are
// no endpoints.
func TestHealth(t *testing.T) {
	config := api.Config{Address: realservers.Consul(t).Addr()}
	agent := plain(t, config).Agent()
	out := follow(t, consul.New(config, silent), "shop")
	await(t, out, "an unknown service", func(got told) bool { return got.err == nil && len(got.endpoints) == 0 })
	err := agent.ServiceRegister(&api.AgentServiceRegistration{
		ID: "one", Name: "shop", Address: "10.0.0.1", Port: 80, Tags: []string{"canary", "rack=7"}, Meta: map[string]string{"zone": "a", "team": "till"},
		Weights: &api.AgentWeights{Passing: 10, Warning: 2},
		Check:   &api.AgentServiceCheck{CheckID: "c", TTL: "60s", Status: api.HealthPassing},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := await(t, out, "a passing instance", weight(10))
	want := discovery.Endpoint{
		Network: "tcp", Address: "10.0.0.1:80", Weight: 10, Zone: "a",
		Labels: map[string]string{"canary": "", "rack": "7", "team": "till"},
	}
	if !got.endpoints[0].Equal(want) {
		t.Errorf("got %+v, want %+v", got.endpoints[0], want)
	}
	update := func(status string) {
		t.Helper()
		if err := agent.UpdateTTL("c", "", status); err != nil {
			t.Fatal(err)
		}
	}
	none := func(got told) bool { return got.err == nil && len(got.endpoints) == 0 }
	update(api.HealthWarning)
	await(t, out, "an instance with a warning", weight(2))
	update(api.HealthCritical)
	await(t, out, "a critical instance", none)
	update(api.HealthPassing)
	await(t, out, "a passing instance", weight(10))
	if err := agent.EnableServiceMaintenance("one", "a test"); err != nil {
		t.Fatal(err)
	}
	await(t, out, "maintenance", none)
}

// What Register gives Consul is what an operator expects to see there.
func TestRegistration(t *testing.T) {
	config := api.Config{Address: realservers.Consul(t).Addr()}
	r := consul.New(config, silent, consul.WithTTL(5*time.Second), consul.WithDeregisterAfter(2*time.Minute), consul.WithGRPCCheck(time.Hour))
	leave, err := r.Register(t.Context(), "shop", discovery.Endpoint{Address: "127.0.0.1:80", Weight: 40, Version: "v2", Labels: map[string]string{"team": "till"}})
	if err != nil {
		t.Fatal(err)
	}
	client := plain(t, config)
	services, err := client.Agent().Services()
	if err != nil {
		t.Fatal(err)
	}
	s := services["shop-127.0.0.1:80"]
	if s == nil || s.Address != "127.0.0.1" || s.Port != 80 || s.Weights.Passing != 40 || s.Weights.Warning != 4 || s.Meta["version"] != "v2" || s.Meta["team"] != "till" {
		t.Fatalf("got %+v", s)
	}
	checks, err := client.Agent().Checks()
	if err != nil {
		t.Fatal(err)
	}
	var ttl, grpc bool
	for _, c := range checks {
		ttl = ttl || c.Type == "ttl" && c.Status == api.HealthPassing
		grpc = grpc || c.Type == "grpc" && c.Status == api.HealthCritical
	}
	if !ttl || !grpc {
		t.Errorf("checks are %+v", checks)
	}
	if err := leave(t.Context()); err != nil {
		t.Error(err)
	}
	if services, err = client.Agent().Services(); err != nil || services["shop-127.0.0.1:80"] != nil {
		t.Errorf("after leave: %+v, %v", services, err)
	}
}

// Tokens that are wrong or may not do it, and an agent that is not there, are told.
func TestErrors(t *testing.T) {
	server := realservers.GuardedConsul(t)
	for _, test := range []struct {
		name     string
		config   api.Config
		watch    string
		register string
	}{
		{"no token", api.Config{Address: server.Addr()}, "there is no ACL token", "the ACL token does not allow it: Permission denied"},
		{"wrong token", api.Config{Address: server.Addr(), Token: "0ff1ce00-0000-0000-0000-000000000000"}, "the ACL token does not allow it: ACL not found", "the ACL token does not allow it: ACL not found"},
		{"nobody", api.Config{Address: "127.0.0.1:1"}, "connection refused", "connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := consul.New(test.config, silent)
			leave, err := r.Register(t.Context(), "shop", discovery.Endpoint{Address: "10.0.0.1:80"})
			if err == nil || !strings.Contains(err.Error(), test.register) || !strings.Contains(err.Error(), test.config.Address) {
				t.Errorf("Register: %v, want %q", err, test.register)
			}
			if leave != nil {
				_ = leave(t.Context())
			}
			got := await(t, follow(t, r, "consul"), "an error", func(got told) bool { return got.err != nil })
			if !strings.Contains(got.err.Error(), test.watch) || !strings.Contains(got.err.Error(), test.config.Address) {
				t.Errorf("Watch: %v, want %q", got.err, test.watch)
			}
			t.Log(err)
			t.Log(got.err)
		})
	}
	r := consul.New(api.Config{Address: server.Addr(), Token: realservers.ConsulToken}, silent)
	leave, err := r.Register(t.Context(), "shop", discovery.Endpoint{Address: "10.0.0.1:80"})
	if err != nil {
		t.Fatal(err)
	}
	await(t, follow(t, r, "shop"), "what was registered with the right token", weight(1))
	if err := leave(t.Context()); err != nil {
		t.Error(err)
	}
}

// Thousands of instances of many nodes are found, and a change among them is told.
func TestThousands(t *testing.T) {
	const many, writers = 2000, 20
	server := realservers.Consul(t)
	catalog := plain(t, api.Config{Address: server.Addr()}).Catalog()
	put := func(i int) {
		node := fmt.Sprintf("node-%d", i)
		_, err := catalog.Register(&api.CatalogRegistration{
			Node: node, Address: "10.0.0.1", Service: &api.AgentService{ID: "shop", Service: "shop", Address: fmt.Sprintf("10.0.%d.%d", i/250, i%250), Port: 80},
			Check: &api.AgentCheck{Node: node, CheckID: "c", ServiceID: "shop", Status: api.HealthPassing},
		}, nil)
		if err != nil {
			t.Error(err)
		}
	}
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := w; i < many; i += writers {
				put(i)
			}
		})
	}
	work.Wait()
	line := discoverytest.NewLine(t, server.Addr())
	r := consul.New(api.Config{Address: line.Addr()}, silent)
	begin := time.Now()
	out := follow(t, r, "shop")
	count := func(n int) func(told) bool { return func(got told) bool { return len(got.endpoints) == n } }
	await(t, out, "thousands of endpoints", count(many))
	whole := line.Received()
	t.Logf("%d instances were listed in %v by %d bytes", many, time.Since(begin).Round(time.Millisecond), whole)

	begin = time.Now()
	put(many)
	await(t, out, "one more", count(many+1))
	t.Logf("one more was known after %v, by %d bytes", time.Since(begin).Round(time.Millisecond), line.Received()-whole)

	const changes = 200
	begin = time.Now()
	for w := range writers {
		work.Go(func() {
			for i := w; i < changes; i += writers {
				put(many + 1 + i)
			}
		})
	}
	updates := 0
	await(t, out, "many more", func(got told) bool {
		updates++
		return len(got.endpoints) == many+1+changes
	})
	work.Wait()
	t.Logf("%d changes were %d updates in %v", changes, updates, time.Since(begin).Round(time.Millisecond))
	if updates > changes/4 {
		t.Errorf("%d changes were %d updates", changes, updates)
	}
}

// Queries that return at once are not made in a loop.
func TestQueriesAreFew(t *testing.T) {
	var mu sync.Mutex
	queries := 0
	begin := time.Now()
	server := answering(t, func(w http.ResponseWriter) {
		mu.Lock()
		defer mu.Unlock()
		queries++
		w.Header().Set("X-Consul-Index", "0") // which has queries return at once
		_, _ = io.WriteString(w, "[]")
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	updates, err := consul.New(api.Config{Address: server}, silent).Watch(ctx, discovery.Target{Endpoint: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for range updates {
		told++
	}
	mu.Lock()
	defer mu.Unlock()
	if most := int(time.Since(begin)/(50*time.Millisecond)) + 2; queries > most || queries < 2 || told != 1 {
		t.Errorf("%d queries and %d updates, %d queries at most", queries, told, most)
	}
}
