// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"fmt"
	"testing"

	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/health"
)

func Example() {
	var t *testing.T // the parameter of a test
	h := health.New()
	c := curlewtest.Serve(t, h.Service()) // a server's Register takes it too

	h.Set("shop.Cart", health.NotServing)
	for status, err := range health.NewClient(c).Watch(t.Context(), "shop.Cart") {
		fmt.Println(status, err)
		break
	}
}
