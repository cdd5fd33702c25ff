// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew/discovery"
)

func Example() {
	target, err := discovery.ParseTarget("static:///shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A client does this; it takes resolvers by client.WithResolver.
	updates, err := discovery.Static("10.0.0.1:80", "10.0.0.2:80").Watch(context.Background(), target)
	if err != nil {
		fmt.Println(err)
		return
	}
	for update, err := range updates {
		for _, e := range update.Endpoints {
			fmt.Println(e.Address, err)
		}
	}
	// Output:
	// 10.0.0.1:80 <nil>
	// 10.0.0.2:80 <nil>
}
