// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcweb

import (
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const name = "grpcweb"

// dialect is gRPC-Web (PROTOCOL-WEB), which differs from gRPC in its content
// types and in the end of responses.
func dialect() enveloped.Dialect {
	return enveloped.Dialect{
		Name:           name,
		MediaType:      "application/grpc-web",
		Encoding:       "grpc-encoding",
		AcceptEncoding: "grpc-accept-encoding",
		Timeout:        "grpc-timeout",
		FormatTimeout:  httpwire.FormatGRPCTimeout,
		ParseTimeout:   httpwire.ParseGRPCTimeout,
	}
}
