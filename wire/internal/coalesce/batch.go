// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"io"
	"net"
	"sync/atomic"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// Payload is a buffer that several appends share. It is freed when its maker
// has released it and all that was appended of it is written or given up.
type Payload struct {
	buf  *bufpool.Buf
	refs atomic.Int32
}

// NewPayload takes over buf. The caller releases the Payload.
func NewPayload(buf *bufpool.Buf) *Payload {
	p := &Payload{buf: buf}
	p.refs.Store(1)
	return p
}

// Retain takes another hold, which is to be released too.
func (p *Payload) Retain() { p.refs.Add(1) }

// Release gives up one hold.
func (p *Payload) Release() {
	if p.refs.Add(-1) == 0 {
		p.buf.Free()
	}
}

// batch is what is written at once: a buffer, and payloads that belong in
// between.
type batch struct {
	buf      *bufpool.Buf // nil if empty
	payloads []piece
	lent     int // bytes of payloads
	skip     int // bytes of buf that are written; only if there are no payloads
}

// piece is a part of a payload.
type piece struct {
	at    int // how much of the batch's buffer comes before
	data  []byte
	owner *Payload
}

func (b *batch) size() int {
	if b.buf == nil {
		return 0
	}
	return len(b.buf.B) + b.lent
}

func (b *batch) free() {
	if b.buf != nil {
		b.buf.Free()
	}
	for _, p := range b.payloads {
		p.owner.Release()
	}
}

// writeTo writes all that is left and returns how much it was.
func (b *batch) writeTo(conn io.Writer) (int, error) {
	if len(b.payloads) == 0 {
		return conn.Write(b.buf.B[b.skip:])
	}
	pieces := make(net.Buffers, 0, 2*len(b.payloads)+1)
	at := 0
	for _, p := range b.payloads {
		if p.at > at {
			pieces = append(pieces, b.buf.B[at:p.at])
			at = p.at
		}
		pieces = append(pieces, p.data)
	}
	if at < len(b.buf.B) {
		pieces = append(pieces, b.buf.B[at:])
	}
	n, err := pieces.WriteTo(conn)
	return int(n), err
}
