// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"net"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/transport"
)

// Sizes of read buffers that hold no large frame. A connection on which a read
// fills one gets the large one next, as long as reads make use of it; after a
// piece of a message that was not read through the buffer, the next one is
// likely to follow.
const (
	readSmall = 4 << 10
	readSize  = 16 << 10
	readLarge = 64 << 10
)

// input is what has been read and not handled. It holds no buffer while it
// waits for the first byte of a frame.
type input struct {
	raw   net.Conn
	idle  *transport.IdleReader
	buf   *bufpool.Buf // nil if empty
	start int          // of what is not handled
}

// begin takes in bytes that were read before.
func (in *input) begin(prefix []byte) {
	in.buf = bufpool.Get(max(readSmall, len(prefix)))
	in.buf.B = append(in.buf.B[:0], prefix...)
}

// rest returns what is not handled. It is valid until fill.
func (in *input) rest() []byte {
	if in.buf == nil {
		return nil
	}
	return in.buf.B[in.start:]
}

// skip marks n bytes as handled.
func (in *input) skip(n int) {
	if in.start += n; in.start == len(in.buf.B) {
		in.free()
	}
}

func (in *input) free() {
	if in.buf != nil {
		in.buf.Free()
		in.buf, in.start = nil, 0
	}
}

// fill waits for more bytes and returns how many came, at least one unless
// there is an error.
func (in *input) fill() (n int, err error) {
	if in.buf == nil {
		if in.buf, err = in.idle.Read(); err != nil {
			return 0, err
		}
		switch n := len(in.buf.B); {
		case n == cap(in.buf.B) || n >= readSize:
			in.idle.SetSize(readLarge)
		case n < readSize/4:
			in.idle.SetSize(readSize)
		}
		return len(in.buf.B), nil
	}
	in.makeRoom()
	have := len(in.buf.B)
	for n == 0 && err == nil {
		n, err = in.raw.Read(in.buf.B[have:cap(in.buf.B)])
	}
	in.buf.B = in.buf.B[:have+n]
	if n > 0 {
		return n, nil // the error comes again
	}
	return 0, err
}

// makeRoom moves what is left to the buffer's start, or to a buffer that holds
// the largest frame.
func (in *input) makeRoom() {
	rest := in.rest()
	if len(rest) < cap(in.buf.B) && in.start > 0 {
		in.buf.B = in.buf.B[:copy(in.buf.B, rest)]
	} else if len(rest) == cap(in.buf.B) {
		larger := bufpool.Get(maxFrame + maxHeadSize)
		larger.B = larger.B[:copy(larger.B, rest)]
		in.buf.Free()
		in.buf = larger
	}
	in.start = 0
}
