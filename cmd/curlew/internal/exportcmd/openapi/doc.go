// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package openapi describes services as OpenAPI 3.1 does it
// (spec.openapis.org/oas/v3.1.1), as far as HTTP with bodies of JSON goes: the
// Connect protocol's POST and GET, and the routes of google.api.http. Messages
// are ProtoJSON (protobuf.dev/programming-guides/json).
//
//	document, left, err := openapi.Build(services, openapi.Options{Title: "Shop", Version: "1.2.0"})
//	text, err := document.YAML()
package openapi
