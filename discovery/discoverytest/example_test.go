// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
)

func ExampleRegistry() {
	registry := discoverytest.NewRegistry(10 * time.Second)
	server, client := registry.Connect(), registry.Connect()
	// A server does this; it takes the registrar by server.WithRegistrar.
	leave, err := server.Register(context.Background(), "shop", discovery.Endpoint{Address: "10.0.0.1:80"})
	if err != nil {
		fmt.Println(err)
		return
	}
	updates, err := client.Watch(context.Background(), discovery.Target{Scheme: "mem", Endpoint: "shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for update, err := range updates {
		fmt.Println(len(update.Endpoints), err)
		if len(update.Endpoints) == 0 {
			break
		}
		fmt.Println("leave:", leave(context.Background()))
	}
	// Output:
	// 1 <nil>
	// leave: <nil>
	// 0 <nil>
}
