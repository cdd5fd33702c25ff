// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package drpc has storj.io/drpc as a rival. Its descriptions are written by hand
// in the way of its generator, whose output would be the same. A connection
// carries one call at a time, so that every caller needs one of its own.
package drpc
