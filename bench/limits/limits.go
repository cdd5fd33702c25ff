// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package limits

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
)

// Frameworks returns the limits. All send the same protobuf messages, checked
// lengths and a deadline with every call as the frameworks do; none has more
// than that: no methods, errors, metadata, flow control or cancellation.
func Frameworks() []rival.Framework {
	return []rival.Framework{
		{
			Name: "limit-pingpong", Limit: true, ConnectionPerCaller: true,
			About: "raw TCP, one call at a time on a connection, handler in the reader",
			Serve: accept(servePingPong), Dial: dialPingPong,
		},
		{
			Name: "limit-inline", Limit: true, Streams: true,
			About: "raw TCP, multiplexed, coalesced writes, handler in the reader",
			Serve: accept(serveInline), Dial: dialMux,
		},
		{
			Name: "limit-goroutine", Limit: true, Streams: true,
			About: "raw TCP, multiplexed, coalesced writes, a goroutine per request (the fair limit)",
			Serve: accept(serveGoroutine), Dial: dialMux,
		},
	}
}

// A frame is the length of its body (4 bytes), the number of its call (4), the
// time left for the call in microseconds (8), and the body, a message. The
// integers are little-endian.
const headSize = 16

// bufferSize is that of all read buffers.
const bufferSize = 64 << 10

func accept(serve func(net.Conn) error) func(net.Listener) error {
	return func(ln net.Listener) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return err
			}
			go func() { // ends with the connection; the process is the benchmark's own
				defer conn.Close()
				serve(conn)
			}()
		}
	}
}

// appendFrame appends a frame with m.
func appendFrame(b []byte, id uint32, left time.Duration, m *echopb.Message) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, headSize)...)
	b, err := proto.MarshalOptions{}.MarshalAppend(b, m)
	if err != nil {
		return b[:start], err
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-headSize))
	binary.LittleEndian.PutUint32(b[start+4:], id)
	binary.LittleEndian.PutUint64(b[start+8:], uint64(left.Microseconds()))
	return b, nil
}

// readFrame reads a frame and appends its body to b.
func readFrame(in *bufio.Reader, b []byte) (id uint32, body []byte, err error) {
	n, id, err := readHead(in)
	if err != nil {
		return 0, b, err
	}
	body, err = readBody(in, b, n)
	return id, body, err
}

func readHead(in *bufio.Reader) (n int, id uint32, err error) {
	head, err := in.Peek(headSize)
	if err != nil {
		return 0, 0, err
	}
	n, id = int(binary.LittleEndian.Uint32(head)), binary.LittleEndian.Uint32(head[4:])
	in.Discard(headSize)
	if n > rival.MaxMessage+64 {
		return 0, 0, fmt.Errorf("frame of %d bytes", n)
	}
	return n, id, nil
}

// readBody appends n bytes to b.
func readBody(in *bufio.Reader, b []byte, n int) ([]byte, error) {
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, len(b)+n), b...)
	}
	start := len(b)
	b = b[:start+n]
	_, err := io.ReadFull(in, b[start:])
	return b, err
}

// reply is what the service answers.
func reply(body []byte) (*echopb.Message, uint32, error) {
	m := new(echopb.Message)
	if err := proto.Unmarshal(body, m); err != nil {
		return nil, 0, err
	}
	return &echopb.Message{Payload: m.GetPayload()}, m.GetCount(), nil
}

func servePingPong(conn net.Conn) error {
	in := bufio.NewReaderSize(conn, bufferSize)
	var body, out []byte
	for {
		id, b, err := readFrame(in, body[:0])
		if err != nil {
			return err
		}
		body = b
		m, _, err := reply(body)
		if err != nil {
			return err
		}
		if out, err = appendFrame(out[:0], id, 0, m); err != nil {
			return err
		}
		if _, err := conn.Write(out); err != nil {
			return err
		}
	}
}

// pingPong is a client's connections. Only one goroutine uses each.
type pingPong struct{ conns []*pingPongConn }

type pingPongConn struct {
	conn      net.Conn
	in        *bufio.Reader
	body, out []byte
}

func dialPingPong(ctx context.Context, addr string, conns int) (rival.Client, error) {
	c := new(pingPong)
	for range conns {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.conns = append(c.conns, &pingPongConn{conn: conn, in: bufio.NewReaderSize(conn, bufferSize)})
	}
	return c, nil
}

func (c *pingPong) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	p := c.conns[conn]
	deadline, _ := ctx.Deadline()
	if err := p.conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	var err error
	if p.out, err = appendFrame(p.out[:0], 0, time.Until(deadline), &echopb.Message{Payload: payload}); err != nil {
		return nil, err
	}
	if _, err := p.conn.Write(p.out); err != nil {
		return nil, err
	}
	if _, p.body, err = readFrame(p.in, p.body[:0]); err != nil {
		return nil, err
	}
	m := new(echopb.Message)
	if err := proto.Unmarshal(p.body, m); err != nil {
		return nil, err
	}
	return m.GetPayload(), nil
}

func (c *pingPong) Stream(context.Context, int, []byte, int, func([]byte) error) error {
	return errors.New("ping-pong has no streams")
}

func (c *pingPong) Close() error {
	var errs []error
	for _, p := range c.conns {
		errs = append(errs, p.conn.Close())
	}
	return errors.Join(errs...)
}
