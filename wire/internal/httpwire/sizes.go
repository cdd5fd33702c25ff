// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
)

// sizer is a codec that knows the size of what it is about to append.
type sizer interface{ Size(message any) int }

// usualSize is the room for a message that is not expected to be large. To ask
// for its size first would cost more.
const usualSize = 1 << 10

// Sizes knows how large recent messages were, so that there is room for the
// next. The zero value is ready. It is safe for concurrent use.
type Sizes struct{ recent atomic.Int64 }

// Encode returns message in a buffer, after head bytes of room.
func (s *Sizes) Encode(c curlew.Codec, head int, message any) (*bufpool.Buf, error) {
	size := usualSize
	recent := s.recent.Load()
	if recent > usualSize {
		if c, ok := c.(sizer); ok {
			size = max(c.Size(message)+head, usualSize)
		}
	}
	buf := bufpool.Get(size)
	var err error
	if buf.B, err = c.Append(buf.B[:head], message); err != nil {
		buf.Free()
		return nil, err
	}
	if now := max(int64(len(buf.B)), recent*7/8); now != recent {
		s.recent.Store(now)
	}
	return buf, nil
}
