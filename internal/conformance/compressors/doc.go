// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package compressors has the algorithms of the Connect conformance suite that
// Curlew does not bring along: they show that a program can plug in its own.
package compressors
