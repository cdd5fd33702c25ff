// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/apipb"
	"google.golang.org/protobuf/types/known/typepb"
)

// FuzzMisfit checks that nothing is said to be wrong with JSON that fits, and
// that something is with JSON that does not.
func FuzzMisfit(f *testing.F) {
	for _, seed := range []string{
		`{"name": "a", "messageType": [{"field": [{"number": "1e2", "label": "LABEL_OPTIONAL", "type": 3}]}]}`,
		`{"uninterpretedOption": [{"stringValue": "_-8=", "doubleValue": "-Infinity", "positiveIntValue": 18446744073709551615}]}`,
		`{"options": [{"name": "x", "value": {"@type": "type.googleapis.com/google.protobuf.Empty"}}], "edition": null}`,
		`{"methods": [{"requestStreaming": true}], "syntax": "SYNTAX_PROTO3"}`, `[1, {}]`, `{"a": 1, "name": 2}`, `null`, `{"name": "\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []proto.Message{new(descriptorpb.FileDescriptorProto), new(descriptorpb.FileOptions), new(apipb.Api), new(typepb.Type)} {
			err := protojson.Unmarshal(b, m)
			md := m.ProtoReflect().Descriptor()
			if err != nil {
				if misfit(md, b, err) == nil {
					t.Errorf("nothing is wrong with %s, but %v", b, err)
				}
				continue
			}
			decoder := json.NewDecoder(bytes.NewReader(b))
			decoder.UseNumber()
			var v any
			if decoder.Decode(&v) != nil {
				continue // encoding/json is stricter about nesting
			}
			if err := misfitMessage("", md, v); err != nil {
				t.Errorf("%s fits a %s, but: %v", b, md.FullName(), err)
			}
		}
	})
}
