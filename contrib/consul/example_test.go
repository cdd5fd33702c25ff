// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul_test

import (
	"context"
	"fmt"
	"time"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/contrib/consul"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/hashicorp/consul/api"
)

// A client finds the servers of shop, and follows their changes.
func Example() {
	registry := consul.New(api.Config{Address: "127.0.0.1:8500", Token: "…"})
	c, err := client.New("consul:///shop", client.WithResolver(registry))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
}

// What a server does by itself if it is given the registry.
func ExampleRegistry_Register() {
	registry := consul.New(api.Config{}, consul.WithTTL(15*time.Second))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	leave, err := registry.Register(ctx, "shop", discovery.Endpoint{Address: "10.0.1.7:8080", Zone: "eu-1a", Weight: 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Serve calls, until it is time to go.
	if err := leave(ctx); err != nil {
		fmt.Println(err)
	}
}
