// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

// Codec turns messages into bytes and back. It is safe for concurrent use.
type Codec interface {
	// Name is the codec's name on the wire: "proto", "json".
	Name() string
	// Supports returns nil, or why this codec cannot carry m's messages.
	Supports(m *Method) error
	// Append appends the encoding of message to b. After an error the caller
	// drops what was appended.
	Append(b []byte, message any) ([]byte, error)
	// Decode decodes b, all of it, into message, a pointer. It does not keep b.
	Decode(b []byte, message any) error
}
