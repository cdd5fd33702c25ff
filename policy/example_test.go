// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"fmt"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/policy"
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
