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

// Gatherer is a body whose engine puts together what its reader wants as a
// whole, and hands over what it has rather than copy it.
type Gatherer interface {
	// TakeChunk reads what comes next, at least a byte; the buffer is the
	// caller's.
	TakeChunk(ctx context.Context) (*bufpool.Buf, error)
	// Gather fills buf, which it takes over, up to the given size, and returns it.
	// If ctx ends it, it keeps buf and may be tried again, with nil; with any
	// other error, io.EOF too, it returns what it has.
	Gather(ctx context.Context, buf *bufpool.Buf, size int) (*bufpool.Buf, error)
}

// firstRead bounds what is allocated for a body before any of it is there: one
// byte less than a buffer's size.
const firstRead = 4<<10 - 1

// ReadAll returns the body, or with an error what has come of it; the buffer is
// the caller's. length is what the head says of it, -1 if nothing. A body above
// limit is a TooLarge error, before it is read if its length is known.
func ReadAll(ctx context.Context, body Body, length int64, limit int) (*bufpool.Buf, error) {
	if length > int64(limit) {
		return bufpool.Get(0), TooLarge(strconv.FormatInt(length, 10), limit, false)
	}
	if g, ok := body.(Gatherer); ok && length > 0 {
		return gatherAll(ctx, g, int(length))
	}
	buf := bufpool.Get(0)
	return buf, readAll(ctx, body, buf, length, limit)
}

// gatherAll is ReadAll for a body that is known to have the given size.
func gatherAll(ctx context.Context, g Gatherer, size int) (*bufpool.Buf, error) {
	buf, err := g.TakeChunk(ctx)
	if err == nil && len(buf.B) < size {
		buf, err = g.Gather(ctx, buf, size)
	}
	if buf == nil {
		buf = bufpool.Get(0)
	}
	if err == nil {
		var more *bufpool.Buf
		if more, err = g.TakeChunk(ctx); err == nil {
			more.Free()
			err = TooLarge("more than "+strconv.Itoa(size), size, false)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return buf, err
}

func readAll(ctx context.Context, body Body, buf *bufpool.Buf, length int64, limit int) error {
	for {
		have := len(buf.B)
		room := firstRead
		if length >= 0 { // it is believed in proportion to what has come
			room = int(min(max(length-int64(have), 0), max(firstRead, growth*int64(have))))
		}
		if len(buf.B) == cap(buf.B) || have == 0 {
			buf.Grow(room + 1) // for the byte, or the end, after the last
		}
		most := cap(buf.B) - len(buf.B)
		if left := limit - have; left < most {
			most = left + 1 // one byte too many tells that there is more
		}
		n, err := body.Read(ctx, buf.B[len(buf.B):len(buf.B)+most])
		buf.B = buf.B[:len(buf.B)+n]
		switch {
		case len(buf.B) > limit:
			return TooLarge("more than "+strconv.Itoa(limit), limit, false)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
