// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

func ExampleCompile() {
	compiled, err := protofiles.Compile(context.Background(), nil,
		"gocode/testdata/published/grpc/grpc/health/v1/health.proto")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("relative to", compiled.ImportPaths)
	for _, fd := range compiled.Named {
		health := fd.Services().Get(0)
		for i := range health.Methods().Len() {
			fmt.Println(health.Methods().Get(i).FullName())
		}
	}
	// Output:
	// relative to [gocode/testdata/published/grpc]
	// grpc.health.v1.Health.Check
	// grpc.health.v1.Health.Watch
}
