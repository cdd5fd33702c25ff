// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/internal/workers"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// echoing answers unary calls with their request, and every message of a
// bidirectional call with itself. It remembers the connection that it serves.
type echoing struct {
	handlers sync.WaitGroup
	mu       sync.Mutex
	conn     *conn
}

func (d *echoing) Lookup(service, method string, _ wire.Attributes) (*wire.Target, error) {
	kind := curlew.KindUnary
	if method == "Chat" {
		kind = curlew.KindBidi
	}
	return &wire.Target{Method: curlew.NewMethod(service+"/"+method, kind)}, nil
}

func (d *echoing) Go(in *wire.Incoming) { d.handlers.Go(func() { d.Serve(in) }) }

func (d *echoing) Serve(in *wire.Incoming) {
	d.mu.Lock()
	d.conn = in.Stream.(*serverStream).c
	d.mu.Unlock()
	ctx := in.HandlerContext()
	in.Call.BeginServer(ctx, in.Target.Method, &in.Header, in.Peer, in.Stream)
	var reply any
	var err error
	if in.Target.Method.Kind() == curlew.KindUnary {
		request := new([]byte)
		reply, err = request, in.Stream.Receive(ctx, request)
	} else {
		err = chatter(ctx, in.Stream)
	}
	if err != nil {
		reply = nil
	}
	in.Stream.Finish(reply, curlew.ErrorOf(err))
	in.Cancel(context.Canceled)
}

// leading runs all unary calls in the read loop, of which every fourth is not
// short.
type leading struct {
	*echoing
	pool *workers.Pool
	led  atomic.Int64
}

func (d *leading) NewLoop(next func()) *workers.Loop { return d.pool.NewLoop(next) }

func (d *leading) Lead(in *wire.Incoming, loop *workers.Loop) bool {
	turn, ok := loop.Begin(nil)
	if !ok {
		d.Go(in)
		return true
	}
	in.OnLoop = true
	d.handlers.Add(1)
	defer d.handlers.Done()
	if d.led.Add(1)%4 == 0 {
		<-time.After(3 * time.Millisecond)
	}
	d.Serve(in)
	return loop.End(turn)
}

func chatter(ctx context.Context, s curlew.Stream) error {
	for {
		var m []byte
		if err := s.Receive(ctx, &m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.Send(ctx, &m); err != nil {
			return err
		}
	}
}

// machine runs a program of operations of a client.
type machine struct {
	t       *testing.T
	program []byte
	session *conn
	client  *mem.Conn
	calls   sync.WaitGroup
	chats   []*chatting
	serial  byte
}

// chatting is a bidirectional call of the program, one goroutine each way.
type chatting struct {
	stream  wire.ClientStream
	cancel  context.CancelFunc
	sends   chan []byte
	sent    chan []byte // in order, to compare with what comes back
	stopped bool
	closed  bool // canceled or closed: errors are expected
}

// limitStreams is the number of calls that may be in flight.
const limitStreams = 6

var (
	unaryEcho = curlew.NewMethod("S/Echo", curlew.KindUnary)
	chatEcho  = curlew.NewMethod("S/Chat", curlew.KindBidi)
)

func (m *machine) next() byte {
	if len(m.program) == 0 {
		return 0
	}
	b := m.program[0]
	m.program = m.program[1:]
	return b
}

// message returns a message whose size is 0 to 256 KiB by one byte of the program.
func (m *machine) message() []byte {
	size := int(m.next())
	m.serial++
	return bytes.Repeat([]byte{m.serial}, size*size*size/64)
}

func (m *machine) run() {
	for len(m.program) > 0 {
		switch op := m.next(); op % 10 {
		case 0, 1:
			m.unary(context.Background())
		case 2:
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(m.next())*time.Millisecond)
			m.calls.Go(cancel)
			m.unary(ctx)
		case 3:
			m.open()
		case 4, 5:
			if c := m.chat(); c != nil && !c.stopped {
				msg := m.message()
				select {
				case c.sends <- msg:
				default: // it has enough to send
				}
			}
		case 6:
			if c := m.chat(); c != nil && !c.stopped {
				c.stopped = true
				close(c.sends)
			}
		case 7:
			if c := m.chat(); c != nil {
				c.closed = true
				c.cancel()
			}
		case 8:
			synctest.Wait()
		case 9:
			m.client.SetFaults(mem.Faults{Chop: 40 + int(m.next())*100}, mem.Faults{Chop: 40 + int(m.next())*100})
		}
	}
}

func (m *machine) chat() *chatting {
	if len(m.chats) == 0 {
		return nil
	}
	return m.chats[int(m.next())%len(m.chats)]
}

