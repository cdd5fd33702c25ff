// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package file_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/file"
)

func Example() {
	target, err := discovery.ParseTarget("file://./testdata/shop.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A client does this; it takes the resolver by client.WithResolver.
	updates, err := file.New(file.Config{}).Watch(context.Background(), target)
	if err != nil {
		fmt.Println(err)
		return
	}
	for update, err := range updates {
		for _, e := range update.Endpoints {
			fmt.Println(e.Address, e.Weight, err)
		}
		break
	}
	// Output:
	// 10.0.0.1:8080 3 <nil>
	// 10.0.0.2:8080 1 <nil>
}
