// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/examples/fleet"
)

// Three instances serve; each in turn leaves, and no call notices.
func TestFleet(t *testing.T) {
	stock, err := curlew.Reflect(fleet.Stock{Pieces: map[string]int{"tea": 7}})
	if err != nil {
		t.Fatal(err)
	}
	registry := discoverytest.NewRegistry(10 * time.Second)
	instances := make([]context.CancelFunc, 3)
	ended := make(chan error, len(instances))
	for i := range instances {
		var ctx context.Context
		ctx, instances[i] = context.WithCancel(t.Context())
		go func() { ended <- fleet.Serve(ctx, registry.Connect(), "127.0.0.1:0", stock) }()
	}
	c, err := fleet.Dial("mem:///stock", registry.Connect())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	count := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var pieces int
		if err := c.Call(ctx, "Stock.Count", "tea", &pieces); err != nil || pieces != 7 {
			t.Errorf("%d pieces, %v; want 7", pieces, err)
		}
	}
	for i, leave := range instances {
		for range 100 {
			count()
		}
		leave()
		if i+1 < len(instances) {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
