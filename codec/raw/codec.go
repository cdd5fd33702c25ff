// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"errors"
	"fmt"

	"github.com/curlewrpc/curlew"
)

// Codec passes bytes through. It is safe for concurrent use.
type Codec struct{ name string }

// New returns the codec.
func New() Codec { return Codec{} }

// Named returns the codec for messages that another one, which has the name,
// has encoded: peers take it for that one.
func Named(name string) Codec { return Codec{name} }

// Name returns "raw", or the name that the codec was given.
func (c Codec) Name() string {
	if c.name == "" {
		return "raw"
	}
	return c.name
}

// Supports accepts methods whose messages are bytes or not known.
func (Codec) Supports(m *curlew.Method) error {
	for _, message := range []any{m.NewRequest(), m.NewReply()} {
		if _, ok := message.(*[]byte); !ok && message != nil {
			return fmt.Errorf("raw: messages are *[]byte, %s has a %T; use another codec for it", m.FullName(), message)
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

// Decode copies b into a slice of its own.
func (Codec) Decode(b []byte, message any) error {
	p, err := bytesOf(message)
	if err != nil {
		return err
	}
	*p = append(make([]byte, 0, len(b)), b...)
	return nil
}

func bytesOf(message any) (*[]byte, error) {
	p, ok := message.(*[]byte)
	switch {
	case !ok:
		return nil, fmt.Errorf("raw: messages are *[]byte, got a %T", message)
	case p == nil:
		return nil, errors.New("raw: the message is a nil *[]byte; pass a pointer to a slice")
	}
	return p, nil
}
