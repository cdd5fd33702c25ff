// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command demo starts a server with all example services on one port, calls it
// through every protocol and kind of call that there is, checks each answer,
// and then keeps serving, so that one can call it oneself. Run it by `make
// demo`, or in the folder examples:
//
//	go run ./demo [flags] [file ...]
package main
