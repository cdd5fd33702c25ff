// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"io"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// clientStream is a call on the client.
//
// Whoever reads from the exchange has the turn: one at a time, for Header may be
// called beside Receive. Close needs no turn.
type clientStream struct {
	session    *Session
	method     *curlew.Method
	codec      curlew.Codec
	compress   compress.Compressor // of requests; nil: none
	maxReceive int
	maxSend    int
	request    wire.HTTPRequest
	room       [12]wire.Field      // for request.Fields
	x          wire.ClientExchange // changed by who has the turn, once complete, with mu
	sendEnd    bool                // of the one who sends

	// Of the one who has the turn.
	reader    httpwire.EnvelopeReader
	headTaken bool
	endsHere  wire.Fields // the head, if it tells the outcome unless a body follows
	encoding  string      // of replies that are compressed
	received  bool        // a message, or the end

	mu      sync.Mutex    // guards the rest; never held over anything that waits
	busy    bool          // somebody has the turn
	changed chan struct{} // closed at the next change; nil if nobody waits for it
	hasHead bool
	header  curlew.Header
	trailer curlew.Header
	over    bool
	err     error        // of the call; io.EOF: it ended well
	reply   *bufpool.Buf // of a call with one reply; nil before and once it is received
	stop    func() bool  // ends the watch on the call's context; may be nil

	// What it takes to begin the call again, see again.
	kept     *bufpool.Buf // the request, until there is an answer; freed by who has the turn
	requests int
	complete bool // the requests, and who sends is done
	repeats  int
}

var _ wire.ClientStream = (*clientStream)(nil)

// begin begins the exchange, unless it is too late.
func (st *clientStream) begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return httpwire.ContextError(ctx).WithProgress(curlew.NotSent)
	}
	var err error
	st.x, err = st.session.Do(ctx, &st.request)
	return err
}

// follow ends the call when ctx does.
func (st *clientStream) follow(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { st.abort(httpwire.ContextError(ctx).WithProgress(curlew.MaybeSent)) })
	st.mu.Lock()
	st.stop = stop
	over := st.over
	st.mu.Unlock()
	if over {
		stop()
	}
}

// take takes the turn and tells whether the call is over; it waits until ctx ends.
func (st *clientStream) take(ctx context.Context) (over bool, err *curlew.Error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for st.busy {
		if err := st.await(ctx); err != nil {
			return false, err
		}
	}
	st.busy = true
	return st.over, nil
}

// await waits for a change or the end of ctx. mu is held.
func (st *clientStream) await(ctx context.Context) *curlew.Error {
	if st.changed == nil {
		st.changed = make(chan struct{})
	}
	changed := st.changed
	st.mu.Unlock()
	defer st.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return httpwire.ContextError(ctx).WithProgress(curlew.MaybeSent)
	}
}

// wake tells those who wait of a change. mu is held.
func (st *clientStream) wake() {
	if st.changed != nil {
		close(st.changed)
		st.changed = nil
	}
}

// leave gives the turn back.
func (st *clientStream) leave() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.busy = false
	if st.over {
		st.reader.Free(io.EOF)
		st.dropKept()
	}
	st.wake()
}

// finish ends the call, with e or well if it is nil. Only the first end counts.
func (st *clientStream) finish(e *curlew.Error, trailer curlew.Header) {
	st.mu.Lock()
	if st.over {
		st.mu.Unlock()
		return
	}
	st.over, st.hasHead, st.trailer, st.err = true, true, trailer, io.EOF
	if e != nil {
		st.err = e
		st.dropReply()
	}
	if !st.busy {
		st.reader.Free(io.EOF)
		st.dropKept()
	}
	stop, x := st.stop, st.x
	st.wake()
	st.mu.Unlock()
	if stop != nil {
		stop()
	}
	if e != nil {
		x.Reset(e)
	} else {
		x.Reset(nil)
	}
}

// dropReply frees a reply that nobody will receive. mu is held.
func (st *clientStream) dropReply() {
	if st.reply != nil {
		st.reply.Free()
		st.reply = nil
	}
}

// abort ends a call that is not over.
func (st *clientStream) abort(e *curlew.Error) { st.finish(e, curlew.Header{}) }

// outcome returns the call's error, io.EOF if it ended well, nil if it is not
// over.
func (st *clientStream) outcome() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.err
}

// Close releases the stream and cancels a call that is not over.
func (st *clientStream) Close() error {
	if st.outcome() == nil {
		st.abort(curlew.NewError(curlew.Canceled, st.method.FullName()+": the caller closed the stream"))
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.dropReply()
	return nil
}

// Recycle lets the next call have the memory of a unary one that has ended well,
// been waited for and closed. The caller is sure that nobody has the stream, nor
// what its Header and Trailer pointed to.
func (st *clientStream) Recycle() {
	if st.err != io.EOF {
		return
	}
	s, m, path := st.session, st.method, st.request.Path
	*st = clientStream{method: m}
	st.request.Path = path // the next call is likely to want it
	s.spare.Put(st)
}

// Header waits for the head of the response.
func (st *clientStream) Header(ctx context.Context) (*curlew.Header, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for !st.hasHead {
		if st.busy {
			if err := st.await(ctx); err != nil {
				return nil, err
			}
			continue
		}
		st.busy = true
		st.mu.Unlock()
		err := st.takeHead(ctx)
		st.leave()
		st.mu.Lock()
		if err != nil && !st.hasHead {
			return nil, err
		}
	}
	if st.header.Len() == 0 && st.err != nil && st.err != io.EOF {
		return nil, st.err
	}
	return &st.header, nil
}

// Trailer returns the metadata after the reply, once the call is over.
func (st *clientStream) Trailer() *curlew.Header {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.over {
		return new(curlew.Header)
	}
	return &st.trailer
}

// Peer returns the server.
func (st *clientStream) Peer() *curlew.Peer {
	st.mu.Lock()
	x := st.x
	st.mu.Unlock()
	return st.session.peers.Named(x.Peer(), st.session.client.dialect.Name)
}
