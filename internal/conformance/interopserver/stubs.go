// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/contrib/grpcgo"
)

// stubServices are the service as grpc-go's own server has it, on the code that
// is generated for it.
func stubServices() ([]*curlew.Service, error) {
	registrar := grpcgo.NewRegistrar()
	testgrpc.RegisterTestServiceServer(registrar, interop.NewTestServer())
	return registrar.Services()
}
