// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"context"
	"io"
	"strconv"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// Body is the body of an exchange, on either side.
type Body interface {
	Read(ctx context.Context, p []byte) (int, error)
}

// firstRead bounds what is allocated for a body before any of it is there.
const firstRead = 32 << 10

// ReadAll appends the body to buf. length is what the head says of it, -1 if
// nothing. A body above limit is a TooLarge error, before it is read if its
// length is known.
func ReadAll(ctx context.Context, body Body, buf *bufpool.Buf, length int64, limit int) error {
	if length > int64(limit) {
		return TooLarge(strconv.FormatInt(length, 10), limit, false)
	}
	room := firstRead
	if length >= 0 {
		room = int(min(length, firstRead))
	}
	over, err := fill(buf, room, limit, func(p []byte) (int, error) { return body.Read(ctx, p) })
	if over {
		return TooLarge("more than "+strconv.Itoa(limit), limit, false)
	}
	return err
}

// fill appends what read gives until io.EOF; over says that it would be more
// than limit bytes. room is how many may be expected.
func fill(buf *bufpool.Buf, room, limit int, read func(p []byte) (int, error)) (over bool, err error) {
	start := len(buf.B)
	for {
		buf.Grow(max(room, 512))
		room = 0
		most := cap(buf.B) - len(buf.B)
		if left := limit - (len(buf.B) - start); left < most {
			most = left + 1 // one byte too many tells that there is more
		}
		n, err := read(buf.B[len(buf.B) : len(buf.B)+most])
		buf.B = buf.B[:len(buf.B)+n]
		switch {
		case len(buf.B)-start > limit:
			return true, nil
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		}
	}
}
