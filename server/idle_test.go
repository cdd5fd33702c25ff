// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux && !race

package server_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
)

// TestIdleConnectionIsSmall: what a connection costs after a call, once it is
// quiet. The budget of 8 KiB is that of a process's resident memory, which has
// beside this what the runtime keeps for each socket and what spans leave unused:
// about 1.2 KiB. The clients' ends, of about 0.5 KiB, are counted in.
func TestIdleConnectionIsSmall(t *testing.T) {
	const (
		conns    = 500
		budget   = 6 << 10
		patience = 20 // rounds
	)
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, one(arith()))
	assert.NoError(t, s.Listen(ctx, "127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	defer func() {
		cancel()
		assert.NoError(t, <-served)
	}()

	dial := func() *bareClient { return dialBare(t, s.Addrs()[0].String()) }
	warm := dial()
	defer warm.Close()
	before, goroutines := liveMemory(), runtime.NumGoroutine()
	clients := make([]*bareClient, conns)
	for i := range clients {
		clients[i] = dial()
		defer clients[i].Close()
	}
	var each int
	// A round or two until no connection is busy any more, and until the runtime
	// has seen what stacks are to begin with.
	for range patience {
		for _, c := range clients {
			c.call(t)
		}
		liveMemory()
		<-time.After(400 * time.Millisecond)
		if each = (liveMemory() - before) / conns; each <= budget {
			break
		}
	}
	t.Logf("%d bytes a connection", each)
	assert.True(t, each <= budget, "%d bytes a connection, %d at most", each, budget)
	assert.True(t, runtime.NumGoroutine()-goroutines < conns+conns/2, "a connection has one goroutine")
}

// liveMemory is what heap objects and stacks take after a collection.
func liveMemory() int {
	runtime.GC()
	runtime.GC() // for pools, and stacks of goroutines that have ended
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return int(samples[0].Value.Uint64() + samples[1].Value.Uint64())
}

// bareClient is a client without goroutines and buffers, which knows just enough
// of the native protocol (docs/protocol.md) for calls of Arith/Add.
type bareClient struct {
	net.Conn
	stream uint64
}

func dialBare(t *testing.T, addr string) *bareClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	assert.NoError(t, err)
	c := &bareClient{Conn: conn}
	c.send(t, append([]byte("\xc7URLEW\r\n"), 0x01, 0, 1, 1)) // HELLO of version 1
	magic := make([]byte, 8)
	_, err = io.ReadFull(c, magic)
	assert.NoError(t, err)
	c.until(t, 0x01) // HELLO
	c.call(t)
	return c
}

// call calls Arith/Add and waits for the answer. The method is spelled out.
func (c *bareClient) call(t *testing.T) {
	t.Helper()
	c.stream += 2
	payload := append([]byte{0, 9}, "Arith/Add"...)
	payload = append(payload, 0, 0, 0, 0)        // unary; no hashes; nothing optional
	payload = append(payload, 0x08, 7, 0x10, 35) // A: 7, B: 35, zigzag or not
	frame := []byte{0x02 | 0x10 | 0x20}          // CALL, with its message, the last
	frame = binary.AppendUvarint(frame, c.stream-1)
	frame = binary.AppendUvarint(frame, uint64(len(payload)))
	c.send(t, append(frame, payload...))
	status := c.until(t, 0x05)
	assert.True(t, status[0]&1 == 0, "the call fails: %q", status)
}

func (c *bareClient) send(t *testing.T, b []byte) {
	t.Helper()
	_, err := c.Write(b)
	assert.NoError(t, err)
}

// until reads frames to the end of one of the type, and returns its payload.
func (c *bareClient) until(t *testing.T, typ byte) []byte {
	t.Helper()
	for {
		kind := c.readByte(t)
		c.readUvarint(t)
		payload := make([]byte, c.readUvarint(t))
		_, err := io.ReadFull(c, payload)
		assert.NoError(t, err)
		if kind&0x0f == typ {
			return payload
		}
	}
}

func (c *bareClient) readByte(t *testing.T) byte {
	t.Helper()
	var b [1]byte
	_, err := io.ReadFull(c, b[:])
	assert.NoError(t, err)
	return b[0]
}

func (c *bareClient) readUvarint(t *testing.T) (v uint64) {
	t.Helper()
	for shift := 0; ; shift += 7 {
		b := c.readByte(t)
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}
