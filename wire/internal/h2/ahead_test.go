// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// A server gives credit for a request as large as was announced before anybody
// reads of it, but not for one that it will refuse.
func TestCreditForAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{MaxReceive: 1 << 20}, waits)
		p.post(1, "content-length: "+strconv.Itoa(1<<20))
		assert.Equal(t, p.credit(1), int64(1<<20-streamWindow))
		p.post(3, "content-length: "+strconv.Itoa(1<<20+1))
		p.post(5, "content-length: "+strconv.Itoa(streamWindow+1))
		f, err := p.read()
		for err == nil && (f.typ != frameWindowUpdate || f.stream == 0) {
			f, err = p.read()
		}
		assert.NoError(t, err)
		assert.Equal(t, f.stream, 5) // and none for 3
	})
}

// What a connection may hold bounds the credit that is given ahead.
func TestCreditAheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{MaxReceive: 4 << 20, MaxBuffered: 4 << 20}, waits)
		granted := int64(0)
		for id := uint32(1); id < 20; id += 2 {
			p.post(id, "content-length: "+strconv.Itoa(1<<20))
		}
		p.frame(framePing, 0, 0, make([]byte, 8))
		for {
			f, err := p.read()
			assert.NoError(t, err)
			if f.typ == framePing {
				break
			}
			if f.typ == frameWindowUpdate && f.stream != 0 {
				granted += 1<<20 - streamWindow
			}
		}
		assert.True(t, granted > 0 && granted <= 2<<20, granted, "bytes of credit")
	})
}

// A client gives credit with the request for a response as large as recent ones,
// and at once for one of many messages.
func TestCreditWithRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		const size = 3 * streamWindow
		x := begin(t, transport, p, 1)
		p.respond(1, 0, ":status: 200")
		done := make(chan error, 1)
		go func() {
			_, err := readAll(t.Context(), x)
			done <- err
		}()
		for sent, credit := 0, int64(streamWindow); sent < size; {
			n := int(min(credit, minMaxFrame, int64(size-sent)))
			p.data(1, strings.Repeat("x", n), sent+n == size)
			sent, credit = sent+n, credit-int64(n)
			for sent < size && credit == 0 {
				credit += p.credit(1)
			}
		}
		assert.NoError(t, <-done)

		begin(t, transport, p, 3)
		assert.Equal(t, p.credit(3), int64(size-streamWindow))

		many, err := transport.Do(t.Context(), request(-1))
		assert.NoError(t, err)
		defer many.Reset(nil)
		many.(*clientStream).Widen()
		assert.Equal(t, p.credit(5), int64(size-streamWindow))
		assert.Equal(t, p.credit(5), int64(mux.WideWindow-size))
	})
}

// Small pieces of a body that wait for each other share a frame, and the end of
// the body goes with them.
func TestPiecesShareAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		x, err := transport.Do(t.Context(), request(-1))
		assert.NoError(t, err)
		defer x.Reset(nil)
		p.expect(frameHeaders, 1)
		c := transport.c
		piece := strings.Repeat("p", maxMerged/4+1)
		assert.NoError(t, c.writer.LockControl())
		for range 4 {
			c.appendData(1, content{p: []byte(piece)}, 0)
		}
		c.appendData(3, content{p: []byte("another")}, 0)
		c.appendData(1, content{p: []byte("x")}, 0)
		c.appendData(1, content{}, flagEndStream)
		c.writer.Unlock(0)
		for _, want := range []struct {
			stream  uint32
			payload string
			fl      flags
		}{
			{1, strings.Repeat(piece, 3), 0},
			{1, piece, 0},
			{3, "another", 0},
			{1, "x", flagEndStream},
		} {
			f := p.expect(frameData, want.stream)
			assert.Equal(t, string(f.payload), want.payload)
			assert.Equal(t, f.flags, want.fl)
		}
	})
}

// The head of a large frame alone makes nobody allocate as much, unless much has
// come on the connection.
func TestLargeFrameTakesNoWord(t *testing.T) {
	for _, test := range []struct {
		name    string
		came    int64
		length  int
		believe bool
	}{
		{"a stranger's", 1 << 10, maxFrame, false},
		{"small enough", 1 << 10, maxSent, true},
		{"a good customer's", maxFrame/growth + 1, maxFrame, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &conn{recv: mux.RecvWindow{Size: 1 << 20, Granted: 1 << 20}}
			c.received.Store(test.came)
			s := &stream{c: c, id: 1, declared: -1, server: new(serverStream), recv: mux.RecvWindow{Size: 1 << 20, Granted: 1 << 20}}
			c.streams.Put(1, s)
			l, _ := c.lend(&frame{typ: frameData, stream: 1}, test.length)
			assert.Equal(t, l.s != nil, test.believe)
			if l.buf != nil {
				l.buf.Free()
			}
		})
	}
}
