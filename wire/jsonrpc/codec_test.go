// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew/internal/assert"
)

type Base struct {
	ID   int
	Kind string `json:"kind"`
}

type Loop struct {
	*Loop
	X int
}

type fields struct {
	Base
	*Extra
	Named Base `json:"named"`
	Skip  int  `json:"-"`
	_     int
	Empty string `json:",omitempty"`
}

type Extra struct{ Note string }

func TestPositions(t *testing.T) {
	assert.Equal(t, positions(new(fields)), []string{"ID", "kind", "Note", "named", "Empty"})
	assert.Equal(t, len(positions(new(Loop))), maxEmbedding+1)
	for _, message := range []any{new(int), new([]int), new(map[string]int), new(time.Time), durationpb.New(0), nil, fields{}} {
		assert.Equal(t, positions(message), []string(nil), message)
	}
	var got fields
	assert.NoError(t, decodeParams(Version2, []byte(`[1, "k", "n", {"ID": 2}, "e"]`), &got))
	assert.Equal(t, got, fields{Base: Base{1, "k"}, Extra: &Extra{"n"}, Named: Base{ID: 2}, Empty: "e"})
}

// TestProtoPositions uses a message of its own, for the well-known types have
// none.
func TestProtoPositions(t *testing.T) {
	field := func(number int32, name string, of descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{
			Name: &name, Number: &number, Type: &of, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("shop.proto"), Package: proto.String("shop"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Item"), Field: []*descriptorpb.FieldDescriptorProto{
			field(7, "item_name", descriptorpb.FieldDescriptorProto_TYPE_STRING),
			field(1, "count", descriptorpb.FieldDescriptorProto_TYPE_INT64),
		}}},
	}, nil)
	assert.NoError(t, err)
	m := dynamicpb.NewMessage(file.Messages().Get(0))
	assert.NoError(t, decodeParams(Version2, []byte(`["pen", "5"]`), m))
	b, err := marshal(m)
	assert.NoError(t, err)
	var got, want any
	assert.NoError(t, json.Unmarshal(b, &got))
	assert.NoError(t, json.Unmarshal([]byte(`{"itemName":"pen","count":"5"}`), &want))
	assert.Equal(t, got, want)
	err = decodeParams(Version2, []byte(`["pen", "5", 3]`), m)
	assert.Contains(t, err.Error(), "3 parameters, where at most 2 are due: itemName, count")
}

// TestPresent: in JSON-RPC 1.0 a null result is a failure.
func TestPresent(t *testing.T) {
	for _, test := range []struct {
		message any
		want    string
	}{
		{new([]int), "[]"}, {new(map[string]int), "{}"}, {new([]byte), `""`}, {new(*int), "null"}, {&[]int{1}, "[1]"}, {new(int), "0"},
	} {
		result, err := marshal(test.message)
		assert.NoError(t, err)
		assert.Equal(t, string(present(result, test.message)), test.want)
	}
}
