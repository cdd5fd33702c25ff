// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package drpc

import (
	"google.golang.org/protobuf/proto"
	"storj.io/drpc"
)

// encoding is what drpc's generator writes for google.golang.org/protobuf.
type encoding struct{}

func (encoding) Marshal(m drpc.Message) ([]byte, error) {
	return proto.Marshal(m.(proto.Message))
}

func (encoding) MarshalAppend(b []byte, m drpc.Message) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(b, m.(proto.Message))
}

func (encoding) Unmarshal(b []byte, m drpc.Message) error {
	return proto.Unmarshal(b, m.(proto.Message))
}
