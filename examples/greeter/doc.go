// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package greeter implements the Greeter service of greet.proto.
package greeter
