// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
)

// TestDescriptors sees that Curlew describes health and reflection to clients
// as the official files do, byte for byte.
func TestDescriptors(t *testing.T) {
	client := reflection.NewClient(curlewtest.Serve(t))
	for service, official := range map[string]protoreflect.FileDescriptor{
		health.ServiceName: grpc_health_v1.File_grpc_health_v1_health_proto,
		reflection.V1:      grpc_reflection_v1.File_grpc_reflection_v1_reflection_proto,
		reflection.V1Alpha: grpc_reflection_v1alpha.File_grpc_reflection_v1alpha_reflection_proto,
	} {
		files, err := client.Files(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := files.FindFileByPath(official.Path())
		if err != nil {
			t.Errorf("%s: %v", service, err)
			continue
		}
		if got, want := protodesc.ToFileDescriptorProto(ours), protodesc.ToFileDescriptorProto(official); !proto.Equal(got, want) {
			t.Errorf("%s is described by\n%v\nwant\n%v", service, got, want)
		}
	}
}
