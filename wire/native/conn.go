// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

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
	"github.com/curlewrpc/curlew/internal/workers"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// conn is one connection, the same on both sides. Either side may open
// streams: the one that connected odd ids, the other even ones.
//
// Locks: the writer's (held while a frame is appended) comes before mu. Neither
// is held over I/O or while waiting.
type conn struct {
	proto      *Protocol
	raw        net.Conn
	limits     wire.Limits
	maxStreams int // in each direction: what the limits of streams and of bytes allow
	logger     *slog.Logger
	dispatcher wire.Dispatcher // nil: this side offers no services
	leader     leader          // the dispatcher, if it can run calls in the read loop
	peer       *curlew.Peer
	codec      curlew.Codec // of calls that choose none
	accepted   bool         // the peer connected
	draining   <-chan struct{}
	ended      func(error) // called last

	ctx     context.Context // of handlers; ends with the connection
	cancel  context.CancelCauseFunc
	failing sync.WaitGroup // done when fail is
	writer  *coalesce.Writer

	spare sync.Pool // of *clientStream, to be used again

	// Of a connection that this side has made; else nil.
	ready chan struct{} // closed when the peer's HELLO is there
	away  chan struct{} // closed with goingAway
	loop  chan struct{} // closed when the read loop has ended

	// Guarded by the writer's lock: order on the wire is order of definition.
	methodsOut methodSender
	namesOut   nameSender

	// Owned by the read loop.
	in        mux.Input
	methodsIn []*method
	namesIn   nameReceiver
	helloDone bool
	next      *serverStream // a call that may run in the loop
	coming    *serverStream // a call whose request is about to be read
	turns     *workers.Loop // made for the first such call
	held      bool          // answers wait in the writer

	born     time.Time
	received atomic.Int64 // bytes, for liveness
	sizes    atomic.Int64 // of the largest messages sent of late

	mu          sync.Mutex
	theirs      settings // the peer's HELLO
	streams     mux.Table[stream]
	nextID      uint64 // of the next stream opened here
	lastPeerID  uint64 // of the last stream that the peer opened
	outgoing    int    // streams opened here and not over
	incoming    int    // streams opened by the peer whose handlers run
	slots       mux.Waiters
	wakes       mux.Wakes
	send        sendWindow
	recv        mux.RecvWindow
	budget      mux.Budget // for what all streams may hold
	starved     []*stream  // wait for the connection's credit
	extending   []*stream  // wait for budget to take in a large message
	err         *curlew.Error
	goingAway   bool          // the peer or we drain: no new outgoing streams
	drained     bool          // we have sent DRAIN
	farewell    *time.Timer   // ends a drained connection that the peer does not
	closing     *curlew.Error // why this side is telling the peer goodbye
	alive       liveness
	settling    bool // the read loop has been told to doze off
	pings       pingGuard
	incompat    map[*curlew.Method]*curlew.Error // methods whose types the peer has otherwise
	definitions []*curlew.Method                 // outgoing methods by number
}

// leader is a dispatcher that can run short calls in a read loop.
type leader interface {
	wire.Dispatcher
	NewLoop(next func()) *workers.Loop
	Lead(in *wire.Incoming, loop *workers.Loop) bool
}

// errGone is the cause of the end of a connection that ended well.
var errGone = errors.New("connection closed")

// errOver is that of a stream whose handler has ended.
var errOver = curlew.NewError(curlew.Canceled, "the call is over: its handler has returned")

func newConn(p *Protocol, raw net.Conn, limits wire.Limits, logger *slog.Logger) *conn {
	c := &conn{
		proto: p, raw: raw, limits: limits, logger: logger, born: time.Now(),
		maxStreams: max(1, min(limits.MaxStreams, limits.MaxBuffered/(64<<10))),
		theirs:     defaultSettings(),
		codec:      p.codecs[0],
		send:       sendWindow{initialConn},
		recv:       mux.RecvWindow{Size: connWindow, Granted: connWindow},
		// Whatever the streams hold, one large message can always arrive whole.
		budget: mux.Budget{Limit: int64(limits.MaxBuffered)/(64<<10)*initialWindow + messageCost(int64(limits.MaxReceive))},
	}
	c.failing.Add(1)
	c.writer = coalesce.New(raw, p.tryWriter(raw), 0, func(err error) {
		c.fail(c.transportError("write", err))
	})
	c.alive.init(limits.Liveness, c.tick)
	return c
}

// begin sets the context of handlers, begins with the magic and HELLO, and reads
// what comes after the prefix.
func (c *conn) begin(ctx context.Context, prefix []byte) {
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	if err := c.sayHello(); err != nil {
		c.fail(c.transportError("write", err))
	}
	go c.run(prefix)
}

