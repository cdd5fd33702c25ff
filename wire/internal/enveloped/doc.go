// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package enveloped carries calls as bodies of enveloped messages: five bytes of
// flags and length before each. gRPC, gRPC-Web and Connect's streams do so and
// differ in the names of fields, in how timeouts are written and in how a
// response ends; a [Dialect] says how, and the rest is the same for all.
package enveloped
