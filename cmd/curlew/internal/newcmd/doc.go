// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package newcmd is the command curlew new, which makes the folder of a new
// service: a Go module that builds, passes its tests and runs.
//
//	curlew new greeter
//	cd greeter && go test ./... && go run ./cmd/server
package newcmd
