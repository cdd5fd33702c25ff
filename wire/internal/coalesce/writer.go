// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// TryWriter writes without waiting: as much as there is room for, 0 and nil if
// there is none.
type TryWriter interface {
	TryWrite(p []byte) (int, error)
}

// When says who writes what has been appended, and when.
type When uint8

const (
	// Now: the caller writes, unless somebody does already.
	Now When = iota
	// Gather is Now, but what else can run runs first, and may append too. It is
	// for when others are likely to.
	Gather
	// Later: a goroutine writes, or one who appends when much is waiting before the
	// goroutine runs. It is for a caller that is about to append more.
	Later
	// Held: nobody writes until a Flush, or an Unlock with another When.
	Held
)

const (
	// DefaultLimit is the number of waiting bytes above which Lock waits.
	DefaultLimit = 256 << 10
	// controlRoom is what LockControl may append beyond the limit. A peer that
	// makes us answer this much without reading any of it is cut.
	controlRoom = 1 << 20
	// maxRounds is how often one caller writes what others have appended.
	maxRounds = 4
	// maxHeld is how much is held at most.
	maxHeld = 32 << 10
	// lentFactor is how many times the limit may wait in payloads.
	lentFactor = 8
	// takeOverAt is how much waits when a caller does the work of a goroutine that
	// has not run yet: that may take long while the caller keeps its processor busy.
	takeOverAt = 32 << 10
	// cooling is how much later what such a caller has appended last is written.
	cooling = 200 * time.Microsecond
	// minBuffer is the smallest buffer for a batch.
	minBuffer = 512
)

var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("connection closed")
	// ErrStuck is returned by LockControl if the peer has not read for so long
	// that even small frames have piled up.
	ErrStuck = errors.New("the peer does not read: too many small frames wait to be written")
)

// Writer is safe for concurrent use.
type Writer struct {
	conn   io.Writer
	try    TryWriter // nil: always use the flusher
	vector bool      // conn writes several pieces with one system call
	limit  int
	fail   func(error) // told once of a write error, without mu

	mu       sync.Mutex // held while a frame is appended; never over I/O
	pending  batch
	usual    int   // size of recent batches
	taken    int64 // bytes ever taken to be written
	written  int64 // bytes ever written to the connection
	writing  bool  // a caller or the flusher is writing, or about to
	due      bool  // and it is the flusher that the dormant goroutine will be
	dormant  bool  // there is a goroutine that has yet to run, and be the flusher if that is due
	hot      bool  // the last write was by one who appends fast
	err      error
	room     chan struct{} // closed when there is room again; nil if nobody waits
	progress chan struct{} // closed when written grows or err is set; nil if nobody waits
	flusher  sync.WaitGroup
}

// New returns a Writer to conn. try is nil if conn has no TryWrite. limit 0 is
// [DefaultLimit]. fail is called once if a write fails.
func New(conn io.Writer, try TryWriter, limit int, fail func(error)) *Writer {
	if limit == 0 {
		limit = DefaultLimit
	}
	w := &Writer{conn: conn, try: try, limit: limit, fail: fail}
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		w.vector = true
	}
	return w
}

