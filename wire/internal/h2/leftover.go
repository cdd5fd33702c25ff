// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"slices"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// stallTime is how long a client may take nothing of a response that is ready.
const stallTime = 30 * time.Second

// tail is the rest of a response that waits for the client's credit.
type tail struct {
	content  content
	sent     int
	trailers wire.Fields
	moved    time.Time // when anything of it was sent, or it was left
}

// endLater leaves the end of a response to the connection.
func (x *serverStream) endLater(last content, trailers wire.Fields) error {
	c := x.c
	if last.shared != nil {
		last.shared.Retain()
	} else if len(last.p) > 0 {
		buf := bufpool.Get(len(last.p))
		copy(buf.B, last.p)
		last = share(buf)
	}
	t := &tail{content: last, trailers: trailers, moved: time.Now()}
	size := int64(len(last.p))
	c.mu.Lock()
	defer c.mu.Unlock()
	if x.err != nil || x.sendEnd || x.tail != nil {
		t.free()
		x.finished()
		return x.whyEnded()
	}
	if c.keeping+size > int64(c.limits.MaxBuffered) && len(c.leftover) > 0 {
		t.free()
		c.mu.Unlock()
		err := curlew.Errorf(curlew.ResourceExhausted, "connection to %s: more than %d bytes of responses wait for the client to take them", c.peer, c.limits.MaxBuffered)
		x.Reset(err)
		c.mu.Lock()
		return err
	}
	x.tail = t
	c.keeping += size
	c.leftover = append(c.leftover, x)
	x.finished()
	c.pushLeftover()
	return nil
}

func (t *tail) free() {
	t.content.release()
	t.content = content{}
}

// dropTail gives up the rest of a response. mu is held.
func (x *serverStream) dropTail() {
	if x.tail == nil {
		return
	}
	c := x.c
	c.keeping -= int64(len(x.tail.content.p))
	c.leftover = slices.DeleteFunc(c.leftover, func(other *serverStream) bool { return other == x })
	x.tail.free()
	x.tail = nil
}

// movable reports whether some of the rest can be sent now, and otherwise has it
// stand in line if it can be later. mu is held.
func (x *serverStream) movable() bool {
	switch {
	case x.tail.sent == len(x.tail.content.p):
		return true
	case x.send <= 0:
		return false
	case !x.c.mayTake(&x.stream):
		x.joinLine()
		return false
	}
	return true
}

// pushLeftover has a goroutine send what can be sent of what is left, unless
// there is one. mu is held.
func (c *conn) pushLeftover() {
	if c.pushing || c.err != nil {
		return
	}
	for _, x := range c.leftover {
		if x.movable() {
			c.pushing = true
			c.tasks.Add(1)
			go c.push()
			return
		}
	}
}

// piece is a part of what is left of a response.
type piece struct {
	x        *serverStream
	content  content // its hold is the piece's own
	last     bool
	trailers wire.Fields // after the last one
}

// push sends what is left, a piece of each response in turn, as long as there is
// credit.
func (c *conn) push() {
	defer c.tasks.Done()
	for more := true; more; {
		if err := c.writer.Lock(c.ctx); err != nil {
			c.mu.Lock()
			c.pushing = false
			c.mu.Unlock()
			return
		}
		var p piece
		if p, more = c.nextPiece(); more {
			c.appendPiece(&p)
		}
		c.writer.Unlock(coalesce.Now)
	}
}

// nextPiece takes the credit for the next piece that can be sent. If there is
// none, it ends the pushing.
func (c *conn) nextPiece() (p piece, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.leftover, (*serverStream).movable)
	if at < 0 {
		c.pushing = false
		return p, false
	}
	x := c.leftover[at]
	c.leftover = slices.Delete(c.leftover, at, at+1)
	t := x.tail
	from, size := t.sent, len(t.content.p)
	t.sent += x.takeCredit(min(size-from, maxAlone))
	t.moved = time.Now()
	p = piece{x: x, content: t.content.slice(from, t.sent)}
	if t.sent < size {
		p.content.shared.Retain()
		c.leftover = append(c.leftover, x)
		c.guard.sent()
		return p, true
	}
	t.content = content{} // it is p's
	c.keeping -= int64(size)
	p.last, p.trailers = true, t.trailers
	x.endSending()
	return p, true
}

// appendPiece appends a piece. The writer's lock is held, since before the
// credit was taken: pieces are in order, and none follows a reset.
func (c *conn) appendPiece(p *piece) {
	if p.last {
		p.x.appendEnd(p.content, p.trailers)
	} else {
		p.x.appendHeadOnce(0)
		c.appendData(p.x.id, p.content, 0)
	}
	p.content.release()
}

// stalled returns the responses of which the client has taken nothing for too
// long. mu is held.
func (c *conn) stalled(now time.Time) (stalled []*serverStream) {
	for _, x := range c.leftover {
		if now.Sub(x.tail.moved) > stallTime {
			stalled = append(stalled, x)
		}
	}
	return stalled
}
