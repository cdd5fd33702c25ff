// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/schema"
)

// transcode sets to from another Go type's value of the same message.
func transcode(from, to any) error {
	codec := proto.New()
	b, err := codec.Append(nil, from)
	if err != nil {
		return err
	}
	return codec.Decode(b, to)
}

// TestDescriptor holds the Go types against health.proto: every method, every
// field, and the numbers and names of both.
func TestDescriptor(t *testing.T) {
	file := health.File()
	assert.Equal(t, file.Path(), "grpc/health/v1/health.proto")
	assert.Equal(t, file.Services().Len(), 1)
	described := file.Services().Get(0)
	assert.Equal(t, string(described.FullName()), health.ServiceName)
	methods := health.New().Service().Methods()
	assert.Equal(t, len(methods), described.Methods().Len())
	for _, m := range methods {
		d := described.Methods().ByName(protoreflect.Name(m.Name()))
		if d == nil {
			t.Errorf("there is no method %s", m.Name())
			continue
		}
		assert.Equal(t, [2]bool{m.Kind().ManyRequests(), m.Kind().ManyReplies()}, [2]bool{d.IsStreamingClient(), d.IsStreamingServer()}, m.Name())
		mine, err := m.Schema()
		assert.NoError(t, err)
		// A hash covers all fields and enums, but not names of messages.
		assert.Equal(t, mine.RequestHash, schema.Hash(d.Input()), m.Name(), "request")
		assert.Equal(t, mine.ReplyHash, schema.Hash(d.Output()), m.Name(), "reply")
	}
}

// TestPrivateDescriptors sees that nothing is registered where a generated
// package of the same messages would register itself.
func TestPrivateDescriptors(t *testing.T) {
	health.File()
	if _, err := protoregistry.GlobalFiles.FindFileByPath("grpc/health/v1/health.proto"); err == nil {
		t.Error("health.proto is registered globally")
	}
	if _, err := protoregistry.GlobalTypes.FindMessageByName("grpc.health.v1.HealthCheckRequest"); err == nil {
		t.Error("HealthCheckRequest is registered globally")
	}
}
