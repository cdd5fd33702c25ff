// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// sound checks that a connection that has ended holds nothing.
func (c *conn) sound(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	assert.Equal(t, c.streams.Len(), 0, "streams")
	assert.Equal(t, c.open, 0, "places")
	assert.Equal(t, c.budget.Used, int64(0), "budget")
	assert.Equal(t, c.keeping, int64(0), "kept back")
	assert.Equal(t, len(c.line)+len(c.leftover)+len(c.unwanted), 0, "waiting")
}

// finish drains what the server says, ends the connection and checks that it
// has ended well enough.
func (p *peer) finish(t *testing.T) {
	t.Helper()
	pass(time.Second)
	p.conn.Close()
	err := <-p.ended
	p.ended <- err
	p.server.sound(t)
	if strings.Contains(p.logged.String(), "panic") {
		t.Error(p.logged)
	}
}

// listen reads and drops what the other side says.
func (p *peer) listen() {
	for {
		if _, err := p.read(); err != nil {
			return
		}
	}
}

// mixed answers in a way that the request chooses.
func mixed(ctx context.Context, x wire.Exchange) {
	how := x.Request().Fields.Get("how")
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	switch how {
	case "w": // waits
		<-ctx.Done()
		return
	case "r": // resets
		x.Reset(nil)
		return
	case "p": // pieces, and no regard for errors
		x.Respond(200, nil)
		for range 5 {
			x.Write(ctx, make([]byte, 20_000))
			x.Flush()
		}
	case "l": // large
		x.Respond(200, wire.Fields{{Name: "x", Value: strings.Repeat("v", 20_000)}})
		x.End(make([]byte, 300_000), wire.Fields{{Name: "after", Value: "all"}})
		return
	default:
		if _, err := readAll(ctx, x); err != nil {
			x.Respond(500, nil)
			break
		}
		x.Respond(200, nil)
	}
	x.End([]byte("the end"), wire.Fields{{Name: "after", Value: how}})
	x.Reset(nil)
}

// FuzzFrames sends any bytes to a server.
func FuzzFrames(f *testing.F) {
	frame := func(t frameType, fl flags, stream uint32, payload ...byte) string {
		return string(append(appendHead(nil, len(payload), t, fl, stream), payload...))
	}
	get := []byte{0x82, 0x84, 0x86, 0x41, 1, 'h'}
	f.Add(frame(frameHeaders, flagEndHeaders|flagEndStream, 1, get...) + frame(frameData, flagEndStream, 1, 'x'))
	f.Add(frame(frameHeaders, flagEndHeaders, 1, get...) + frame(frameData, flagPadded|flagEndStream, 1, 1, 'x', 0))
	f.Add(frame(frameHeaders, 0, 1, get[:3]...) + frame(frameContinuation, flagEndHeaders, 1, get[3:]...) + frame(frameReset, 0, 1, 0, 0, 0, 8))
	f.Add(frame(frameSettings, 0, 0, 0, 4, 0, 0, 0, 0) + frame(framePing, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8) + frame(frameGoAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	f.Add(frame(frameWindowUpdate, 0, 0, 0x7f, 0xff, 0xff, 0xff) + frame(framePriority, 0, 3, 0, 0, 0, 3, 1))
	f.Fuzz(func(t *testing.T, input string) {
		synctest.Test(t, func(t *testing.T) {
			p := serveRaw(t, wire.Limits{}, mixed)
			go p.listen()
			p.send(input)
			p.finish(t)
		})
	})
}

// FuzzServerProgram reads its input as a program of frames.
func FuzzServerProgram(f *testing.F) {
	f.Add([]byte("a0a1a2b0c0d0"))
	f.Add([]byte("h1h2h3d1d2d3r1r2e3w0w1s0p0"))
	f.Add([]byte("lllllwwwwwsssssw0w1"))
	f.Add([]byte("\x00\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0"))
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 2000 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			p := serveRaw(t, wire.Limits{MaxStreams: 8, MaxBuffered: 8 * streamWindow}, mixed)
			var listening sync.WaitGroup
			listening.Go(p.listen)
			m := machine{p: p, next: 1}
			for i := 0; i+1 < len(program); i += 2 {
				m.step(program[i], program[i+1])
			}
			p.finish(t)
			listening.Wait()
		})
	})
}

