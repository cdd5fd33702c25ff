// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package migrate has the code of docs/migrate-from-net-rpc.md: a program that
// serves by net/rpc, the same program on Curlew, and what it can become.
package migrate
