// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package mux holds what protocols have in common that carry many streams on
// one connection: the read buffer, the table of streams, the queue of those who
// wait for a place, receive windows and the budget behind them.
//
// All of them are plain state machines: their owner locks, and tells the time.
package mux
