// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"slices"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// stream is what an exchange has in common on both sides.
type stream struct {
	c      *conn
	id     uint32 // 0: not opened yet
	server *serverStream
	client *clientStream
	body   reader

	// Guarded by c.mu.
	recv      mux.RecvWindow
	reserved  int64          // of the connection's budget
	send      int64          // credit
	queue     []*bufpool.Buf // received and not taken by the reader; its first array is one
	one       [1]*bufpool.Buf
	gathering *gathering // nil: none
	declared  int64      // content-length; -1: none
	arrived   int64      // bytes of the body
	recvEnd   bool       // the peer sends no more
	sendEnd   bool       // this side sends no more
	place     bool       // counts among the connection's open streams
	retired   bool       // no longer in the connection's table
	inLine    bool       // in the connection's line
	turn      int64      // what it may take before it is the next one's turn
	err       *curlew.Error

	// Of capacity 1, made by the first who waits.
	recvWake, sendWake chan struct{}
}

// enter makes the stream's entry. It reports false if too much waits for readers
// already. mu is held.
func (s *stream) enter(id uint32) bool {
	c := s.c
	if !c.budget.Grow(streamWindow, c.budget.Limit) {
		return false
	}
	s.id, s.reserved = id, streamWindow
	s.recv = mux.RecvWindow{Size: streamWindow, Granted: streamWindow}
	s.send = c.theirs.initialWindow
	s.queue = s.one[:0]
	c.streams.Put(uint64(id), s)
	return true
}

// widen makes the window at least as large as size, as far as the connection's
// budget has room, and returns the credit to be granted. mu is held.
func (s *stream) widen(size int64) int64 {
	n := s.recv.Widen(min(size, maxStreamWindow), &s.c.budget)
	s.reserved += n
	return n
}

// retire ends the stream's hold on the connection, but for bytes that wait to be
// read. mu is held.
func (s *stream) retire() {
	if s.retired {
		return
	}
	s.retired = true
	s.leaveLine()
	if s.id != 0 {
		s.c.streams.Remove(uint64(s.id))
	}
	s.recv.Size, s.recv.Granted = 0, 0
	s.rebudget()
	if x := s.server; x != nil && !x.answered.IsZero() {
		s.c.unwanted = slices.DeleteFunc(s.c.unwanted, func(other *serverStream) bool { return other == x })
	}
	if s.client != nil || s.server.over {
		s.leave()
	}
}

// leave gives up the stream's place. mu is held.
func (s *stream) leave() {
	if s.place {
		s.place = false
		s.c.freePlace()
	}
}

// retireIfOver retires a stream both of whose sides have ended. mu is held.
func (s *stream) retireIfOver() {
	if s.recvEnd && s.sendEnd {
		s.retire()
	}
}

// fail makes err the answer to everything on the stream. mu is held.
func (s *stream) fail(err *curlew.Error) {
	if s.err == nil {
		s.err = err
	}
	s.recvEnd, s.sendEnd = true, true
	if s.server != nil { // else what has come may still be read
		s.dropQueue()
		s.server.dropTail()
	}
	s.retire()
	mux.Wake(s.recvWake)
	mux.Wake(s.sendWake)
}

// dropQueue frees what waits to be read, because nobody will. mu is held.
func (s *stream) dropQueue() {
	for i, b := range s.queue {
		b.Free()
		s.queue[i] = nil
	}
	s.queue = nil
	s.dropGathering()
	s.recv.Buffered = 0 // what the reader has taken over is its own
	s.rebudget()
}

// rebudget returns to the connection's budget what the window no longer holds.
// mu is held.
func (s *stream) rebudget() {
	if held := s.recv.Held(); held < s.reserved {
		s.c.budget.Used -= s.reserved - held
		s.reserved = held
	}
}

// lose ends the stream with the connection, or because the peer ends it.
func (s *stream) lose(err *curlew.Error) {
	s.c.mu.Lock()
	s.fail(err)
	s.c.mu.Unlock()
	if s.server != nil {
		s.server.gone(err)
	}
}

// waitOn returns the channel *ch, made if need be. mu is held.
func waitOn(ch *chan struct{}) <-chan struct{} {
	if *ch == nil {
		*ch = make(chan struct{}, 1)
	}
	return *ch
}

// recent remembers the last streams that this side ended before the peer: what
// is still on its way for them is no fault of the peer's.
type recent struct {
	ids []uint32
	n   int
}

const maxRecent = 256

func (r *recent) add(id uint32) {
	if len(r.ids) < maxRecent {
		r.ids = append(r.ids, id)
		return
	}
	r.ids[r.n%maxRecent] = id
	r.n++
}

// remove forgets a stream of which the peer knows that it is over.
func (r *recent) remove(id uint32) {
	if i := slices.Index(r.ids, id); i >= 0 {
		r.ids[i] = 0
	}
}

func (r *recent) has(id uint32) bool { return slices.Contains(r.ids, id) }
