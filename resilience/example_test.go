// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"fmt"
	"time"

	"github.com/curlewrpc/curlew/resilience"
)

func ExampleBackoff() {
	b := resilience.Backoff{Base: 100 * time.Millisecond, Max: time.Second}
	chance := 0.5 // rand.Float64()
	for failures := 1; failures <= 8; failures++ {
		fmt.Print(b.Delay(failures, chance), " ")
	}
	// Output: 10ms 10ms 50ms 100ms 200ms 400ms 500ms 500ms
}
