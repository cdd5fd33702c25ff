// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/contrib/etcd"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/realservers"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
)

const patience = 20 * time.Second

var silent = etcd.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))

// told is what a sequence has yielded.
type told struct {
	endpoints []discovery.Endpoint
	err       error
}

// follow watches a service until the test ends.
func follow(t *testing.T, r discovery.Resolver, target string) <-chan told {
	t.Helper()
	parsed, err := discovery.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	updates, err := r.Watch(ctx, parsed)
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

func addresses(n ...string) func(told) bool {
	return func(got told) bool {
		set := make(map[string]bool)
		for _, e := range got.endpoints {
			set[e.Address] = true
		}
		return got.err == nil && slices.Equal(slices.Sorted(maps.Keys(set)), n)
	}
}

func register(t *testing.T, r discovery.Registrar, service, address string) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	away, err := r.Register(ctx, service, discovery.Endpoint{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	leave = func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := away(ctx); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(leave)
	return leave
}

// plain is etcd's own client.
func plain(t *testing.T, server *realservers.EtcdServer) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{server.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// What etcd's own package writes is found, and it finds what is registered here.
func TestNamingEndpoints(t *testing.T) {
	server := realservers.Etcd(t)
	r := etcd.New(clientv3.Config{Endpoints: []string{server.Addr()}}, etcd.WithPrefix("/services/"), silent)
	out := follow(t, r, "etcd:///team/shop")
	manager, err := endpoints.NewManager(plain(t, server), "/services/team/shop")
	if err != nil {
		t.Fatal(err)
	}
	for i, metadata := range []any{nil, map[string]any{"weight": 3, "zone": "a"}, "text", 7, map[string]any{"weight": "heavy"}} {
		address := fmt.Sprintf("10.0.0.%d:80", i)
		if err := manager.AddEndpoint(t.Context(), "/services/team/shop/"+address, endpoints.Endpoint{Addr: address, Metadata: metadata}); err != nil {
			t.Fatal(err)
		}
	}
	got := await(t, out, "what etcd's package has written", addresses("10.0.0.0:80", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"))
	for _, e := range got.endpoints {
		want := discovery.Endpoint{Network: "tcp", Address: e.Address}
		if e.Address == "10.0.0.1:80" {
			want.Weight, want.Zone = 3, "a"
		}
		if !e.Equal(want) {
			t.Errorf("got %+v, want %+v", e, want)
		}
	}
	register(t, r, "team/shop", "10.1.0.1:80")
	list, err := manager.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if e := list["/services/team/shop/10.1.0.1:80"]; e.Addr != "10.1.0.1:80" {
		t.Errorf("etcd's package finds %+v", list)
	}
}

// Values that are no endpoints are left out, and keys of services with longer
// names are not this service's.
func TestForeignKeys(t *testing.T) {
	server := realservers.Etcd(t)
	client := plain(t, server)
	for key, value := range map[string]string{
		"shop/a": "no JSON", "shop/b": `{"Addr":""}`, "shop/c": `{"Addr":"no port"}`, "shop/d": "",
		"shop/till/e": `{"Addr":"10.0.0.5:80"}`, "shopping/f": `{"Addr":"10.0.0.6:80"}`,
		"shop/g": `{"Addr":"10.0.0.7:80"}`, "shop/h": `{"Addr":"10.0.0.7:80","Metadata":{"weight":2}}`,
	} {
		if _, err := client.Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Put(t.Context(), "shop/h", `{"Addr":"10.0.0.7:80","Metadata":{"weight":3}}`); err != nil {
		t.Fatal(err)
	}
	out := follow(t, etcd.New(clientv3.Config{Endpoints: []string{server.Addr()}}, silent), "etcd:///shop")
	got := await(t, out, "the one endpoint", func(told) bool { return true })
	want := discovery.Endpoint{Network: "tcp", Address: "10.0.0.7:80", Weight: 3}
	if len(got.endpoints) != 1 || !got.endpoints[0].Equal(want) {
		t.Errorf("got %+v, %v, want %+v", got.endpoints, got.err, want)
	}
	if _, err := client.Delete(t.Context(), "shop/h"); err != nil {
		t.Fatal(err)
	}
	await(t, out, "what the other key says", func(got told) bool { return len(got.endpoints) == 1 && got.endpoints[0].Weight == 0 })
}

// A key that somebody deletes is written again, though its lease lives.
func TestDeletedKey(t *testing.T) {
	server := realservers.Etcd(t)
	r := etcd.New(clientv3.Config{Endpoints: []string{server.Addr()}}, etcd.WithTTL(2*time.Second), silent)
	out := follow(t, r, "etcd:///shop")
	register(t, r, "shop", "10.0.0.1:80")
	await(t, out, "the registration", addresses("10.0.0.1:80"))
	if _, err := plain(t, server).Delete(t.Context(), "", clientv3.WithPrefix()); err != nil {
		t.Fatal(err)
	}
	await(t, out, "the deletion", addresses())
	await(t, out, "the registration, again", addresses("10.0.0.1:80"))
}

// While servers register again at an etcd that has lost its data, those that have
// not yet are kept; those that never do are dropped.
func TestLostDataIsFilledInSlowly(t *testing.T) {
	server := realservers.Etcd(t)
	config := clientv3.Config{Endpoints: []string{server.Addr()}}
	r := etcd.New(config, etcd.WithTTL(2*time.Second), silent)
	out := follow(t, r, "etcd:///shop")
	register(t, r, "shop", "10.0.0.1:80")
	if _, err := plain(t, server).Put(t.Context(), "shop/x", `{"Addr":"10.0.0.2:80"}`); err != nil {
		t.Fatal(err)
	}
	await(t, out, "both", addresses("10.0.0.1:80", "10.0.0.2:80"))
	server.Wipe(t)
	begin := time.Now()
	got := await(t, out, "an update after the loss", func(got told) bool { return got.err == nil })
	if !addresses("10.0.0.1:80", "10.0.0.2:80")(got) {
		t.Errorf("the first update after the loss is %+v", got)
	}
	await(t, out, "the one that is alive", addresses("10.0.0.1:80"))
	if took := time.Since(begin); took < 2*time.Second {
		t.Errorf("the other was dropped after %v", took)
	}
}

// Wrong credentials, missing permission and an etcd that is not there are told.
func TestErrors(t *testing.T) {
	server := realservers.Etcd(t)
	server.Ask(t, "/v3/auth/role/add", map[string]any{"name": "root"})
	server.Ask(t, "/v3/auth/user/add", map[string]any{"name": "root", "password": "secret"})
	server.Ask(t, "/v3/auth/user/add", map[string]any{"name": "guest", "password": "secret"})
	server.Ask(t, "/v3/auth/user/grant", map[string]any{"user": "root", "role": "root"})
	server.Ask(t, "/v3/auth/enable", map[string]any{})
	for _, test := range []struct {
		name   string
		config clientv3.Config
		want   []string
	}{
		{"no credentials", clientv3.Config{Endpoints: []string{server.Addr()}}, []string{server.Addr(), "list shop/", "user name is empty"}},
		{"password", clientv3.Config{Endpoints: []string{server.Addr()}, Username: "root", Password: "guess"},
			[]string{server.Addr(), "connect", "authentication failed, invalid user ID or password"}},
		{"permission", clientv3.Config{Endpoints: []string{server.Addr()}, Username: "guest", Password: "secret"},
			[]string{server.Addr(), "list shop/", "permission denied"}},
		{"nobody", clientv3.Config{Endpoints: []string{"127.0.0.1:1", "127.0.0.1:2"}},
			[]string{"127.0.0.1:1, 127.0.0.1:2", "list shop/", "connection refused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := etcd.New(test.config, silent)
			got := await(t, follow(t, r, "etcd:///shop"), "an error", func(got told) bool { return got.err != nil })
			for _, want := range test.want {
				if !strings.Contains(got.err.Error(), want) {
					t.Errorf("%q does not contain %q", got.err, want)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := r.Register(ctx, "shop", discovery.Endpoint{Address: "10.0.0.1:80"})
			if err == nil || !strings.Contains(err.Error(), test.want[2]) {
				t.Errorf("Register: %v", err)
			}
			t.Log(got.err)
			t.Log(err)
		})
	}
	r := etcd.New(clientv3.Config{Endpoints: []string{"127.0.0.1:1"}, Username: "root", Password: "secret"}, silent)
	out := follow(t, r, "etcd://"+server.Addr()+"/shop")
	await(t, out, "an update from the target's own endpoint", func(got told) bool { return got.err == nil })
}

// A thousand changes in a row are a few updates.
func TestChangesAreToldTogether(t *testing.T) {
	server := realservers.Etcd(t)
	out := follow(t, etcd.New(clientv3.Config{Endpoints: []string{server.Addr()}}, silent), "etcd:///shop")
	await(t, out, "an empty set", addresses())
	client := plain(t, server)
	const changes, writers = 1000, 10
	var done sync.WaitGroup
	begin := time.Now()
	for w := range writers {
		done.Go(func() {
			for i := w; i < changes; i += writers {
				value := fmt.Sprintf(`{"Addr":"10.0.%d.%d:80"}`, i/250, i%250)
				if _, err := client.Put(context.Background(), fmt.Sprintf("shop/%d", i), value); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	updates := 0
	await(t, out, "all changes", func(got told) bool {
		updates++
		return len(got.endpoints) == changes
	})
	done.Wait()
	took := time.Since(begin)
	t.Logf("%d changes in %v were %d updates", changes, took.Round(time.Millisecond), updates)
	if most := changes/2 + 10; updates > most {
		t.Errorf("%d updates, %d at most", updates, most)
	}
}