// machine turns pairs of bytes into frames.
type machine struct {
	p    *peer
	next uint32 // stream to be opened
}

func (m *machine) step(op, arg byte) {
	p := m.p
	id := 2*uint32(arg%16) + 1
	if m.next > 16 {
		id += m.next/2*2 - 16
	}
	how := "how: " + string("abwrpl"[arg%6])
	switch op % 14 {
	case 0, 1:
		p.get(m.next, how)
		m.next += 2
	case 2, 3:
		p.post(m.next, how)
		m.next += 2
	case 4, 5:
		p.data(id, strings.Repeat("d", int(arg)*50), op%28 > 14)
	case 6:
		p.send(string(appendReset(nil, id, errCode(arg))))
	case 7:
		p.windowUpdate(id, int64(arg)<<8+1)
	case 8:
		p.windowUpdate(0, int64(arg)<<10+1)
	case 9:
		p.frame(frameSettings, 0, 0, settingsPayload(settingInitialWindow, uint32(arg)<<8, settingHeaderTableSize, uint32(arg)<<4, settingMaxFrame, minMaxFrame+uint32(arg)))
	case 10:
		p.frame(framePing, flags(arg)&flagAck, 0, []byte(drainToken))
	case 11:
		p.frame(frameHeaders, flagEndHeaders|flagEndStream, id, p.block("x-after: all"))
	case 12:
		pass(time.Duration(arg) * time.Millisecond)
	case 13:
		if arg < 8 {
			m.p.server.drain()
		}
	}
}

// FuzzClient has a server answer some requests with any bytes.
func FuzzClient(f *testing.F) {
	f.Add(string(append(appendHead(nil, 1, frameHeaders, flagEndHeaders, 1), 0x88)) + string(appendHead(nil, 0, frameData, flagEndStream, 1)))
	f.Add(string(appendGoAway(nil, 1, codeNo, "")) + string(appendReset(nil, 1, codeRefused)))
	f.Add(string(appendWindowUpdate(nil, 1, 100)) + string(appendPing(nil, 0, aliveToken)))
	f.Fuzz(func(t *testing.T, input string) {
		synctest.Test(t, func(t *testing.T) {
			transport, p := dialRaw(t, wire.Limits{})
			go p.listen()
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					x, err := transport.Do(t.Context(), request(-1))
					if err != nil {
						return
					}
					defer x.Reset(nil)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					x.Write(ctx, make([]byte, 100_000))
					x.CloseWrite()
					if _, _, err := x.Response(ctx); err == nil {
						readAll(ctx, x)
					}
				})
			}
			synctest.Wait()
			p.send(input)
			all.Wait()
			transport.Close(curlew.NewError(curlew.Canceled, "enough"))
			transport.c.sound(t)
			if strings.Contains(p.logged.String(), "panic") {
				t.Error(p.logged)
			}
		})
	})
}

// FuzzEncoder encodes fields, which x/net's decoder must find again.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte("\x01a\x01b\x01a\x01b\x01a\x01c"), uint32(4096))
	f.Add([]byte("\x0ccontent-type\x05a/b c\x0ccontent-type\x05a/b c"), uint32(100))
	f.Fuzz(func(t *testing.T, input []byte, limit uint32) {
		e := newEncoder()
		d := hpack.NewDecoder(maxTable, nil)
		for round := range 3 {
			var want []hpack.HeaderField
			b := e.begin(nil)
			rest := input
			next := func() string {
				if len(rest) == 0 {
					return ""
				}
				n := min(int(rest[0]), len(rest)-1)
				s := string(rest[1 : 1+n])
				rest = rest[1+n:]
				return s
			}
			for len(rest) > 0 {
				name, value := next(), next()
				if name == "" {
					continue
				}
				b = e.field(b, name, value)
				switch {
				case name[0] == ':' || checkField(name, value) == "":
					want = append(want, hpack.HeaderField{Name: name, Value: value})
				case validName(name) && checkField(name, "") == "":
					want = append(want, hpack.HeaderField{Name: name, Value: clean(value)})
				}
			}
			got, err := d.DecodeFull(bytes.Clone(b))
			assert.NoError(t, err, round)
			assert.Equal(t, got, want, round)
			e.setLimit(limit)
			e.setLimit(limit / 2)
			e.setLimit(maxTable)
		}
	})
}
