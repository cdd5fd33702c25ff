// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"fmt"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
)

func Example() {
	snapshot, err := policy.New(policy.Rules{
		Default:  policy.Method{Timeout: 5 * time.Second},
		Services: map[string]policy.Method{"shop.v1.Reports": {Timeout: time.Minute}},
		Methods:  map[string]policy.Method{"shop.v1.Reports/Upload": {MaxSend: 64 << 20}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	upload := curlew.NewMethod("shop.v1.Reports/Upload", curlew.KindUnary)
	fmt.Println(snapshot.Method(upload).Timeout, snapshot.Method(upload).MaxSend)
	// Output: 1m0s 67108864
}

// Reads are hedged, writes are not retried once a server has begun them, and
// one method is guarded by itself.
func ExampleRules() {
	snapshot, err := policy.New(policy.Rules{
		Reads:   policy.Method{Timeout: time.Second, Hedge: &resilience.Hedge{Delay: 50 * time.Millisecond}},
		Writes:  policy.Method{Timeout: 5 * time.Second},
		Streams: policy.Method{Timeout: time.Hour},
		Methods: map[string]policy.Method{
			"shop.v1.Reports/Upload": {Concurrency: &resilience.Concurrency{Limit: 4}, Breaker: &resilience.Breaker{}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	look := curlew.NewMethod("shop.v1.Cart/Look", curlew.KindUnary, curlew.NoSideEffects)
	upload := curlew.NewMethod("shop.v1.Reports/Upload", curlew.KindUnary)
	fmt.Println(snapshot.Method(look).Hedge.Delay, snapshot.Method(upload).Concurrency.Limit)

	_, err = policy.New(policy.Rules{Writes: policy.Method{Hedge: &resilience.Hedge{}}})
	fmt.Println(err)
	// Output:
	// 50ms 4
	// policy: writes are hedged, which would run them twice; hedge reads
}
