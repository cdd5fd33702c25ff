// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"fmt"

	"github.com/curlewrpc/curlew"
)

// Codec passes bytes through. It is safe for concurrent use.
type Codec struct{}

// New returns the codec.
func New() Codec { return Codec{} }

// Name returns "raw".
func (Codec) Name() string { return "raw" }

// Supports accepts methods whose messages are bytes or not known.
func (Codec) Supports(m *curlew.Method) error {
	for _, message := range []any{m.NewRequest(), m.NewReply()} {
		if _, ok := message.(*[]byte); !ok && message != nil {
			return fmt.Errorf("raw messages are *[]byte, not %T", message)
		}
	}
	return nil
}

// Append appends the bytes.
func (Codec) Append(b []byte, message any) ([]byte, error) {
	p, err := bytesOf(message)
	if err != nil {
		return b, err
	}
	return append(b, *p...), nil
}

// Decode copies b.
func (Codec) Decode(b []byte, message any) error {
	p, err := bytesOf(message)
	if err != nil {
		return err
	}
	*p = append((*p)[:0], b...)
	return nil
}

func bytesOf(message any) (*[]byte, error) {
	p, ok := message.(*[]byte)
	if !ok || p == nil {
		return nil, fmt.Errorf("raw messages are *[]byte and not nil, not %T", message)
	}
	return p, nil
}
