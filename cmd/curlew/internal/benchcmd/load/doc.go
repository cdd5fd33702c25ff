// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package load makes calls as a plan says and measures them: in a closed loop,
// where each caller waits for its answer before it calls again, or in an open
// loop, where calls begin when a schedule says so, whether the server keeps up
// or not.
//
// In an open loop a call's latency counts from when it should have begun. A
// server that stalls for a second so delays the calls that were due in that
// second, and the percentiles show it; counted from when a caller got round to
// it they would not (this is known as coordinated omission). What is forgiven
// is a caller that waited for its time and was woken up to 2 ms late.
package load
