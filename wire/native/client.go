// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// conn is a wire.Session for the calls that this side makes.
var _ wire.Session = (*conn)(nil)

// Draining is closed once no new calls are taken.
func (c *conn) Draining() <-chan struct{} { return c.away }

// Capacity is how many more calls could begin now.
func (c *conn) Capacity() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.goingAway {
		return 0
	}
	return max(0, c.maxOutgoing()-c.outgoing)
}

// maxOutgoing bounds the calls in flight that this side may make. mu is held.
func (c *conn) maxOutgoing() int {
	return int(min(c.theirs.maxStreams, uint64(c.maxStreams)))
}

// Close ends the connection and waits for what it started.
func (c *conn) Close(cause error) error {
	err := curlew.Errorf(curlew.Canceled, "connection to %s: closed on this side", c.peer).WithCause(errGone)
	if cause != nil {
		err = curlew.ErrorOf(cause)
	}
	c.closeWith(closeNormal, err)
	if !c.accepted { // else the one who serves the connection waits for it
		<-c.loop
	}
	return nil
}

// clientStream is a call that this side makes.
type clientStream struct {
	stream
	ctx     context.Context // bounds the call; nil for a unary one, whose Wait is told
	oneWay  bool
	fresh   bool // Wait need not look before it waits; of the goroutine that waits
	settled bool // that goroutine has seen the outcome: nothing changes any more
	sound   bool // and nothing of the connection knows of the stream any more

	// Guarded by c.mu.
	hasHeader bool
	isOver    bool        // the slot is given back
	stop      func() bool // ends the watch on the call's context
	header    curlew.Header
	trailer   curlew.Header
	headerIn  chan struct{} // closed with hasHeader; nil if nobody waits
}

// Open begins a call; see [wire.Session].
func (c *conn) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	s, err := c.prepare(call)
	if err != nil {
		return nil, err
	}
	unary := call.Method().Kind() == curlew.KindUnary
	var msg outgoing
	if unary {
		request, err := call.Request()
		if err != nil {
			return nil, err
		}
		if msg, err = s.encode(request); err != nil {
			return nil, err
		}
		defer msg.free()
	}
	sent, err := s.sendCall(ctx, call, &msg)
	if err != nil {
		return nil, err
	}
	if !unary {
		s.follow(ctx)
		return s, nil
	}
	s.sendEnd = true
	if sent < msg.size() {
		_, err := s.sendMessage(ctx, &msg, max(0, sent), sent >= 0, true, coalesce.Now)
		if err != nil && ctx.Err() != nil {
			s.cancel(ctx)
			return nil, err
		}
		// Any other error ended the call: Wait tells it.
	}
	return s, nil
}

// prepare makes the stream of a call and checks what can be checked before
// anything is sent.
func (c *conn) prepare(call *curlew.Call) (*clientStream, error) {
	o := call.Options()
	s, ok := c.spare.Get().(*clientStream)
	if !ok {
		s = new(clientStream)
	}
	s.oneWay = o.OneWay && call.Method().Kind() == curlew.KindUnary
	s.c, s.client, s.local, s.method = c, s, true, call.Method()
	s.single = !s.method.Kind().ManyReplies()
	s.codec = c.codec
	if o.Codec != nil {
		s.codec = o.Codec
	}
	if err := s.codec.Supports(s.method); err != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "%s as %s: %w", s.method.FullName(), s.codec.Name(), err).WithProgress(curlew.NotSent)
	}
	s.maxReceive, s.maxSend = c.limits.MaxReceive, c.limits.MaxSend
	if o.MaxReceive > 0 {
		s.maxReceive = o.MaxReceive
	}
	if o.MaxSend > 0 {
		s.maxSend = o.MaxSend
	}
	if size, most := call.Header().Size(), min(c.limits.MaxHeader, maxBlock); size > most {
		return nil, curlew.Errorf(curlew.ResourceExhausted, "%s: header of %d bytes, more than the %d that the native protocol carries", s.method.FullName(), size, most).WithProgress(curlew.NotSent)
	}
	if len(s.method.FullName()) > maxName {
		return nil, curlew.Errorf(curlew.InvalidArgument, "method name of %d bytes, more than the %d allowed", len(s.method.FullName()), maxName).WithProgress(curlew.NotSent)
	}
	hashes(s.method) // worked out here, not under a lock
	s.compress = o.Compression == "gzip" && c.theirs.compression&compressionGzip != 0
	return s, nil
}

// takeSlot takes one of the places for calls in flight, if there is one and
// nobody waits for it. mu is held.
func (c *conn) takeSlot() bool {
	if c.outgoing >= c.maxOutgoing() || c.slots.Len() > 0 {
		return false
	}
	c.outgoing++
	c.watch()
	return true
}

