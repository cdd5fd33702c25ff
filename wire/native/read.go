// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// run reads from the connection, after what has been read already, until it
// ends or until another goroutine goes on with that. All of the connection has
// ended when c.ended is called; those who serve or close it wait for that.
func (c *conn) run(prefix []byte) {
	c.raw.SetReadDeadline(time.Now().Add(c.limits.Handshake))
	c.in = mux.Input{Raw: c.raw, MaxFrame: maxFrame + maxHeadSize}
	if len(prefix) > 0 {
		c.in.Begin(prefix)
	}
	c.leader, _ = c.dispatcher.(leader)
	if err := c.readMagic(); err != nil {
		c.conclude(err)
	} else {
		c.lead()
	}
}

// lead goes on with the read loop, until the connection's end or until another
// goroutine does. Whoever sees the end calls c.ended.
func (c *conn) lead() {
	var left, returned bool
	defer func() {
		switch {
		case returned:
		case left: // runtime.Goexit in a handler: the loop goes on elsewhere
			c.writer.Flush()
		default: // one connection's bug, in a codec perhaps, is not the others' end
			what := recover()
			c.logger.Error("panic while serving a connection", "peer", c.peer.String(), "panic", what, "stack", string(debug.Stack()))
			c.conclude(curlew.Errorf(curlew.Internal, "connection to %s: panic in the read loop", c.peer))
		}
	}()
	err := c.read(&left)
	returned = true
	if err != errTakenOver {
		c.conclude(err)
	}
}

// errTakenOver tells that another goroutine goes on with the read loop.
var errTakenOver = errors.New("taken over")

// conclude ends the connection after the read loop has ended with err.
func (c *conn) conclude(err error) {
	c.endTurns()
	var broken *connError
	switch {
	case errors.As(err, &broken):
		c.logger.Warn("curlew: connection ended", "protocol", "native", "peer", c.peer.String(), "reason", broken.text)
		code := curlew.Unavailable
		if !c.helloDone {
			code = curlew.FailedPrecondition // trying again does not change what the peer speaks
		}
		c.closeWith(broken.code, curlew.Errorf(code, "connection to %s: %w", c.peer, err).WithOrigin(curlew.OriginTransport))
	case errors.Is(err, io.EOF) && c.saysGoodbye() != nil: // the peer was quicker than closeWith
		c.fail(c.saysGoodbye())
	case errors.Is(err, io.EOF):
		c.fail(curlew.Errorf(curlew.Unavailable, "connection to %s: closed by the peer without a goodbye", c.peer).
			WithOrigin(curlew.OriginTransport).WithCause(io.ErrUnexpectedEOF))
	default:
		c.fail(c.transportError("read", err))
	}
	c.in.Free()
	c.end()
}

// readMagic reads what every connection begins with.
func (c *conn) readMagic() error {
	for left := magic; left != ""; {
		if len(c.in.Rest()) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
		}
		k := min(len(left), len(c.in.Rest()))
		if string(c.in.Rest()[:k]) != left[:k] {
			return protocolErrorf("the peer does not speak Curlew's native protocol: it began with %.16q", c.in.Rest())
		}
		left = left[k:]
		c.in.Skip(k)
	}
	return nil
}

// read reads and handles frames until an error. It sets left while the loop may
// go on elsewhere.
func (c *conn) read(left *bool) error {
	for {
		f, n, err := parseFrame(c.in.Rest())
		switch {
		case err != nil:
			return err
		case n == 0:
			err = c.readOn()
		default:
			err = c.handle(&f)
			c.in.Skip(n)
		}
		if err != nil {
			return err
		}
		if c.next != nil {
			*left = true
			if !c.serveNext() {
				return errTakenOver
			}
			*left = false
		}
	}
}

// readOn reads more, because what there is holds no whole frame.
func (c *conn) readOn() error {
	c.flushHeld()
	if direct, err := c.readDirect(); direct || err != nil {
		return err
	}
	c.serveComing() // reading on may take long
	return c.fill()
}

// serveComing begins to serve the call whose request was about to be read.
func (c *conn) serveComing() {
	if s := c.coming; s != nil {
		c.coming = nil
		c.dispatcher.Go(&s.in)
	}
}