func (c *conn) sayHello() error {
	if err := c.writer.LockControl(); err != nil {
		return err
	}
	b := c.writer.Buffer()
	b.B = append(b.B, magic...)
	b.B = appendHello(b.B, c.ours())
	c.writer.Unlock(coalesce.Now)
	return nil
}

// ours are the settings of this side.
func (c *conn) ours() settings {
	s := defaultSettings()
	s.compression = compressionGzip
	s.connWindow = connWindow
	s.maxReceive = uint64(c.limits.MaxReceive)
	s.maxStreams = uint64(c.maxStreams)
	if c.dispatcher == nil {
		s.maxStreams = 0
	}
	return s
}

// control sends a small frame made of varints.
func (c *conn) control(t frameType, stream uint64, values ...uint64) {
	if err := c.writer.LockControl(); err != nil {
		if errors.Is(err, coalesce.ErrStuck) {
			c.fail(c.transportError("write", err))
		}
		return
	}
	b := c.writer.Buffer()
	b.B = appendControl(b.B, t, stream, values...)
	c.writer.Unlock(coalesce.Now)
}

// controlText sends a small frame of a number and a text.
func (c *conn) controlText(t frameType, stream, value uint64, text string) {
	if err := c.writer.LockControl(); err != nil {
		return
	}
	b := c.writer.Buffer()
	var start int
	b.B, start = beginFrame(b.B, t, 0, stream)
	b.B = appendUvarint(b.B, value)
	b.B = appendString(b.B, cut(text, maxReason))
	b.B = endFrame(b.B, start)
	c.writer.Unlock(coalesce.Now)
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
		lost := c.lostError(err, s)
		if s.local {
			s.client.finish(lost)
		} else {
			s.server.fail(lost)
		}
	}
	c.cancel(err)
	c.failing.Done()
}

// lostError is err with the progress of a call that was under way.
func (c *conn) lostError(err *curlew.Error, s *stream) *curlew.Error {
	if s.local && !c.writer.Flushed(s.startOffset) {
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

// closeWith tells the peer why, as far as that is possible in a second, and
// ends the connection.
func (c *conn) closeWith(code closeCode, err *curlew.Error) {
	c.mu.Lock()
	open := c.err == nil
	if open && c.closing == nil {
		c.closing = err
	}
	c.mu.Unlock()
	if open {
		c.raw.SetWriteDeadline(time.Now().Add(closeTimeout))
		c.controlText(frameClose, 0, uint64(code), err.Message())
		ctx, stop := context.WithTimeout(context.Background(), closeTimeout)
		c.writer.Drain(ctx)
		stop()
	}
	c.fail(err)
}

// saysGoodbye returns why this side is telling the peer of the connection's end,
// nil if it is not.
func (c *conn) saysGoodbye() *curlew.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// closeTimeout bounds the last write of a connection, and the wait for the peer
// to end one that has been drained.
const closeTimeout = time.Second

// leave takes no more outgoing calls. mu is held.
func (c *conn) leave() {
	if !c.goingAway {
		c.goingAway = true
		if c.away != nil {
			close(c.away)
		}
	}
}

// drain tells the peer that no call after those begun will be served.
func (c *conn) drain() {
	c.mu.Lock()
	if c.drained || c.err != nil {
		c.mu.Unlock()
		return
	}
	c.drained = true
	last := c.lastPeerID
	c.mu.Unlock()
	c.controlText(frameDrain, 0, last, "shutting down")
	c.closeIfDrained()
}

// closeIfDrained ends a connection that has been drained and is quiet. The peer
// is given a moment to do so first: a CALL that has crossed with the DRAIN is
// answered, and not met by a closed socket, of which its caller could not tell
// whether it was begun.
func (c *conn) closeIfDrained() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drained && c.farewell == nil && c.incoming == 0 && c.outgoing == 0 && c.err == nil {
		c.farewell = time.AfterFunc(closeTimeout, func() {
			c.closeWith(closeNormal, curlew.Errorf(curlew.Unavailable, "connection to %s: closed after draining", c.peer).
				WithOrigin(curlew.OriginTransport).WithCause(errGone))
		})
	}
}

// end is what the read loop's goroutine does last.
func (c *conn) end() {
	c.failing.Wait()
	err := c.failure()
	c.writer.Close(err)
	if errors.Is(err, errGone) {
		c.ended(nil)
		return
	}
	c.ended(err)
}

func (c *conn) String() string { return fmt.Sprintf("native connection to %s", c.peer) }
