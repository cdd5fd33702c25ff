// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command interop calls the demo server by clients that others wrote: curl,
// grpcurl, buf curl, @grpc/grpc-js, @connectrpc/connect-node, and
// @connectrpc/connect-web in Chromium. It puts nginx and HAProxy before the demo
// server and reloads them under load, and starts a program that has the health
// and reflection services of grpc-go and Curlew's.
//
//	go run . -out ../../.build/interop
//	go run . -only curl,grpcurl
//
// curl, Node.js with npm, Chromium, nginx and HAProxy must be on the machine;
// what is missing is named and counts as failed. The exit status is 0 only if
// all checks passed.
package main
