// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"embed"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The messages of health.proto as plain Go types: the same on the wire.

type checkRequest struct {
	Service string `curlew:"1" json:"service"`
}

type checkResponse struct {
	Status Status `curlew:"1" json:"status"`
}

type listRequest struct{}

type listResponse struct {
	Statuses map[string]checkResponse `curlew:"1" json:"statuses"`
}

//go:embed descriptors.binpb
var descriptors embed.FS

// File returns the descriptor of the protocol, grpc/health/v1/health.proto, for
// package reflection. Each call makes a new one, on a registry of its own.
func File() protoreflect.FileDescriptor {
	var set descriptorpb.FileDescriptorSet
	b, err := descriptors.ReadFile("descriptors.binpb")
	if err == nil {
		err = proto.Unmarshal(b, &set)
	}
	if err == nil && len(set.File) != 1 {
		err = fmt.Errorf("%d files", len(set.File))
	}
	if err == nil {
		var file protoreflect.FileDescriptor
		if file, err = protodesc.NewFile(set.File[0], nil); err == nil {
			return file
		}
	}
	panic(fmt.Sprintf("health: this package was built with broken descriptors: %v", err))
}
