// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package limits

import (
	"bufio"
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
)

// writer coalesces: who comes while another writes leaves the frame in the
// buffer for the other to write.
type writer struct {
	conn    net.Conn
	mu      sync.Mutex
	buf     []byte
	spare   []byte
	writing bool
	err     error
}

func (w *writer) write(id uint32, left time.Duration, m *echopb.Message) error {
	w.mu.Lock()
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	var err error
	if w.buf, err = appendFrame(w.buf, id, left, m); err != nil {
		w.mu.Unlock()
		return err
	}
	return w.flush()
}

// flush sees to it that the buffer is written. mu is held; flush releases it.
func (w *writer) flush() error {
	if w.writing {
		w.mu.Unlock()
		return nil
	}
	w.writing = true
	w.mu.Unlock()
	runtime.Gosched() // so that others who can run may add theirs
	w.mu.Lock()
	for len(w.buf) > 0 && w.err == nil {
		out := w.buf
		w.buf = w.spare[:0]
		w.mu.Unlock()
		_, err := w.conn.Write(out)
		w.mu.Lock()
		w.spare, w.err = out, err
	}
	w.writing = false
	err := w.err
	w.mu.Unlock()
	return err
}

func serveInline(conn net.Conn) error {
	in := bufio.NewReaderSize(conn, bufferSize)
	w := &writer{conn: conn}
	var body, out []byte
	for {
		id, b, err := readFrame(in, body[:0])
		if err != nil {
			return err
		}
		body = b
		m, count, err := reply(body)
		if err != nil {
			return err
		}
		if count > 0 {
			go stream(w, id, m, count)
			continue
		}
		if out, err = appendFrame(out, id, 0, m); err != nil {
			return err
		}
		// What has arrived together is answered together.
		if in.Buffered() < headSize || len(out) >= bufferSize {
			if _, err := conn.Write(out); err != nil {
				return err
			}
			out = out[:0]
		}
	}
}

func serveGoroutine(conn net.Conn) error {
	in := bufio.NewReaderSize(conn, bufferSize)
	w := &writer{conn: conn}
	bodies := sync.Pool{New: func() any { return new([]byte) }}
	for {
		n, id, err := readHead(in)
		if err != nil {
			return err
		}
		body := bodies.Get().(*[]byte)
		if *body, err = readBody(in, (*body)[:0], n); err != nil {
			return err
		}
		go func() {
			m, count, err := reply(*body)
			bodies.Put(body)
			switch {
			case err != nil:
				conn.Close()
			case count > 0:
				stream(w, id, m, count)
			default:
				w.write(id, 0, m)
			}
		}()
	}
}

// stream answers with count messages, many with one write. There is no flow
// control but the socket's: whoever writes waits for it.
func stream(w *writer, id uint32, m *echopb.Message, count uint32) {
	var out []byte
	for i := range count {
		var err error
		if out, err = appendFrame(out, id, 0, &echopb.Message{Payload: m.GetPayload()}); err != nil {
			return
		}
		if len(out) < bufferSize/2 && i < count-1 {
			continue
		}
		w.mu.Lock()
		w.buf = append(w.buf, out...)
		if err := w.flush(); err != nil {
			return
		}
		out = out[:0]
	}
}

// mux is a client's connections.
type mux struct {
	conns []*muxConn
	free  sync.Pool // of *call, to be used again after an answer
}

type muxConn struct {
	conn net.Conn
	w    writer

	mu      sync.Mutex
	pending map[uint32]*call
	last    uint32
	err     error
}

// call waits for an answer, or for several.
type call struct {
	body   []byte
	done   chan error // of one call's answer
	stream chan []byte
}

func dialMux(ctx context.Context, addr string, conns int) (rival.Client, error) {
	c := new(mux)
	for range conns {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		one := &muxConn{conn: conn, w: writer{conn: conn}, pending: make(map[uint32]*call)}
		go one.read() // ends with the connection
		c.conns = append(c.conns, one)
	}
	return c, nil
}

func (c *muxConn) read() {
	in := bufio.NewReaderSize(c.conn, bufferSize)
	for {
		n, id, err := readHead(in)
		if err != nil {
			c.fail(err)
			return
		}
		c.mu.Lock()
		p := c.pending[id]
		if p != nil && p.stream == nil {
			delete(c.pending, id)
		}
		c.mu.Unlock()
		switch {
		case p == nil: // given up
			_, err = in.Discard(n)
		case p.stream != nil:
			var body []byte
			if body, err = readBody(in, nil, n); err == nil {
				p.stream <- body
			}
		default:
			p.body, err = readBody(in, p.body[:0], n)
			p.done <- err
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

func (c *muxConn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	for id, p := range c.pending {
		delete(c.pending, id)
		if p.stream == nil {
			p.done <- err
		} else {
			close(p.stream)
		}
	}
}

func (c *muxConn) begin(p *call) (id uint32, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.last++
	c.pending[c.last] = p
	return c.last, nil
}

func (c *muxConn) forget(id uint32) {
	c.mu.Lock()
	delete(c.pending, id)
	c.mu.Unlock()
}

func (c *mux) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	one := c.conns[conn]
	p, ok := c.free.Get().(*call)
	if !ok {
		p = &call{done: make(chan error, 1)}
	}
	id, err := one.begin(p)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if err := one.w.write(id, time.Until(deadline), &echopb.Message{Payload: payload}); err != nil {
		one.forget(id)
		return nil, err
	}
	select {
	case err = <-p.done:
	case <-ctx.Done():
		one.forget(id)
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	m := new(echopb.Message)
	err = proto.Unmarshal(p.body, m)
	c.free.Put(p)
	return m.GetPayload(), err
}

func (c *mux) Stream(ctx context.Context, conn int, payload []byte, count int, received func([]byte) error) error {
	one := c.conns[conn]
	p := &call{stream: make(chan []byte, 1024)}
	id, err := one.begin(p)
	if err != nil {
		return err
	}
	defer one.forget(id)
	deadline, _ := ctx.Deadline()
	if err := one.w.write(id, time.Until(deadline), &echopb.Message{Payload: payload, Count: proto.Uint32(uint32(count))}); err != nil {
		return err
	}
	for range count {
		select {
		case body, ok := <-p.stream:
			if !ok {
				return errors.New("connection lost")
			}
			m := new(echopb.Message)
			if err := proto.Unmarshal(body, m); err != nil {
				return err
			}
			if err := received(m.GetPayload()); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (c *mux) Close() error {
	var errs []error
	for _, one := range c.conns {
		errs = append(errs, one.conn.Close())
	}
	return errors.Join(errs...)
}
