// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proto_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew/codec/proto"
)

// plain has the same bytes as a wrapperspb.BytesValue.
type plain struct{ Value []byte }

// BenchmarkCodec sizes, appends and decodes messages of generated and of plain
// types.
func BenchmarkCodec(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"64B", 64}, {"64KiB", 64 << 10}} {
		data := make([]byte, size.n)
		for _, test := range []struct {
			name     string
			in, into any
		}{
			{"generated", wrapperspb.Bytes(data), new(wrapperspb.BytesValue)},
			{"plain", &plain{data}, new(plain)},
		} {
			codec := proto.New()
			encoded, err := codec.Append(nil, test.in)
			if err != nil {
				b.Fatal(err)
			}
			if n := codec.Size(test.in); n != 0 && n != len(encoded) {
				b.Fatalf("Size is %d, the encoded message has %d bytes", n, len(encoded))
			}
			name := "/" + test.name + "/" + size.name
			b.Run("Size"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					codec.Size(test.in)
				}
			})
			b.Run("Append"+name, func(b *testing.B) {
				into := make([]byte, 0, len(encoded))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := codec.Append(into, test.in); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("Decode"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := codec.Decode(encoded, test.into); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
