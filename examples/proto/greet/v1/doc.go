// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package greetv1 is the Greeter service of greet.proto: its messages, as
// protoc-gen-go makes them, and what protoc-gen-curlew joins to them.
package greetv1
