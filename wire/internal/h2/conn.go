// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/internal/workers"
	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// protocolName is that of HTTP/2 in a Peer; its ALPN name is "h2".
const protocolName = "http/2"

// conn is one connection, the same on both sides. Only the client opens streams.
//
// Locks: the writer's (held while frames are appended) comes before mu. Neither
// is held over I/O or while waiting.
type conn struct {
	raw      net.Conn
	limits   wire.Limits
	most     int // streams that the peer may open, or this side
	logger   *slog.Logger
	peer     *curlew.Peer
	accepted bool // the peer connected: this side is the server
	maxFrame int  // that this side takes; of the read loop
	ended    func(error)

	// Of a server.
	server     *Server
	dispatcher wire.Dispatcher
	leader     leader // the dispatcher, if it can run calls in the read loop
	draining   <-chan struct{}

	// Of a client.
	ready chan struct{} // closed when the server's SETTINGS are there
	away  chan struct{} // closed with goingAway
	loop  chan struct{} // closed when the read loop has ended

	ctx     context.Context // of exchanges; ends with the connection
	cancel  context.CancelCauseFunc
	failing sync.WaitGroup // done when fail is
	tasks   sync.WaitGroup // goroutines beside the read loop
	writer  *coalesce.Writer

	// Guarded by the writer's lock.
	encoder encoder
	last    lastData

	// Owned by the read loop.
	in        mux.Input
	block     block
	settled   bool           // the peer's SETTINGS have come
	beginning *serverStream  // whose protocol is looking at its head
	coming    *serverStream  // whose body is about to be read
	next      *wire.Incoming // a call that may run in the loop
	toWake    *stream        // whose reader has been left to be woken
	turns     *workers.Loop  // made for the first such call
	held      bool           // frames wait in the writer

	born     time.Time
	received atomic.Int64 // bytes, for liveness

	mu         sync.Mutex
	theirs     settings
	streams    mux.Table[stream]
	nextID     uint32 // of the next stream opened here
	lastID     uint32 // of the last stream that the peer opened
	open       int    // streams that take a place: see stream.place
	slots      mux.Waiters
	wakes      mux.Wakes
	send       int64 // credit
	recv       mux.RecvWindow
	budget     mux.Budget      // for what all streams may hold
	line       []*stream       // wait for their turn to take the connection's credit
	leftover   []*serverStream // have ended and not been sent
	keeping    int64           // bytes of leftover
	pushing    bool            // a goroutine sends leftover
	usual      int64           // size of the largest bodies that came of late
	promised   int             // room for what has been announced and has not come
	unwanted   []*serverStream // have been answered, and the client has not ended them
	ours       recent          // streams that this side ended before the peer did
	err        *curlew.Error
	goingAway  bool        // no new streams from here
	awayReason string      // as the server told it
	drained    drainState  // how far this side's drain is
	final      uint32      // the last stream that is served, if the drain is that far
	farewell   *time.Timer // ends a drained connection that the peer does not
	alive      liveness
	settling   bool      // the read loop has been told to doze off
	patience   time.Time // since when the end of the coming request is awaited
	inHurry    bool      // the read deadline is that of the handshake or of a header block
	guard      guard
}

// leader is a dispatcher that can run short calls in a read loop.
type leader interface {
	wire.Dispatcher
	NewLoop(next func()) *workers.Loop
	Lead(in *wire.Incoming, loop *workers.Loop) bool
}

// errGone is the cause of the end of a connection that ended well.
var errGone = errors.New("connection closed")

const (
	// streamWindow is the credit for a stream at its beginning: a message of
	// 64 KiB with what goes around it.
	streamWindow = 65 << 10
	// maxStreamWindow is how far it grows for a fast reader.
	maxStreamWindow = 4 << 20
	// connWindow is the credit for the connection. It comes back as soon as bytes
	// have left the socket, so it bounds what is on its way, not what is held.
	connWindow = 16 << 20
)

func newConn(raw net.Conn, accepted bool, limits wire.Limits, logger *slog.Logger) *conn {
	c := &conn{
		raw: raw, accepted: accepted, limits: limits, logger: logger, born: time.Now(),
		most:    max(1, min(limits.MaxStreams, limits.MaxBuffered/streamWindow)),
		theirs:  defaultSettings(),
		encoder: newEncoder(),
		send:    initialWindow,
		recv:    mux.RecvWindow{Size: connWindow, Granted: connWindow},
		budget:  mux.Budget{Limit: max(int64(limits.MaxBuffered), streamWindow)},
		in:      mux.Input{Raw: raw, MaxFrame: maxFrame + headSize},
		inHurry: true,
	}
	if c.maxFrame = maxFrame; accepted {
		c.maxFrame = minMaxFrame
	}
	c.block.init(listLimit(limits))
	c.failing.Add(1)
	var try coalesce.TryWriter
	if w, ok := transport.NewTryWriter(raw); ok {
		try = w
	}
	c.writer = coalesce.New(raw, try, 0, func(err error) { c.fail(c.transportError("write", err)) })
	c.alive.init(limits.Liveness, c.tick)
	return c
}

// listLimit is the size of a header list within which a header of the limit's
// size fits, whose binary values travel as base64, and the protocol's own fields.
func listLimit(l wire.Limits) int { return l.MaxHeader/3*4 + 1 + 4<<10 }

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// begin sets the context of exchanges, says hello, and reads what comes after
// the prefix.
func (c *conn) begin(ctx context.Context, prefix []byte) {
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.sayHello()
	go c.run(prefix)
}