// Lock waits until there is room for a frame or ctx ends. If it returns nil,
// the caller appends to Buffer and then calls Unlock, without waiting for
// anything in between.
func (w *Writer) Lock(ctx context.Context) error {
	for {
		w.mu.Lock()
		if w.err != nil {
			defer w.mu.Unlock()
			return w.err
		}
		if w.hasRoom() {
			return nil
		}
		if !w.writing { // what is there was held
			w.writing = true
			w.startFlusher(batch{}, false)
		}
		if w.room == nil {
			w.room = make(chan struct{})
		}
		room := w.room
		w.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// TryLock is Lock that does not wait: it reports false if there is no room.
func (w *Writer) TryLock() (bool, error) {
	w.mu.Lock()
	if err := w.err; err != nil {
		w.mu.Unlock()
		return false, err
	}
	if w.hasRoom() {
		return true, nil
	}
	if !w.writing { // what is there was held
		w.writing = true
		w.startFlusher(batch{}, false)
	}
	w.mu.Unlock()
	return false, nil
}

// LockControl is Lock for a small frame that must not wait.
func (w *Writer) LockControl() error {
	w.mu.Lock()
	err := w.err
	if err == nil && w.waiting()-w.pending.lent >= w.limit+controlRoom {
		err = ErrStuck
	}
	if err != nil {
		w.mu.Unlock()
	}
	return err
}

// waiting is the number of bytes that wait to be taken. mu is held.
func (w *Writer) waiting() int { return w.pending.size() }

// hasRoom reports whether Lock need not wait. Payloads take no memory here, so
// that more of them may wait. mu is held.
func (w *Writer) hasRoom() bool {
	return w.waiting()-w.pending.lent < w.limit && w.pending.lent < lentFactor*w.limit
}

// Buffer returns where to append, between Lock and Unlock only.
func (w *Writer) Buffer() *bufpool.Buf {
	if w.pending.buf == nil {
		w.pending.buf = bufpool.Get(max(minBuffer, w.usual))
		w.pending.buf.B = w.pending.buf.B[:0]
	}
	return w.pending.buf
}

// AppendPayload appends bytes from to to of p, without a copy where the
// connection allows that. It is for use between Lock and Unlock.
func (w *Writer) AppendPayload(p *Payload, from, to int) {
	data := p.buf.B[from:to]
	if !w.vector {
		b := w.Buffer()
		b.Grow(len(data))
		b.B = append(b.B, data...)
		return
	}
	p.refs.Add(1)
	w.pending.payloads = append(w.pending.payloads, piece{len(w.Buffer().B), data, p})
	w.pending.lent += len(data)
}

// Offset returns the position in the connection's stream of bytes at which the
// next appended byte will stand. It is for use between Lock and Unlock.
func (w *Writer) Offset() int64 { return w.taken + int64(w.waiting()) }

// Writing reports whether somebody is writing, who will take what is appended
// now along. It is for use between Lock and Unlock.
func (w *Writer) Writing() bool { return w.writing }

// Unlock ends what Lock began and sees to it that what was appended is
// written. It does not wait for the peer.
func (w *Writer) Unlock(when When) {
	takesOver := w.due && w.try != nil && w.pending.lent == 0 && (when == Now || w.waiting() >= takeOverAt)
	if w.writing && !takesOver || w.waiting() == 0 || when == Held && w.waiting()-w.pending.lent < maxHeld {
		w.mu.Unlock()
		return
	}
	w.writing = true
	if takesOver {
		w.due = false
		w.hot = when != Now
	} else if when == Later || w.try == nil {
		w.startFlusher(batch{}, when != Now)
		w.mu.Unlock()
		return
	}
	if when == Gather && !takesOver {
		w.mu.Unlock()
		runtime.Gosched()
		w.mu.Lock()
	}
	for round := 0; ; round++ {
		b := w.take()
		if b.size() == 0 {
			w.writing = false
			w.mu.Unlock()
			return
		}
		if round == maxRounds || len(b.payloads) > 0 {
			w.startFlusher(b, false)
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		n, err := w.try.TryWrite(b.buf.B)
		w.mu.Lock()
		w.advance(n)
		if err != nil {
			b.free()
			w.failLocked(err)
			return
		}
		if w.err != nil { // closed meanwhile: nobody waits for one more flusher
			b.free()
			w.writing = false
			w.mu.Unlock()
			return
		}
		if n < len(b.buf.B) {
			b.skip = n
			w.startFlusher(b, false)
			w.mu.Unlock()
			return
		}
		b.free()
	}
}

// Flush sees to it that what was held is written.
func (w *Writer) Flush() {
	w.mu.Lock()
	w.Unlock(Now)
}

// take takes what is pending; an empty batch if there is nothing. mu is held.
func (w *Writer) take() batch {
	if w.err != nil || w.waiting() == 0 {
		return batch{}
	}
	b := w.pending
	w.pending = batch{}
	w.taken += int64(b.size())
	w.usual = max(len(b.buf.B), w.usual-w.usual/8)
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
	return b
}

// advance counts n bytes as written. mu is held.
func (w *Writer) advance(n int) {
	w.written += int64(n)
	w.wake()
}

func (w *Writer) wake() {
	if w.progress != nil {
		close(w.progress)
		w.progress = nil
	}
}

// startFlusher hands the writing to a goroutine, with b as its first work. If
// there is none, it may let others append first, and who appends much may take
// the writing over. mu is held.
func (w *Writer) startFlusher(b batch, gather bool) {
	if b.size() == 0 {
		w.due = true
		if w.dormant {
			return
		}
		w.dormant = true
	}
	w.flusher.Add(1)
	go w.flush(b, gather)
}

func (w *Writer) flush(b batch, gather bool) {
	defer w.flusher.Done()
	if gather {
		runtime.Gosched()
	}
	if b.size() == 0 && !w.awake() {
		return // somebody took the writing over
	}
	for {
		var n int
		var err error
		if b.size() > 0 {
			n, err = b.writeTo(w.conn)
			b.free()
		}
		w.mu.Lock()
		w.advance(n)
		if err != nil {
			w.failLocked(err)
			return
		}
		if b = w.take(); b.size() == 0 {
			w.writing = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
	}
}

// awake ends the dormant state and reports whether the goroutine is the flusher.
// While somebody appends fast and writes, it need not compete with that one.
func (w *Writer) awake() (due bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hot {
		w.hot = false
		w.mu.Unlock()
		time.Sleep(cooling)
		w.mu.Lock()
	}
	due = w.due
	w.due, w.dormant = false, false
	return due
}

// failLocked ends the Writer with err and releases mu.
func (w *Writer) failLocked(err error) {
	w.writing = false
	first := w.stopLocked(err)
	w.mu.Unlock()
	if first && w.fail != nil {
		w.fail(err)
	}
}

// stopLocked makes err the answer to all that follows; it reports whether it is
// the first. mu is held.
func (w *Writer) stopLocked(err error) bool {
	if w.err != nil {
		return false
	}
	w.err = err
	w.pending.free()
	w.pending = batch{}
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
	w.wake()
	return true
}

// Flushed reports whether any byte from the given offset on may have left: it
// has been written, or is with a write that has not returned.
func (w *Writer) Flushed(offset int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writing {
		return w.taken > offset
	}
	return w.written > offset
}

// WaitFlushed waits until all bytes before offset have been written, the
// Writer fails, or ctx ends.
func (w *Writer) WaitFlushed(ctx context.Context, offset int64) error {
	for {
		w.mu.Lock()
		if w.written >= offset || w.err != nil {
			defer w.mu.Unlock()
			if w.written >= offset {
				return nil
			}
			return w.err
		}
		if w.progress == nil {
			w.progress = make(chan struct{})
		}
		progress := w.progress
		w.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Drain waits until all that was appended is written, as WaitFlushed does.
func (w *Writer) Drain(ctx context.Context) error {
	w.mu.Lock()
	offset := w.Offset()
	w.mu.Unlock()
	return w.WaitFlushed(ctx, offset)
}

// Close makes every later use fail with err, or [ErrClosed] if err is nil, and
// waits for the flusher. The connection must be closed already, or nothing ends
// a write that waits.
func (w *Writer) Close(err error) {
	if err == nil {
		err = ErrClosed
	}
	w.mu.Lock()
	w.stopLocked(err)
	w.mu.Unlock()
	w.flusher.Wait()
}