// unary makes a call in the background and checks its answer.
func (m *machine) unary(ctx context.Context) {
	msg := m.message()
	m.calls.Go(func() {
		var got []byte
		err := wire.NewCaller(m.session).Invoke(ctx, unaryEcho, &msg, &got)
		switch {
		case err == nil && !bytes.Equal(got, msg):
			m.t.Errorf("echo of %d bytes brought %d", len(msg), len(got))
		case refused(err): // canceled calls count until their handlers end
		case err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded):
			m.t.Errorf("echo of %d bytes: %v", len(msg), err)
		}
	})
}

// open opens a chat: what was sent must come back, whole and in order.
func (m *machine) open() {
	if len(m.chats) == limitStreams-1 { // else open could wait for itself
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var call curlew.Call
	call.BeginClient(ctx, chatEcho, new(curlew.CallOptions), nil, nil)
	stream, err := m.session.Open(ctx, &call)
	if err != nil {
		m.t.Errorf("open: %v", err)
		cancel()
		return
	}
	c := &chatting{stream: stream, cancel: cancel, sends: make(chan []byte, 100), sent: make(chan []byte, 100)}
	m.chats = append(m.chats, c)
	m.calls.Go(func() {
		defer close(c.sent)
		for msg := range c.sends {
			if err := stream.Send(ctx, &msg); err != nil {
				return
			}
			c.sent <- msg
		}
		stream.CloseSend()
	})
	m.calls.Go(func() {
		defer stream.Close()
		for {
			var got []byte
			err := stream.Receive(context.Background(), &got)
			want, more := <-c.sent
			switch {
			case errors.Is(err, curlew.Canceled), refused(err):
				return
			case err == io.EOF && !more:
				return
			case err != nil || !bytes.Equal(got, want):
				m.t.Errorf("chat: received %d bytes and %v, want %d bytes (%v)", len(got), err, len(want), more)
				return
			}
		}
	})
}

func refused(err error) bool {
	return err != nil && err != io.EOF && curlew.ErrorOf(err).Progress() == curlew.Refused
}

// finish ends what the program has left open and checks that nothing remains.
func (m *machine) finish(d *echoing) {
	m.client.SetFaults(mem.Faults{}, mem.Faults{})
	for _, c := range m.chats {
		if !c.stopped {
			close(c.sends)
		}
	}
	m.calls.Wait()
	for _, c := range m.chats {
		c.cancel()
	}
	synctest.Wait() // the server knows of every call
	d.handlers.Wait()
	synctest.Wait()
	sides := map[string]*conn{"client": m.session}
	if d.conn != nil {
		sides["server"] = d.conn
	}
	for side, c := range sides {
		c.mu.Lock()
		if c.err != nil {
			m.t.Errorf("%s: the connection has failed: %v", side, c.err)
		}
		if c.budget.Used != 0 || c.streams.Len() != 0 || c.outgoing != 0 || c.incoming != 0 || c.recv.Buffered != 0 {
			m.t.Errorf("%s: after all calls %d bytes of budget, %d streams, %d outgoing, %d incoming, %d buffered are left",
				side, c.budget.Used, c.streams.Len(), c.outgoing, c.incoming, c.recv.Buffered)
		}
		c.mu.Unlock()
	}
}

// runProgram runs a program against a server that may lead calls.
func runProgram(t *testing.T, program []byte, leads bool) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		codec := New(raw.New())
		logger := slog.New(slog.DiscardHandler)
		d := new(echoing)
		var dispatcher wire.Dispatcher = d
		pool := workers.New(workers.Config{})
		if leads {
			dispatcher = &leading{echoing: d, pool: pool}
		}
		served := make(chan error, 1)
		limits := wire.Limits{MaxStreams: limitStreams, MaxBuffered: 1 << 20}.WithDefaults()
		go func() {
			served <- codec.Serve(context.Background(), &wire.Conn{
				Raw: far, Peer: &curlew.Peer{}, Limits: limits, Logger: logger, Draining: make(chan struct{}),
			}, dispatcher)
		}()
		remote := &wire.Remote{Limits: limits, Logger: logger}
		remote.Dial = func(context.Context, string, string) (net.Conn, error) { return near, nil }
		session, err := codec.Connect(t.Context(), remote)
		if err != nil {
			t.Fatal(err)
		}
		m := &machine{t: t, program: program, session: session.(*conn), client: near}
		m.run()
		m.finish(d)
		session.Close(nil)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		pool.Close()
		if err := pool.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// FuzzProgram reads a byte string as a program of two peers.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{0, 10, 3, 4, 0, 200, 6, 0, 8, 2, 5, 255})
	f.Add([]byte{3, 3, 3, 4, 1, 255, 4, 2, 255, 7, 1, 9, 1, 1, 0, 255, 0, 255, 6, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 200 {
			program = program[:200]
		}
		runProgram(t, program, len(program)%2 == 1)
	})
}

func TestRandomPrograms(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		program := make([]byte, 20+r.IntN(100))
		for i := range program {
			program[i] = byte(r.Uint32())
		}
		runProgram(t, program, seed%2 == 1)
		if t.Failed() {
			t.Fatalf("seed %d: program %v", seed, program)
		}
	}
}
