// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpc

import (
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const name = "grpc"

// dialect is gRPC over HTTP/2 (PROTOCOL-HTTP2, "Requests").
func dialect() enveloped.Dialect {
	return enveloped.Dialect{
		Name:           name,
		MediaType:      "application/grpc",
		Encoding:       "grpc-encoding",
		AcceptEncoding: "grpc-accept-encoding",
		Timeout:        "grpc-timeout",
		FormatTimeout:  httpwire.FormatGRPCTimeout,
		ParseTimeout:   httpwire.ParseGRPCTimeout,
	}
}
