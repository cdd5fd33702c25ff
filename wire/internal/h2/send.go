// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"slices"
	"strconv"
	"time"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// takeCredit takes credit for up to want bytes, no more than go out at once. If
// it takes none, starve gives what tells when there may be some. mu is held.
func (s *stream) takeCredit(want int) int {
	c := s.c
	switch {
	case want == 0:
		return 0
	case s.send <= 0:
		s.leaveLine()
		return 0
	case !c.mayTake(s):
		s.joinLine()
		return 0
	}
	n := min(int64(want), s.send, c.send)
	if s.inLine {
		n = min(n, s.turn)
		s.turn -= n
	} else if n < int64(want) || want > maxDirect {
		n = min(n, c.turn())
	}
	s.send -= n
	c.send -= n
	if s.turn <= 0 || s.send <= 0 || n == int64(want) {
		s.leaveLine() // else its turn goes on when there is credit
	}
	return int(n)
}

// turn is how much of a stream goes out at once. mu is held.
func (c *conn) turn() int64 {
	if c.open <= fewOpen {
		return maxAlone
	}
	return maxSent
}

// starve returns what tells when there may be credit again. mu is held.
func (s *stream) starve() <-chan struct{} { return waitOn(&s.sendWake) }

// mayTake reports whether there is credit of the connection's and it is the
// stream's turn to take some: while it is short, streams stand in line. mu is
// held.
func (c *conn) mayTake(s *stream) bool {
	return c.send > 0 && (len(c.line) == 0 || c.line[0] == s)
}

// joinLine has the stream wait for its turn. mu is held.
func (s *stream) joinLine() {
	if !s.inLine {
		s.inLine, s.turn = true, s.c.turn()
		s.c.line = append(s.c.line, s)
	}
}

// leaveLine lets the next in line have its turn. mu is held.
func (s *stream) leaveLine() {
	if s.inLine {
		s.inLine, s.turn = false, 0
		s.c.line = slices.DeleteFunc(s.c.line, func(other *stream) bool { return other == s })
		s.c.callNext()
	}
}

// callNext tells the first in line of its turn, if there is credit. mu is held.
func (c *conn) callNext() {
	if c.send <= 0 || len(c.line) == 0 {
		return
	}
	if first := c.line[0]; first.server != nil && first.server.tail != nil {
		c.pushLeftover()
	} else {
		mux.Wake(first.sendWake)
	}
}

// often is the time from the end of one write to a stream to the next below which
// they are left to a goroutine to write, together with those that follow.
const often = 50 * time.Microsecond

// duringWrite stands for the time of a piece that was appended while others were
// written: that spares a look at the clock.
const duringWrite = -1

// unlock has what was appended to a stream written: at once, unless pieces come
// so fast that it pays to collect some. last is when the one before was.
func (c *conn) unlock(last *time.Duration) {
	if c.writer.Writing() {
		*last = duringWrite
		c.writer.Unlock(coalesce.Later)
		return
	}
	before := *last
	*last = time.Since(c.born)
	if before == duringWrite || *last-before < often {
		c.writer.Unlock(coalesce.Later)
		return
	}
	c.writer.Unlock(coalesce.Now)
	*last = time.Since(c.born) // to write may take longer than often
}

// content is a part of a body on its way out.
type content struct {
	p      []byte
	shared *coalesce.Payload // where p is; nil if p is to be copied
	from   int               // where it begins there
}

// shareAbove is the size from which a buffer is not copied to be written.
const shareAbove = 32 << 10

// share makes content of a buffer, which it takes over.
func share(b *bufpool.Buf) content {
	return content{p: b.B, shared: coalesce.NewPayload(b)}
}

func (d *content) release() {
	if d.shared != nil {
		d.shared.Release()
	}
}

// slice returns a part of the content, which has no hold of its own.
func (d *content) slice(from, to int) content {
	return content{d.p[from:to], d.shared, d.from + from}
}

// lastData is the DATA frame that was appended last, as long as nothing else was.
type lastData struct {
	id     uint32
	length int
	end    int64 // offset of what comes after it
}

// maxMerged is how long a frame becomes by what is appended to it: not so long
// that a receiver reads it past its buffer.
const maxMerged = directAbove - 1<<10

// merge puts content into the frame before it, if that is the stream's too and has
// not been taken to be written: small messages are cheaper in one frame, for both
// sides. The writer's lock is held.
func (c *conn) merge(id uint32, p []byte, fl flags) bool {
	b, l := c.writer.Buffer(), &c.last
	at := len(b.B) - headSize - l.length
	if l.id != id || l.length+len(p) > maxMerged || at < 0 || l.end != c.writer.Offset() {
		return false
	}
	b.Grow(len(p))
	b.B = append(b.B, p...)
	l.length += len(p)
	l.end += int64(len(p))
	putHead(b.B[at:], l.length, frameData, fl, id)
	return true
}

// appendData appends DATA frames; the last one has the flags. The writer's lock
// is held.
func (c *conn) appendData(id uint32, d content, fl flags) {
	left := len(d.p)
	if left == 0 && fl == 0 || d.shared == nil && c.merge(id, d.p, fl) {
		return
	}
	b := c.writer.Buffer()
	most := min(c.theirs.maxFrame, maxAlone)
	room := headSize * (left/most + 1)
	if d.shared == nil {
		room += left
	}
	b.Grow(room)
	for at := 0; ; {
		n := min(left-at, most)
		if at+n < left {
			b.B = appendHead(b.B, n, frameData, 0, id)
		} else {
			b.B = appendHead(b.B, n, frameData, fl, id)
		}
		if d.shared != nil && n > 0 {
			c.writer.AppendPayload(d.shared, d.from+at, d.from+at+n)
		} else {
			b.B = append(b.B, d.p[at:at+n]...)
		}
		if at += n; at < left {
			continue
		}
		if c.last = (lastData{}); d.shared == nil {
			c.last = lastData{id, n, c.writer.Offset()}
		}
		return
	}
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
