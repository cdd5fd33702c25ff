// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestNames(t *testing.T) {
	r := New(clientv3.Config{}, WithPrefix("/services/"))
	if got, err := r.folder("team/shop"); err != nil || got != "/services/team/shop/" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := New(clientv3.Config{}, WithPrefix("")).folder("shop"); err != nil || got != "shop/" {
		t.Errorf("without a prefix: got %q, %v", got, err)
	}
	for _, name := range []string{"", "/shop", "shop/", "a//b", "a\nb"} {
		if _, err := r.Watch(context.Background(), discovery.Target{Scheme: "etcd", Endpoint: name}); err == nil || !strings.Contains(err.Error(), "name") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

func TestShortTTL(t *testing.T) {
	r := New(clientv3.Config{}, WithTTL(time.Second))
	for _, err := range []error{
		func() error { _, err := r.Watch(context.Background(), discovery.Target{Endpoint: "shop"}); return err }(),
		func() error {
			_, err := r.Register(context.Background(), "shop", discovery.Endpoint{Address: "a:1"})
			return err
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), "the shortest is 2s") {
			t.Errorf("error %v", err)
		}
	}
}

// All who use the same endpoints share a client, which ends with the last.
func TestLinks(t *testing.T) {
	r := New(clientv3.Config{Endpoints: []string{"127.0.0.1:1"}})
	a, err := r.acquire(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := r.acquire(t.Context(), "")
	other, _ := r.acquire(t.Context(), "127.0.0.1:2,127.0.0.1:3")
	if a != b || other == a || other.endpoints != "127.0.0.1:2, 127.0.0.1:3" {
		t.Errorf("links %p, %p, %p to %q", a, b, other, other.endpoints)
	}
	r.release(a, "")
	if a.client.Ctx().Err() != nil {
		t.Error("the client has ended, though it is in use")
	}
	r.release(b, "")
	r.release(other, "127.0.0.1:2,127.0.0.1:3")
	if a.client.Ctx().Err() == nil || other.client.Ctx().Err() == nil || len(r.links) != 0 {
		t.Error("the clients go on")
	}
	again, _ := r.acquire(t.Context(), "")
	if again == a {
		t.Error("a client that has ended is used again")
	}
	r.release(again, "")
}