func (c *conn) sayHello() {
	if err := c.writer.LockControl(); err != nil {
		return
	}
	b := c.writer.Buffer()
	if !c.accepted {
		b.B = append(b.B, preface...)
	}
	const count = 4
	b.B = appendHead(b.B, 6*count, frameSettings, 0, 0)
	if c.accepted {
		b.B = appendSetting(b.B, settingMaxStreams, uint32(c.most))
	} else {
		b.B = appendSetting(b.B, settingEnablePush, 0)
	}
	b.B = appendSetting(b.B, settingInitialWindow, streamWindow)
	b.B = appendSetting(b.B, settingMaxFrame, uint32(c.maxFrame))
	b.B = appendSetting(b.B, settingMaxHeaderListSize, uint32(c.block.limit))
	b.B = appendWindowUpdate(b.B, 0, connWindow-initialWindow)
	c.writer.Unlock(coalesce.Now)
}

// control has append append a small frame, which is written soon.
func (c *conn) control(when coalesce.When, appendTo func(b []byte) []byte) {
	if err := c.writer.LockControl(); err != nil {
		if errors.Is(err, coalesce.ErrStuck) {
			c.fail(c.transportError("write", err))
		}
		return
	}
	b := c.writer.Buffer()
	b.B = appendTo(b.B)
	c.writer.Unlock(when)
}

// grant gives the peer credit for a stream, or for the connection if that is 0.
func (c *conn) grant(stream uint32, n int64, when coalesce.When) {
	if n <= 0 {
		return
	}
	if err := c.writer.LockControl(); err != nil {
		if errors.Is(err, coalesce.ErrStuck) {
			c.fail(c.transportError("write", err))
		}
		return
	}
	b := c.writer.Buffer()
	b.B = appendWindowUpdate(b.B, stream, n)
	c.writer.Unlock(when)
}

// transportError describes a failure of the connection.
func (c *conn) transportError(step string, err error) *curlew.Error {
	var e *curlew.Error
	if errors.As(err, &e) {
		return e
	}
	return curlew.Errorf(curlew.Unavailable, "connection to %s: %s: %w", c.peer, step, err).WithOrigin(curlew.OriginTransport)
}

// fail ends the connection with err. Only the first call counts. It does not
// wait, and may be called with no lock held from anywhere.
func (c *conn) fail(err *curlew.Error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	c.leave()
	c.alive.stop()
	if c.farewell != nil {
		c.farewell.Stop()
	}
	failed := slices.Collect(c.streams.All())
	c.slots.Dismiss()
	c.mu.Unlock()

	c.raw.Close()
	for _, s := range failed {
		s.lose(c.lostError(err, s))
	}
	c.cancel(err)
	c.failing.Done()
}

// lostError is err with the progress of an exchange that was under way.
func (c *conn) lostError(err *curlew.Error, s *stream) *curlew.Error {
	if s.client != nil && !s.client.sent(c) {
		return err.WithProgress(curlew.NotSent)
	}
	return err.WithProgress(curlew.MaybeSent)
}

// failure returns why the connection has ended; nil while it lives.
func (c *conn) failure() *curlew.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// closeTimeout bounds the last write of a connection, and the wait for the peer
// to end one that has been drained.
const closeTimeout = time.Second

// closeWith tells the peer why, as far as that is possible in a second, and
// ends the connection.
func (c *conn) closeWith(code errCode, err *curlew.Error) {
	c.sayGoodbye(code, err)
	c.fail(err)
}

func (c *conn) sayGoodbye(code errCode, err *curlew.Error) {
	if c.failure() == nil {
		c.raw.SetWriteDeadline(time.Now().Add(closeTimeout))
		c.mu.Lock()
		last := c.lastID
		c.mu.Unlock()
		text := err.Message()
		c.control(coalesce.Now, func(b []byte) []byte { return appendGoAway(b, last, code, text[:min(len(text), maxDebug)]) })
		ctx, stop := context.WithTimeout(context.Background(), closeTimeout)
		c.writer.Drain(ctx)
		stop()
	}
}

const (
	lingerTime  = 250 * time.Millisecond
	lingerBytes = 1 << 20
)

// linger lets the peer read why the connection ends: to close a socket that has
// unread bytes would take that away from it. It is for the read loop.
func (c *conn) linger() {
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.raw.SetReadDeadline(time.Now().Add(lingerTime))
	buf := bufpool.Get(mux.ReadSmall)
	defer buf.Free()
	for n, total := 0, 0; total < lingerBytes; total += n {
		var err error
		if n, err = c.raw.Read(buf.B); err != nil {
			return
		}
	}
}

// maxDebug is how much of a text goes into a GOAWAY frame.
const maxDebug = 256

// leave takes no more outgoing exchanges. mu is held.
func (c *conn) leave() {
	if !c.goingAway {
		c.goingAway = true
		if c.away != nil {
			close(c.away)
		}
	}
}

// end is what the read loop's goroutine does last.
func (c *conn) end() {
	c.failing.Wait()
	err := c.failure()
	c.tasks.Wait()
	c.writer.Close(err)
	if errors.Is(err, errGone) {
		c.ended(nil)
		return
	}
	c.ended(err)
}

func (c *conn) String() string { return fmt.Sprintf("HTTP/2 connection to %s", c.peer) }
