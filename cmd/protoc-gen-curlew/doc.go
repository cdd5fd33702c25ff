// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command protoc-gen-curlew is a plugin for protoc and buf that generates the
// clients and servers of the services of .proto files. protoc-gen-go generates
// their messages:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@latest
//	go install github.com/curlewrpc/curlew/cmd/protoc-gen-curlew@latest
//	protoc --go_out=. --go_opt=paths=source_relative \
//		--curlew_out=. --curlew_opt=paths=source_relative greet/v1/greet.proto
//
// Package generate says what the result is, and what the parameter
// package_suffix is for.
package main
