// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package balance decides which server gets a call. A [Picker] sees the servers
// as nodes, never their connections: it picks a node for each attempt of a
// call, and may ask to be told how the attempt went.
package balance
