// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gocode_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles/gocode"
)

func ExampleGenerate() {
	compiled, err := protofiles.Compile(context.Background(), []string{"testdata/published/grpc"}, "grpc/health/v1/health.proto")
	if err != nil {
		fmt.Println(err)
		return
	}
	files, err := gocode.Generate(compiled.Named, gocode.Options{Messages: true, Services: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(f.Name)
	}
	// Output:
	// grpc/health/v1/health.curlew.go
	// grpc/health/v1/health.pb.go
}
