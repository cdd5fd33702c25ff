// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package shoptest is a server for the tests of commands: a small shop with a
// method of each kind. Run runs a command in the test's process.
//
//	address := shoptest.Serve(t)
//	got := shoptest.Run(t, lscmd.New, "ls", address)
package shoptest