// slot waits for one of the places for calls in flight, first come, first
// served.
func (c *conn) slot(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refusal(); err != nil {
		return err
	}
	if c.takeSlot() {
		return nil
	}
	x := c.slots.Join()
	c.mu.Unlock()
	var err error
	select {
	case <-x.Turn:
	case <-ctx.Done():
		err = contextError(ctx).WithProgress(curlew.NotSent)
	}
	c.mu.Lock()
	c.slots.Leave(x)
	if refused := c.refusal(); err == nil && refused != nil {
		err = refused
	}
	if x.Granted && err != nil {
		c.freeSlot()
	}
	return err
}

// refusal says why no call can begin; nil if one can. mu is held.
func (c *conn) refusal() error {
	switch {
	case c.err != nil:
		return c.err.WithProgress(curlew.NotSent)
	case c.goingAway:
		return curlew.Errorf(curlew.Unavailable, "%s is going away", c.peer).
			WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
	case c.theirs.maxStreams == 0:
		return curlew.Errorf(curlew.Unimplemented, "%s offers no services on this connection", c.peer).WithProgress(curlew.NotSent)
	}
	return nil
}

// freeSlot gives a slot to the next who waits, if any. mu is held.
func (c *conn) freeSlot() {
	if c.goingAway || !c.slots.Wake(true) {
		c.outgoing--
	}
}

// headRoom is what the fields of a frame seldom exceed.
const headRoom = 64

// callRoom is what the fields of a CALL take at most, its header aside.
const callRoom = maxName + 256

// sendCall sends the CALL with as much of the message as credit and the frame
// allow. sent is how many bytes of the message went with it; -1 if the message
// has not been begun.
func (s *clientStream) sendCall(ctx context.Context, call *curlew.Call, msg *outgoing) (sent int, err error) {
	c := s.c
	if err := s.begin(ctx); err != nil {
		return -1, err
	}
	var timeout uint64
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(uint64(max(time.Until(deadline), 0).Microseconds())+1, maxInt)
	}
	s.startOffset = c.writer.Offset()
	sent = -1
	if msg.buf != nil {
		most := maxPiece
		if msg.shared == nil {
			most -= callRoom + call.Header().Size()
		}
		sent = s.tryAcquire(msg.size(), most, true)
		s.recvWake, s.fresh = c.wakes.Get(), true // its Wait comes next
	}
	id, define := c.methodsOut.ref(s.method)
	if define && id != 0 {
		c.definitions = append(c.definitions, s.method)
	}
	when, wide := coalesce.Now, int64(0)
	switch kind := s.method.Kind(); {
	case kind != curlew.KindUnary:
		when = coalesce.Later // together with the first message, if that comes at once
		if kind.ManyReplies() {
			wide = s.win.Widen(mux.WideWindow, &c.budget)
			s.reserved += wide
		}
	case c.outgoing > 1:
		when = coalesce.Gather
	}
	c.mu.Unlock()

	b := c.writer.Buffer()
	b.Grow(headRoom + max(sent, 0))
	if msg.shared == nil {
		b.B = s.appendCall(b.B, call, id, define, timeout, msg, sent)
	} else {
		b.B = s.appendCall(b.B, call, id, define, timeout, msg, -1)
		if sent >= 0 {
			s.appendPiece(msg, 0, sent, true, true)
		}
	}
	if wide > 0 {
		b.B = appendControl(b.B, frameCredit, s.id, uint64(wide))
	}
	c.writer.Unlock(when)
	return sent, nil
}

// begin waits for a place on the connection and for room to write, and makes
// the stream's entry. If there is no error, it returns with both locks held.
func (s *clientStream) begin(ctx context.Context) error {
	c := s.c
	for mine := false; ; {
		err := c.writer.Lock(ctx)
		if err == nil {
			c.mu.Lock()
			if mine = mine || c.takeSlot(); !mine && c.refusal() == nil {
				c.mu.Unlock()
				c.writer.Unlock(coalesce.Now)
				if err := c.slot(ctx); err != nil {
					return err
				}
				mine = true
				continue
			}
			if err = s.enter(ctx); err == nil {
				return nil
			}
			// In this order: the writer's Unlock writes what others have appended, and
			// takes its lock again.
			c.mu.Unlock()
			c.writer.Unlock(coalesce.Now)
		} else {
			err = curlew.ErrorOf(s.writeError(ctx, err)).WithProgress(curlew.NotSent)
		}
		if mine {
			c.mu.Lock()
			c.freeSlot()
			c.mu.Unlock()
		}
		return err
	}
}

