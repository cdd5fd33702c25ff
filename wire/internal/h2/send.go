// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"strconv"
	"time"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// takeCredit takes credit for up to want bytes, no more than go out at once. mu
// is held.
func (s *stream) takeCredit(want int) int {
	n := max(0, min(int64(want), maxSent, s.send, s.c.send))
	if want <= maxDirect && int64(want) <= s.send && int64(want) <= s.c.send {
		n = int64(want)
	}
	s.send -= n
	s.c.send -= n
	return int(n)
}

// starve returns what tells when there may be credit again. mu is held.
func (s *stream) starve() <-chan struct{} {
	if c := s.c; c.send <= 0 && !s.starved {
		s.starved = true
		c.starved = append(c.starved, s)
	}
	return waitOn(&s.sendWake)
}

// often is the time between two writes to a stream below which they are left to
// a goroutine to write, together with those that follow.
const often = 50 * time.Microsecond

// soon tells when the next piece of a stream is written: at once, unless they
// come so fast that it pays to collect some.
func (c *conn) soon(last *time.Duration) coalesce.When {
	now := time.Since(c.born)
	since := now - *last
	*last = now
	if since < often {
		return coalesce.Later
	}
	return coalesce.Now
}

// appendData appends DATA frames; the last one has the flags. The writer's lock
// is held.
func (c *conn) appendData(id uint32, p []byte, fl flags) {
	if len(p) == 0 && fl == 0 {
		return
	}
	b := c.writer.Buffer()
	most := min(c.theirs.maxFrame, maxSent)
	b.Grow(len(p) + headSize*(len(p)/most+1))
	for len(p) > most {
		b.B = appendHead(b.B, most, frameData, 0, id)
		b.B = append(b.B, p[:most]...)
		p = p[most:]
	}
	b.B = appendHead(b.B, len(p), frameData, fl, id)
	b.B = append(b.B, p...)
}

// beginBlock begins a header block and returns where. The writer's lock is held.
func (c *conn) beginBlock(b *bufpool.Buf) int {
	at := len(b.B)
	b.B = appendHead(b.B, 0, 0, 0, 0) // endBlock fills it in
	b.B = c.encoder.begin(b.B)
	return at
}

// endBlock ends a header block that began at the given place.
func (c *conn) endBlock(b *bufpool.Buf, at int, id uint32, fl flags) {
	length, most := len(b.B)-at-headSize, c.theirs.maxFrame
	if length <= most {
		putHead(b.B[at:], length, frameHeaders, fl|flagEndHeaders, id)
		return
	}
	rest := append([]byte(nil), b.B[at+headSize+most:]...)
	b.B = b.B[:at+headSize+most]
	putHead(b.B[at:], most, frameHeaders, fl, id)
	for len(rest) > most {
		b.B = append(appendHead(b.B, most, frameContinuation, 0, id), rest[:most]...)
		rest = rest[most:]
	}
	b.B = append(appendHead(b.B, len(rest), frameContinuation, flagEndHeaders, id), rest...)
}

// blockRoom is what a header block takes at most, but for pseudo-header fields.
func blockRoom(fields wire.Fields) int {
	n := 64
	for i := range fields {
		n += len(fields[i].Name) + len(fields[i].Value) + 8
	}
	return n
}

// status appends a response's status.
func (e *encoder) status(b []byte, status int) []byte {
	if i := staticStatusOf(status); i != 0 {
		return static(b, i)
	}
	return e.field(b, ":status", strconv.Itoa(status))
}

// list appends fields, but for those that HTTP/2 cannot carry.
func (e *encoder) list(b []byte, fields wire.Fields) []byte {
	for i := range fields {
		if fields[i].Name != "" {
			b = e.field(b, fields[i].Name, fields[i].Value)
		}
	}
	return b
}
