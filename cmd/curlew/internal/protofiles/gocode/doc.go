// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package gocode generates Go code for .proto files in this process: messages by
// the generator of the protobuf module that go.mod names, services by Curlew's.
//
//	compiled, err := protofiles.Compile(ctx, nil, "shop/v1/cart.proto")
//	…
//	files, err := gocode.Generate(compiled.Named, gocode.Options{Messages: true, Services: true})
package gocode
