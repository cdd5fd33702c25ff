// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

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
	ReadSmall = 4 << 10
	ReadSize  = 16 << 10
	ReadLarge = 64 << 10
)

// Input is what has been read from a connection and not handled. It holds no
// buffer while it waits for the first byte of a frame.
type Input struct {
	Raw net.Conn
	// MaxFrame is the size of the largest frame, with its head.
	MaxFrame int

	idle  *transport.IdleReader
	buf   *bufpool.Buf // nil if empty
	start int          // of what is not handled
}

// Begin takes in bytes that were read before.
func (in *Input) Begin(prefix []byte) {
	in.buf = bufpool.Get(max(ReadSmall, len(prefix)))
	in.buf.B = append(in.buf.B[:0], prefix...)
}

// Rest returns what is not handled. It is valid until Fill.
func (in *Input) Rest() []byte {
	if in.buf == nil {
		return nil
	}
	return in.buf.B[in.start:]
}

// Skip marks n bytes as handled.
func (in *Input) Skip(n int) {
	if in.start += n; in.buf != nil && in.start == len(in.buf.B) {
		in.Free()
	}
}

// Free drops what is there.
func (in *Input) Free() {
	if in.buf != nil {
		in.buf.Free()
		in.buf, in.start = nil, 0
	}
}

// Expect sets the size of the buffers that are taken from now on.
func (in *Input) Expect(n int) {
	if in.idle != nil {
		in.idle.SetSize(n)
	}
}

// Doze keeps nothing that is made again in no time.
func (in *Input) Doze() { in.idle = nil }

// Dozes reports whether it keeps nothing.
func (in *Input) Dozes() bool { return in.idle == nil && in.buf == nil }

// Fill waits for more bytes and returns how many came, at least one unless
// there is an error.
func (in *Input) Fill() (n int, err error) {
	if in.buf == nil {
		if in.idle == nil {
			in.idle = transport.NewIdleReader(in.Raw, ReadSize)
		}
		if in.buf, err = in.idle.Read(); err != nil {
			return 0, err
		}
		switch n := len(in.buf.B); {
		case n == cap(in.buf.B) || n >= ReadSize:
			in.idle.SetSize(ReadLarge)
		case n < ReadSize/4:
			in.idle.SetSize(ReadSize)
		}
		return len(in.buf.B), nil
	}
	in.makeRoom()
	have := len(in.buf.B)
	for n == 0 && err == nil {
		n, err = in.Raw.Read(in.buf.B[have:cap(in.buf.B)])
	}
	in.buf.B = in.buf.B[:have+n]
	if n > 0 {
		return n, nil // the error comes again
	}
	return 0, err
}

// growth is how many times as large as what has come of a frame the buffer for it
// is at most: a length is a stranger's word.
const growth = 4

// makeRoom moves what is left to the buffer's start, or to a larger buffer.
func (in *Input) makeRoom() {
	rest := in.Rest()
	if len(rest) < cap(in.buf.B) && in.start > 0 {
		in.buf.B = in.buf.B[:copy(in.buf.B, rest)]
	} else if len(rest) == cap(in.buf.B) {
		larger := bufpool.Get(max(len(rest)+1, min(in.MaxFrame, growth*len(rest))))
		larger.B = larger.B[:copy(larger.B, rest)]
		in.buf.Free()
		in.buf = larger
	}
	in.start = 0
}
