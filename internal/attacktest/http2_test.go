// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/curlewrpc/curlew/internal/assert"
)

// Frame types, flags, settings and error codes (RFC 9113, sections 6 and 7).
const (
	frameData         = 0
	frameHeaders      = 1
	framePriority     = 2
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameGoAway       = 7
	frameWindowUpdate = 8
	frameContinuation = 9

	flagEnd        = 1
	flagAck        = 1
	flagEndHeaders = 4

	settingInitialWindow = 4

	codeProtocol    = 1
	codeFlowControl = 3
	codeRefused     = 7
	codeCancel      = 8
	codeCompression = 9
	codeCalm        = 11
)

// A peer is an HTTP/2 client without manners. Only one goroutine sends.
type peer struct {
	v     *victim
	conn  net.Conn
	out   *bufio.Writer
	block bytes.Buffer
	hpack *hpack.Encoder
	err   error // of sending

	ended chan struct{} // closed when the server has closed the connection
	mu    sync.Mutex
	got   received // guarded by mu until ended
}

// stuck is how long a server may take to read or to end the connection.
const stuck = 30 * time.Second

// received is what came from the server.
type received struct {
	goAway   bool
	code     uint32 // of the GOAWAY
	debug    string
	resets   map[uint32]int // streams, by code
	statuses map[string]int // of responses
	frames   int
	ends     int // streams that the server ended
}

// http2 connects and says hello, with these settings in pairs of id and value.
// Nothing of the server's is acknowledged.
func (v *victim) http2(settings ...uint32) *peer {
	v.t.Helper()
	conn := v.dial()
	conn.SetWriteDeadline(time.Now().Add(stuck))
	p := &peer{v: v, conn: conn, out: bufio.NewWriterSize(conn, 64<<10), ended: make(chan struct{})}
	p.hpack = hpack.NewEncoder(&p.block)
	p.got.resets, p.got.statuses = make(map[uint32]int), make(map[string]int)
	_, p.err = p.out.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	var payload []byte
	for i := 0; i < len(settings); i += 2 {
		payload = binary.BigEndian.AppendUint16(payload, uint16(settings[i]))
		payload = binary.BigEndian.AppendUint32(payload, settings[i+1])
	}
	p.frame(frameSettings, 0, 0, payload)
	return p
}

// listen reads what the server sends until it sends no more.
func (p *peer) listen() *peer {
	go p.read() // ends with the connection
	return p
}

// frame sends a frame, some time before the end of the next flush. It reports
// whether the connection still takes what is sent.
func (p *peer) frame(typ, flags byte, stream uint32, payload []byte) bool {
	if p.err == nil {
		var head [9]byte
		binary.BigEndian.PutUint32(head[:4], uint32(len(payload))<<8|uint32(typ))
		head[4] = flags
		binary.BigEndian.PutUint32(head[5:], stream)
		p.out.Write(head[:])
		_, p.err = p.out.Write(payload)
		p.checkStuck()
	}
	return p.err == nil
}

func (p *peer) flush() bool {
	if p.err == nil {
		p.err = p.out.Flush()
		p.checkStuck()
	}
	return p.err == nil
}

func (p *peer) checkStuck() {
	if errors.Is(p.err, os.ErrDeadlineExceeded) {
		p.v.t.Errorf("the server has neither read nor ended the connection for %v", stuck)
	}
}

// fields encodes a part of a header block; what fits goes into the table.
func (p *peer) fields(pairs ...string) []byte { return p.encode(false, pairs) }

// unindexed is fields that leaves the table alone.
func (p *peer) unindexed(pairs ...string) []byte { return p.encode(true, pairs) }

func (p *peer) encode(never bool, pairs []string) []byte {
	p.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		err := p.hpack.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1], Sensitive: never})
		assert.NoError(p.v.t, err)
	}
	return p.block.Bytes()
}

// request returns the fields of a gRPC request, and more.
func request(method string, more ...string) []string {
	return append([]string{
		":method", "POST", ":scheme", "http", ":path", "/" + serviceName + "/" + method, ":authority", "target",
		"content-type", "application/grpc", "te", "trailers",
	}, more...)
}

// open sends the head of a gRPC request, and its end.
func (p *peer) open(stream uint32, flags byte, method string, more ...string) bool {
	return p.frame(frameHeaders, flagEndHeaders|flags, stream, p.fields(request(method, more...)...))
}

// message returns a gRPC message.
func message(compressed byte, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{compressed}, uint32(len(payload)))
	return append(b, payload...)
}

// data returns Message{data} as protobuf.
func data(data []byte) []byte {
	return append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(data))), data...)
}

// size returns Size{n} as protobuf.
func size(n int) []byte { return binary.AppendUvarint([]byte{1 << 3}, uint64(n)) }

func (p *peer) read() {
	defer close(p.ended)
	in := bufio.NewReaderSize(p.conn, 64<<10)
	decoder := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == ":status" {
			p.got.statuses[f.Value]++
		}
	})
	for {
		var head [9]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[:4])>>8)
		if _, err := io.ReadFull(in, payload); err != nil {
			return
		}
		p.mu.Lock()
		p.got.frames++
		typ, flags := head[3], head[4]
		switch {
		case typ == frameGoAway && len(payload) >= 8:
			p.got.goAway, p.got.code, p.got.debug = true, binary.BigEndian.Uint32(payload[4:]), string(payload[8:])
		case typ == frameReset && len(payload) == 4:
			p.got.resets[binary.BigEndian.Uint32(payload)]++
		case typ == frameHeaders || typ == frameContinuation:
			_, _ = decoder.Write(payload)
		}
		if (typ == frameHeaders || typ == frameData) && flags&flagEnd != 0 {
			p.got.ends++
		}
		p.mu.Unlock()
	}
}

// seen returns what has come so far.
func (p *peer) seen() received {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	got.resets, got.statuses = maps.Clone(got.resets), maps.Clone(got.statuses)
	return got
}

// over waits for the server to end the connection. If it does not in time, that
// is an error.
func (p *peer) over(within time.Duration) received {
	p.v.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.v.t.Errorf("the server has not ended the connection within %v; it sent %+v", within, p.seen())
		p.conn.Close()
		<-p.ended
	}
	return p.got
}

// calm waits for the server to end the connection for being flooded.
func (p *peer) calm(within time.Duration) {
	p.v.t.Helper()
	if got := p.over(within); got.goAway && got.code != codeCalm {
		p.v.t.Errorf("the server ended the connection by error %d (%s), want ENHANCE_YOUR_CALM", got.code, got.debug)
	}
}
