// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package resilience holds what keeps calls going while servers fail. Its
// parts are plain structs whose zero value means the documented defaults; they
// have no clock, no goroutine and no lock, and take the time and chance they
// need as arguments.
package resilience
