// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package realservers starts programs that others wrote, such as etcd and
// Consul, for tests that need the real thing: each on free ports of the loopback
// interface, with its data in a temporary folder, and stopped when the test ends.
//
// It finds a program in [Folder], where the command in the folder build puts
// what it builds, or on the PATH. A test without its program is skipped and says
// so; if the environment variable CURLEW_REAL is "required", it fails.
// `make test-real` builds what is missing and runs all such tests.
//
// The package needs no module but the standard library: the programs run as
// processes, and nothing of them is linked into a test.
package realservers