// serveNext runs the call that may run in the loop. If it reports false, another
// goroutine goes on with the loop, and nothing of it may be touched.
func (c *conn) serveNext() bool {
	s := c.next
	c.next, c.held = nil, true
	if c.turns == nil {
		c.turns = c.leader.NewLoop(func() { go c.lead() })
	}
	if c.leader.Lead(&s.in, c.turns) {
		return true
	}
	c.writer.Flush() // the answer, if the loop has flushed without it
	return false
}

// endTurns gives up what serveNext needs until it is needed again.
func (c *conn) endTurns() {
	if c.turns != nil {
		c.turns.Close()
		c.turns = nil
	}
}

// flushHeld has the answers written that waited for more to be read.
func (c *conn) flushHeld() {
	if c.held {
		c.held = false
		c.writer.Flush()
	}
}

// fill reads more.
func (c *conn) fill() error {
	n, err := c.in.Fill()
	c.received.Add(int64(n))
	if err != nil && c.interrupted(err) {
		return c.doze()
	}
	return err
}

// handle handles one frame. Its error ends the connection.
func (c *conn) handle(f *frame) error {
	if !c.helloDone {
		if f.typ != frameHello {
			return protocolErrorf("%s frame before HELLO", f.typ)
		}
		return c.handleHello(f)
	}
	r := &reader{b: f.payload}
	var err error
	switch f.typ {
	case frameCall:
		return c.handleCall(f, r)
	case frameStatus:
		return c.handleStatus(f, r)
	case frameData:
		return c.handleData(f, r)
	case frameHeader, frameCancel:
		return c.handleStream(f, r)
	case frameCredit:
		err = c.handleCredit(f, r)
	case framePing:
		err = c.handlePing(r)
	case framePong:
		r.uint()
	case frameDrain:
		err = c.handleDrain(r)
	case frameClose:
		return c.handleClose(r)
	case frameDescriptor:
		return c.handleDescriptor(r)
	case frameHello:
		return protocolErrorf("second HELLO")
	}
	if err != nil {
		return err
	}
	return framed(f, r.done())
}

// framed says of which frame err was.
func framed(f *frame, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*connError); ok {
		return err
	}
	return protocolErrorf("%s frame on stream %d: %v", f.typ, f.stream, err)
}

func (c *conn) handleHello(f *frame) error {
	s, err := parseHello(f.payload)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.theirs, c.helloDone = s, true
	c.send.credit += int64(s.connWindow) - initialConn
	c.mu.Unlock()
	c.raw.SetReadDeadline(time.Time{})
	if c.ready != nil {
		close(c.ready)
	}
	return nil
}

func (c *conn) handleCredit(f *frame, r *reader) error {
	n := r.uint()
	if r.err != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.stream == 0 {
		if !c.send.add(n) {
			return protocolErrorf("CREDIT of %d: the connection's credit overflows", n)
		}
		c.wakeStarved()
		return nil
	}
	s := c.streams.Get(f.stream)
	if s == nil {
		return c.checkOver(f)
	}
	if !s.send.add(n) {
		return protocolErrorf("CREDIT of %d on stream %d: its credit overflows", n, f.stream)
	}
	mux.Wake(s.sendWake)
	return nil
}

func (c *conn) handlePing(r *reader) error {
	token := r.uint()
	c.mu.Lock()
	ok := c.pings.ping(time.Now())
	c.mu.Unlock()
	if !ok {
		return limitErrorf("too many PINGs: at most one in %v is welcome", minPingEvery)
	}
	c.control(framePong, 0, token)
	return nil
}

// handleDrain learns that the peer begins no calls after the last one named.
func (c *conn) handleDrain(r *reader) error {
	last := r.uint()
	reason := r.string(maxReason)
	if r.err != nil {
		return nil
	}
	c.mu.Lock()
	c.leave()
	var refused []*stream
	for s := range c.streams.All() {
		if s.local && s.id > last {
			refused = append(refused, s)
		}
	}
	c.slots.Dismiss()
	c.mu.Unlock()
	for _, s := range refused {
		s.client.finish(curlew.Errorf(curlew.Unavailable, "%s is going away: %s", c.peer, reason).
			WithOrigin(curlew.OriginTransport).WithProgress(curlew.Refused))
	}
	return nil
}

// handleClose learns why the peer ends the connection.
func (c *conn) handleClose(r *reader) error {
	code := closeCode(r.uint())
	reason := r.string(maxReason)
	err := curlew.Errorf(curlew.Unavailable, "connection to %s: closed by the peer: %s", c.peer, reason).WithOrigin(curlew.OriginTransport)
	if code == closeNormal {
		err = err.WithCause(errGone)
	}
	c.fail(err)
	return io.EOF
}

