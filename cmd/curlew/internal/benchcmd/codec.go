// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"github.com/curlewrpc/curlew"
)

// payload is a message that is encoded already, or one of which little more is
// wanted than its size. It is read only when it is sent.
type payload struct {
	body []byte
	keep bool // what is received is kept in body
	size int  // of what was received
}

func (p *payload) receive(b []byte) {
	p.size = len(b)
	if p.keep {
		p.body = append(p.body[:0], b...)
	}
}

// MarshalJSON sends a message: payloads are messages of JSON-RPC, too.
func (p *payload) MarshalJSON() ([]byte, error) { return p.body, nil }

// UnmarshalJSON receives a message.
func (p *payload) UnmarshalJSON(b []byte) error {
	p.receive(b)
	return nil
}

// codec carries payloads in another codec's name. Messages are encoded once, and
// not decoded for each call.
type codec string

var _ curlew.Codec = codec("")

// Name implements curlew.Codec.
func (c codec) Name() string { return string(c) }

// Supports implements curlew.Codec.
func (codec) Supports(*curlew.Method) error { return nil }

// Append implements curlew.Codec.
func (c codec) Append(b []byte, message any) ([]byte, error) {
	p, ok := message.(*payload)
	if !ok {
		return b, foreign(message)
	}
	return append(b, p.body...), nil
}

// Size lets buffers have room for a message before it is appended.
func (codec) Size(message any) int {
	if p, ok := message.(*payload); ok {
		return len(p.body)
	}
	return 0
}

// Decode implements curlew.Codec.
func (codec) Decode(b []byte, message any) error {
	p, ok := message.(*payload)
	if !ok {
		return foreign(message)
	}
	p.receive(b)
	return nil
}

func foreign(message any) error {
	return curlew.Errorf(curlew.Internal, "the benchmark's codec carries payloads only, not %T", message)
}
