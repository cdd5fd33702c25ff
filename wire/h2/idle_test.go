// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux && !race

package h2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

// TestIdleConnectionIsSmall: what a gRPC connection costs the server after a
// call, once it is quiet. The budget of 12 KiB is that of a process's resident
// memory, which has beside this what the runtime keeps for each socket and what
// spans leave unused. The clients' ends, of about 0.5 KiB, are counted in.
func TestIdleConnectionIsSmall(t *testing.T) {
	const (
		conns    = 500
		budget   = 10 << 10
		patience = 20 // rounds
	)
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	assert.NoError(t, d.Register(service()))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	source, err := wire.NewListener(listener, wire.ListenerConfig{
		Framings: []wire.Framing{h2.New([]wire.HTTPProtocol{grpc.NewServer([]curlew.Codec{proto.New()})})},
	})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- source.Serve(context.Background(), d) }()
	defer func() {
		source.Close()
		assert.NoError(t, <-served)
		d.Shutdown(context.Background())
	}()

	blocks := bareBlocks()
	dial := func() *bareClient { return dialBare(t, listener.Addr().String(), blocks) }
	warm := dial()
	defer warm.Close()
	before, goroutines, residentBefore := liveMemory(), runtime.NumGoroutine(), resident()
	clients := make([]*bareClient, conns)
	for i := range clients {
		clients[i] = dial()
		defer clients[i].Close()
	}
	var each int
	for range patience { // until no connection is busy any more
		for _, c := range clients {
			c.call(t)
		}
		liveMemory()
		<-time.After(400 * time.Millisecond)
		if each = (liveMemory() - before) / conns; each <= budget {
			break
		}
	}
	t.Logf("%d bytes a connection, %d resident", each, (resident()-residentBefore)/conns)
	assert.True(t, each <= budget, "bytes a connection:", each)
	assert.True(t, runtime.NumGoroutine()-goroutines < conns+conns/2, "a connection has one goroutine")
}

// resident is the process's resident memory.
func resident() int {
	b, _ := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(b)
	n := 0
	for _, c := range fields[1] {
		n = 10*n + int(c-'0')
	}
	return n * os.Getpagesize()
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
// of HTTP/2 and gRPC for calls of Test/Echo.
type bareClient struct {
	net.Conn
	stream uint32
	blocks [][]byte // of the first and of all later calls
}

func dialBare(t *testing.T, addr string, blocks [][]byte) *bareClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	assert.NoError(t, err)
	c := &bareClient{Conn: conn, stream: 1, blocks: blocks}
	c.send(t, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), bareFrame(4, 0, 0, nil))
	c.call(t)
	return c
}

func bareFrame(typ, flags byte, stream uint32, payload []byte) []byte {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), typ, flags}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// bareBlocks are the header blocks of a connection's first call, and of all that
// follow.
func bareBlocks() (blocks [][]byte) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for range 2 {
		block.Reset()
		for _, f := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":path", "/Test/Echo"}, {":authority", "here"},
			{"content-type", "application/grpc"}, {"user-agent", "bare"}, {"te", "trailers"}, {"grpc-timeout", "10S"},
		} {
			encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		blocks = append(blocks, bytes.Clone(block.Bytes()))
	}
	return blocks
}

// call calls Test/Echo and waits for the end of the answer.
func (c *bareClient) call(t *testing.T) {
	t.Helper()
	block := c.blocks[min(int(c.stream/2), 1)]
	c.send(t, bareFrame(1, 4, c.stream, block), bareFrame(0, 1, c.stream, []byte{0, 0, 0, 0, 2, 8, 7}))
	for {
		head := make([]byte, 9)
		_, err := io.ReadFull(c, head)
		assert.NoError(t, err)
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		_, err = io.ReadFull(c, make([]byte, length))
		assert.NoError(t, err)
		if binary.BigEndian.Uint32(head[5:]) == c.stream && head[3] <= 1 && head[4]&1 != 0 {
			break
		}
	}
	c.stream += 2
}

func (c *bareClient) send(t *testing.T, frames ...[]byte) {
	t.Helper()
	_, err := c.Write(bytes.Join(frames, nil))
	assert.NoError(t, err)
}
