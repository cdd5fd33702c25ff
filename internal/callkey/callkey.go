// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package callkey holds the context key of the call that a handler serves, so
// that a protocol's own context type can answer it without another layer.
package callkey

// Key is the context key whose value is the *curlew.Call being served.
type Key struct{}
