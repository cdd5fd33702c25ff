// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package bufpool_test

import (
	"fmt"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

func Example() {
	b := bufpool.Get(0)
	defer b.Free()
	fmt.Fprintf(b, "%s, %s!", "hello", "world")
	fmt.Println(string(b.B))
	// Output: hello, world!
}
