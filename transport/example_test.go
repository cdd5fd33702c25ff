// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport_test

import (
	"fmt"

	"github.com/curlewrpc/curlew/transport"
)

func ExampleParseAddress() {
	for _, s := range []string{":8080", "unix:///run/greeter.sock", "localhost"} {
		a, err := transport.ParseAddress(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(a.Network, a.Address)
	}
	// Output:
	// tcp :8080
	// unix /run/greeter.sock
	// address "localhost": missing port in address; write it behind a colon: "localhost:8080"
}
