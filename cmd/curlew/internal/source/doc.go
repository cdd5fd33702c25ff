// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package source knows the services, methods and messages that a command works
// on: a server tells them by reflection, or .proto files or descriptor sets do.
//
//	var from source.Flags
//	from.AddTo(cmd.Flags())
//	…
//	src, err := from.Open(ctx, client, "shop.v1.Cart")
//	method, err := src.Method("shop.v1.Cart/Add")
package source