// checkOver accepts a frame for a stream that is over and refuses one for a
// stream that never was. mu is held.
func (c *conn) checkOver(f *frame) error {
	local := f.stream%2 == c.nextID%2
	if f.stream == 0 || local && f.stream >= c.nextID || !local && f.stream > c.lastPeerID {
		return protocolErrorf("%s frame on stream %d, which was never opened", f.typ, f.stream)
	}
	return nil
}

// taken is what taking in a frame leaves to do.
type taken struct {
	credits []credit      // to be granted
	broken  *curlew.Error // of the stream, by what the frame brought
}

// handleData takes in a frame with message bytes, an end, or both.
func (c *conn) handleData(f *frame, r *reader) error {
	if f.flags&flagMessage == 0 && len(r.b) > 0 {
		return framed(f, r.done())
	}
	var t taken
	c.mu.Lock()
	pass, err := c.passConnection(f, len(r.b))
	s := c.streams.Get(f.stream)
	switch {
	case err != nil:
	case s == nil:
		err = c.checkOver(f)
	case s.local:
		t, err = s.client.take(f, r.b)
	default:
		t, err = s.server.take(f, r.b)
	}
	c.mu.Unlock()
	c.grantOne(0, pass)
	if s != nil {
		c.settle(s, &t)
	}
	return err
}

// settle does what taking in a frame of s has left to do, without mu.
func (c *conn) settle(s *stream, t *taken) {
	c.grant(t.credits)
	switch {
	case t.broken == nil:
	case s.local:
		s.client.abandon(t.broken)
	default:
		s.server.in.Cancel(t.broken)
	}
	if !s.local && s.server == c.coming && (s.recvEnd || t.broken != nil) {
		c.serveComing()
	}
}

// handleStream handles a HEADER or CANCEL of a stream that is there, or is over.
func (c *conn) handleStream(f *frame, r *reader) error {
	c.mu.Lock()
	s := c.streams.Get(f.stream)
	var err error
	if s == nil {
		err = c.checkOver(f)
	}
	c.mu.Unlock()
	switch {
	case err != nil:
		return err
	case s != nil && s.local != (f.typ == frameHeader):
		return protocolErrorf("%s frame on stream %d from the wrong side", f.typ, f.stream)
	case s == nil && f.typ == frameHeader: // its names are defined all the same
		c.namesIn.header(r, maxBlock)
		return framed(f, r.err)
	case s == nil:
		return nil
	case s.local:
		return s.client.handleHeader(f, r)
	}
	return s.server.handleCancel(f, r)
}

// passConnection counts message bytes against the connection's credit, which
// comes back as soon as they have left the socket: no stream can starve another.
// It returns the credit to be granted. mu is held.
func (c *conn) passConnection(f *frame, piece int) (int64, error) {
	if f.flags&flagMessage == 0 {
		return 0, nil
	}
	cost := int64(piece) + frameCost
	ok := c.recv.Receive(cost)
	c.recv.Consume(cost)
	if !ok {
		return 0, protocolErrorf("%s frame: beyond the connection's credit", f.typ)
	}
	return c.recv.Refill(), nil
}

// tick runs the liveness timer.
func (c *conn) tick() {
	c.mu.Lock()
	if c.err != nil || c.outgoing == 0 && c.incoming == 0 {
		if c.err == nil && c.alive.quiet(c.received.Load()) {
			c.settleDown()
		}
		c.mu.Unlock()
		return
	}
	ping, dead := c.alive.ticked(c.received.Load())
	if !dead {
		c.alive.timer.Reset(c.alive.every)
	}
	c.mu.Unlock()
	switch {
	case dead:
		c.fail(curlew.Errorf(curlew.Unavailable, "connection to %s: the peer has sent nothing for %v while calls were in flight, and did not answer a ping", c.peer, c.limits.Liveness).
			WithOrigin(curlew.OriginTransport))
	case ping:
		c.control(framePing, 0, 1)
	}
}

// watch arms the liveness timer. mu is held.
func (c *conn) watch() { c.alive.start(c.received.Load()) }

func tlsState(raw net.Conn) *tls.ConnectionState {
	if t, ok := raw.(*tls.Conn); ok {
		s := t.ConnectionState()
		return &s
	}
	return nil
}
