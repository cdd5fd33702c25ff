// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// stream is one call's state on a connection, what both sides have in common.
// The fields below mu's line are guarded by the connection's mu.
type stream struct {
	c          *conn
	id         uint64
	method     *curlew.Method
	codec      curlew.Codec
	maxReceive int
	maxSend    int
	// startOffset is where the CALL stands in the connection's bytes.
	startOffset int64
	lastSend    time.Duration // since the connection began; of the goroutine that sends
	server      *serverStream // of a stream opened by the peer
	client      *clientStream // of a stream opened here
	local       bool          // opened by this side
	compress    bool
	single      bool // one message is to be received, known to be wanted from the start

	// Guarded by c.mu.
	assembling bool
	lent       bool // the read loop reads into partial's buffer, and frees it if it is dropped
	recvEnd    bool // the peer sends no more messages
	receiving  bool // somebody waits in next
	extending  bool // in the connection's extending list
	starved    bool // in the connection's starved list
	retired    bool // no longer in the connection's table
	broken     bool // failed here by what was received
	begun      bool // a message has begun to arrive
	sendEnd    bool
	win        mux.RecvWindow
	reserved   int64     // of the connection's budget
	queue      []message // complete; its first array is one
	one        [1]message
	inbox      *inbox  // of the one who receives; nil until there is much to receive
	partial    message // being assembled, if assembling
	err        *curlew.Error
	send       sendWindow

	// Of capacity 1, made by the first who waits.
	recvWake, sendWake chan struct{}
}

// message is a received message, complete or not.
type message struct {
	buf        *bufpool.Buf
	total      int   // bytes, on the wire
	cost       int64 // credit that it took
	compressed bool
}

func (m *message) len() int {
	if m.buf == nil {
		return 0
	}
	return len(m.buf.B)
}

// growth is how many times what has arrived a message's buffer may be.
const growth = 16

// grow makes room for n more bytes, and if that takes another buffer, for what
// has been announced beyond, in proportion to what has arrived.
func (m *message) grow(n int) {
	have := m.len()
	if m.buf != nil && cap(m.buf.B)-have >= n {
		return
	}
	larger := bufpool.Get(min(m.total, growth*(have+n)))
	larger.B = larger.B[:0]
	if m.buf != nil {
		larger.B = append(larger.B, m.buf.B...)
		m.buf.Free()
	}
	m.buf = larger
}

func (m *message) free() {
	if m.buf != nil {
		m.buf.Free()
		m.buf = nil
	}
}

// init readies s for use. mu is held.
func (s *stream) init(c *conn, id uint64) {
	s.c, s.id = c, id
	s.win = mux.RecvWindow{Size: initialWindow, Granted: initialWindow}
	s.reserved = initialWindow
	s.send = sendWindow{int64(c.theirs.streamWindow)}
	s.queue = s.one[:0]
}

// waitOn returns the channel *ch, made if need be. mu is held.
func waitOn(ch *chan struct{}) <-chan struct{} {
	if *ch == nil {
		*ch = make(chan struct{}, 1)
	}
	return *ch
}

// failLocked makes err the answer to everything on the stream. mu is held.
func (s *stream) failLocked(err *curlew.Error) {
	if s.err == nil {
		s.err = err
	}
	s.recvEnd = true
	s.dropPartial()
	mux.Wake(s.recvWake)
	mux.Wake(s.sendWake)
}

// retire ends the stream's hold on the connection, but for messages that wait
// to be received. mu is held.
func (s *stream) retire() {
	s.c.streams.Remove(s.id)
	s.retired = true
	s.win.Size, s.win.Granted = 0, 0
	s.rebudget()
}

// drop frees what waits to be received. mu is held.
func (s *stream) drop() {
	for i := range s.queue {
		s.win.Consume(s.queue[i].cost)
		s.queue[i].free()
	}
	s.queue = nil
	if s.inbox != nil { // its buffers are the receiver's
		s.win.Consume(s.inbox.out)
		s.inbox.out = 0
	}
	s.dropPartial()
	s.rebudget()
}

// dropPartial frees a message that will not be completed. mu is held.
func (s *stream) dropPartial() {
	if s.assembling {
		s.win.Consume(s.partial.cost)
		if !s.lent {
			s.partial.free()
		}
		s.assembling = false
	}
}

// rebudget returns to the connection's budget what the window no longer holds.
// mu is held.
func (s *stream) rebudget() {
	if held := s.win.Held(); held < s.reserved {
		s.c.budget.Used -= s.reserved - held
		s.reserved = held
	}
}
