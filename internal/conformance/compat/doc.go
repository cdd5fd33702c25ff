// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package compat turns the messages of the Connect conformance suite into
// Curlew's values and back, and reads and writes them as its runner does.
package compat
