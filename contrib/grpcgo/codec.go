// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"strings"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/curlewrpc/curlew"
)

// Codec is a codec of grpc-go's in Curlew's shape. It is safe for concurrent
// use.
type Codec struct {
	name   string
	append func(b []byte, message any) ([]byte, error)
	decode func(b []byte, message any) error
}

var _ curlew.Codec = Codec{}

// NewCodec returns c for Curlew: for the protocols of a server that is to
// understand it. Calls name it by [grpc.ForceCodecV2], or by
// [grpc.CallContentSubtype] if it is registered with package encoding.
func NewCodec(c encoding.CodecV2) Codec {
	return Codec{
		name: strings.ToLower(c.Name()),
		append: func(b []byte, message any) ([]byte, error) {
			data, err := c.Marshal(message)
			if err != nil {
				return b, err
			}
			defer data.Free()
			for _, piece := range data {
				b = append(b, piece.ReadOnlyData()...)
			}
			return b, nil
		},
		decode: func(b []byte, message any) error {
			data := mem.Copy(b, mem.DefaultBufferPool()) // c may keep a reference
			defer data.Free()
			return c.Unmarshal(mem.BufferSlice{data}, message)
		},
	}
}

// newCodecV1 is NewCodec for a codec of the first version.
func newCodecV1(c encoding.Codec) Codec {
	return Codec{
		name: strings.ToLower(c.Name()),
		append: func(b []byte, message any) ([]byte, error) {
			data, err := c.Marshal(message)
			return append(b, data...), err
		},
		decode: func(b []byte, message any) error {
			return c.Unmarshal(append([]byte(nil), b...), message)
		},
	}
}

// Name returns the codec's name in lower case.
func (c Codec) Name() string { return c.name }

// Supports accepts every method: the codec itself tells what it cannot encode.
func (c Codec) Supports(*curlew.Method) error { return nil }

// Append implements [curlew.Codec].
func (c Codec) Append(b []byte, message any) ([]byte, error) { return c.append(b, message) }

// Decode implements [curlew.Codec].
func (c Codec) Decode(b []byte, message any) error { return c.decode(b, message) }
