// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package benchcmd is curlew bench: it calls methods of a server as fast, or as
// often, as it is told, says how long that took, and compares what it said at
// several times.
//
// Package load makes and measures the calls, data makes requests, result is what
// was measured, report draws it, and compare tells differences from noise.
package benchcmd
