// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package callback calls in both directions: a server that deploys asks its
// client, which offers a service of its own on the same connection, before it
// goes on. It takes the native protocol.
package callback
