// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command conformance runs the official suites of the protocols over HTTP
// against Curlew's server and client: the Connect conformance suite, gRPC's
// interoperability tests, and h2spec. It builds what they need, prints their
// own counts, and exits with status 0 only if all cases ran and none failed.
// There is no list of cases that may fail; the few that do are run again by
// themselves, and named.
//
//	go run . -out ../../.build/conformance
//	go run . -only connect-server -run 'Basic/**'
//	go run . -only grpc,h2spec
package main
