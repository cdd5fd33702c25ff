// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd_test

import (
	"context"
	"fmt"
	"time"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/contrib/etcd"
	"github.com/curlewrpc/curlew/discovery"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A client finds the servers of shop, and follows their changes.
func Example() {
	registry := etcd.New(clientv3.Config{Endpoints: []string{"10.0.0.1:2379", "10.0.0.2:2379"}})
	c, err := client.New("etcd:///shop", client.WithResolver(registry))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
}

// What a server does by itself if it is given the registry.
func ExampleRegistry_Register() {
	registry := etcd.New(clientv3.Config{Endpoints: []string{"10.0.0.1:2379"}, Username: "shop", Password: "secret"})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	leave, err := registry.Register(ctx, "shop", discovery.Endpoint{Address: "10.0.1.7:8080", Zone: "eu-1a", Weight: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Serve calls, until it is time to go.
	if err := leave(ctx); err != nil {
		fmt.Println(err)
	}
}