// enter makes the stream's entry. mu is held.
func (s *clientStream) enter(ctx context.Context) error {
	c := s.c
	if err := c.refusal(); err != nil {
		return err
	}
	if err := c.incompat[s.method]; err != nil {
		return err.WithProgress(curlew.NotSent)
	}
	if ctx.Err() != nil {
		return contextError(ctx).WithProgress(curlew.NotSent)
	}
	if !c.budget.Grow(initialWindow, c.budget.Limit) {
		return curlew.Errorf(curlew.Unavailable, "connection to %s: too many received bytes wait for readers", c.peer).WithProgress(curlew.NotSent)
	}
	s.init(c, c.nextID)
	c.nextID += 2
	c.streams.Put(s.id, &s.stream)
	return nil
}

// appendCall appends the CALL frame. The writer's lock is held.
func (s *clientStream) appendCall(b []byte, call *curlew.Call, id uint64, define bool, timeout uint64, msg *outgoing, sent int) []byte {
	frameFlags := flags(0)
	if sent >= 0 {
		frameFlags = msg.flags | flagMessage | flagEnd
		if sent < msg.size() {
			frameFlags = msg.flags | flagMessage | flagMore
		}
	}
	b, start := beginFrame(b, frameCall, frameFlags, s.id)
	b = appendUvarint(b, id)
	if define {
		b = appendString(b, s.method.FullName())
		b = append(b, byte(s.method.Kind()))
		request, reply := hashes(s.method)
		b = appendUvarint(appendUvarint(b, request), reply)
	}
	var bits byte
	at := len(b)
	b = append(b, 0)
	if timeout > 0 {
		bits |= callTimeout
		b = appendUvarint(b, timeout)
	}
	if call.Header().Len() > 0 {
		bits |= callHeader
		b = s.c.namesOut.appendHeader(b, call.Header())
	}
	if s.codec.Name() != "proto" {
		bits |= callCodec
		b = appendString(b, s.codec.Name())
	}
	if s.oneWay {
		bits |= callOneWay
	}
	b[at] = bits
	if sent >= 0 {
		if sent < msg.size() {
			b = appendUvarint(b, uint64(msg.size()))
		}
		b = append(b, msg.buf.B[:sent]...)
	}
	return endFrame(b, start)
}

// follow ends the call when its context does.
func (s *clientStream) follow(ctx context.Context) {
	s.ctx = ctx
	stop := context.AfterFunc(ctx, func() { s.cancel(ctx) })
	s.c.mu.Lock()
	over := s.isOver
	s.stop = stop
	s.c.mu.Unlock()
	if over {
		stop()
	}
}

// cancel tells the server that the caller has given up, and ends the call. The
// error that it returns says how far the call got.
func (s *clientStream) cancel(ctx context.Context) *curlew.Error {
	err := contextError(ctx).WithProgress(curlew.MaybeSent)
	if !s.c.writer.Flushed(s.startOffset) {
		err = err.WithProgress(curlew.NotSent)
	}
	s.abandon(err)
	return err
}

// abandon sends CANCEL and ends the call with err.
func (s *clientStream) abandon(err *curlew.Error) {
	if s.finish(err) {
		s.c.controlText(frameCancel, s.id, uint64(err.Code()), err.Message())
	}
}

// finish ends the call: with the error, or well if it is nil. It reports
// whether it was the first to do so.
func (s *clientStream) finish(err *curlew.Error) bool {
	c := s.c
	c.mu.Lock()
	if s.isOver {
		c.mu.Unlock()
		return false
	}
	after := s.finishLocked(err)
	c.mu.Unlock()
	after.run(c)
	return true
}

// afterFinish is what is left to do for a call that is over, without mu.
type afterFinish struct {
	credits []credit
	stop    func() bool
	drained bool
}

func (a *afterFinish) run(c *conn) {
	c.grant(a.credits)
	if a.stop != nil {
		a.stop()
	}
	if a.drained {
		c.closeIfDrained()
	}
}

// finishLocked is finish for a call that is not over. mu is held.
func (s *clientStream) finishLocked(err *curlew.Error) afterFinish {
	c := s.c
	s.isOver = true
	if err != nil {
		s.failLocked(err)
	}
	s.recvEnd = true
	mux.Wake(s.recvWake)
	mux.Wake(s.sendWake)
	s.knowHeader()
	s.retire()
	c.freeSlot()
	return afterFinish{c.extendOthers(), s.stop, c.drained}
}

// knowHeader lets those go who wait for the header. mu is held.
func (s *clientStream) knowHeader() {
	s.hasHeader = true
	if s.headerIn != nil {
		close(s.headerIn)
		s.headerIn = nil
	}
}
