// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package streams has a plain Go service of each kind of stream: [Ticker]
// streams to its client, [Uploads] takes a stream, [Chat] does both at once.
package streams
