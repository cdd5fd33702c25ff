// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi_test

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/exportcmd/openapi"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

func ExampleBuild() {
	compiled, err := protofiles.Compile(context.Background(), []string{"testdata", googleapis}, "shop.proto")
	if err != nil {
		fmt.Println(err)
		return
	}
	services := []protoreflect.ServiceDescriptor{compiled.Named[0].Services().ByName("Cart")}
	document, left, err := openapi.Build(services, openapi.Options{Version: "1.2.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(document.OpenAPI)
	for _, what := range left {
		fmt.Println("left out:", what)
	}
	// Output:
	// 3.1.0
	// left out: shop.v1.Cart/Upload: a stream of requests is no JSON body
}
