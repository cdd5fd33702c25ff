// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/dns"
)

func Example() {
	target, err := discovery.ParseTarget("dns:///localhost:8080")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A client does this; it takes the resolver by client.WithResolver.
	updates, err := dns.New(dns.Config{Network: "ip4"}).Watch(context.Background(), target)
	if err != nil {
		fmt.Println(err)
		return
	}
	for update, err := range updates {
		fmt.Println(update.Endpoints[0].Address, err)
		break
	}
	// Output: 127.0.0.1:8080 <nil>
}
