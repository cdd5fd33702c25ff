// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// The limit counts streams whose handlers run, also after the client has
// canceled them.
func TestMaxStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := serveRaw(t, wire.Limits{MaxStreams: 2}, func(ctx context.Context, x wire.Exchange) {
			<-release
			answers(ctx, x)
		})
		p.get(1)
		p.get(3)
		p.get(5)
		assert.Equal(t, p.reset(5), codeRefused)
		p.frame(frameReset, 0, 1, make([]byte, 4))
		p.get(7)
		assert.Equal(t, p.reset(7), codeRefused)
		close(release)
		p.expect(frameHeaders, 3)
		p.body(3)
		synctest.Wait()
		p.get(9)
		p.expect(frameHeaders, 9)
		p.body(9)
	})
}

// A header list above the limit is answered, and the next request is understood.
func TestHeaderListTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{MaxHeader: 1 * kib}, answers)
		p.get(1, "x-large: "+strings.Repeat("l", 6*kib))
		f := p.expect(frameHeaders, 1)
		assert.Equal(t, p.fields(f)[":status"], "431")
		assert.Equal(t, f.flags&flagEndStream != 0, true)
		for id := uint32(3); id < 9; id += 2 {
			p.get(id, "x-large: small", "x-other: "+strings.Repeat("o", int(id)))
			assert.Equal(t, p.fields(p.expect(frameHeaders, id))[":status"], "200")
			p.body(id)
		}
	})
}

// A few bytes that stand for many fields cost nothing.
func TestHeaderBomb(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, answers)
		p.get(1, "x-bomb: "+strings.Repeat("b", 3*kib))
		p.expect(frameHeaders, 1)
		p.body(1)
		b := p.block(requestFields("GET")...)
		for range 10_000 {
			b = append(b, 0x80|62)
		}
		p.frame(frameHeaders, flagEndHeaders|flagEndStream, 3, b)
		assert.Equal(t, p.fields(p.expect(frameHeaders, 3))[":status"], "431")
		p.alive()
	})
}

// Floods end the connection with a word about it.
func TestFloods(t *testing.T) {
	for name, flood := range map[string]func(p *peer, i int){
		"PING":        func(p *peer, _ int) { p.frame(framePing, 0, 0, make([]byte, 8)) },
		"SETTINGS":    func(p *peer, _ int) { p.frame(frameSettings, 0, 0, nil) },
		"PRIORITY":    func(p *peer, i int) { p.frame(framePriority, 0, 1, make([]byte, 5)) },
		"empty DATA":  func(p *peer, i int) { p.begin(i); p.data(1, "", false) },
		"unknown":     func(p *peer, _ int) { p.frame(frameType(77), 0, 0, nil) },
		"rapid reset": func(p *peer, i int) { p.get(uint32(2*i + 1)); p.frame(frameReset, 0, uint32(2*i+1), make([]byte, 4)) },
		"malformed": func(p *peer, i int) {
			p.frame(frameHeaders, flagEndHeaders|flagEndStream, uint32(2*i+1), p.block("x: y"))
		},
		"resets of one": func(p *peer, i int) { p.begin(i); p.frame(frameReset, 0, 1, make([]byte, 4)) },
		"CONTINUATION": func(p *peer, i int) {
			if i == 0 {
				p.frame(frameHeaders, 0, 1, nil)
			}
			p.frame(frameContinuation, 0, 1, nil)
		},
		"a large block": func(p *peer, i int) {
			if i == 0 {
				p.frame(frameHeaders, 0, 1, nil)
			}
			p.frame(frameContinuation, 0, 1, p.block("x-literal: "+strings.Repeat("{", 4*kib)+string(rune('a'+i%26))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serveRaw(t, wire.Limits{}, waits)
				code := make(chan errCode, 1)
				go func() { // reads what the server says of it
					defer close(code)
					for {
						f, err := p.read()
						if err != nil {
							return
						}
						if f.typ == frameGoAway {
							code <- errCode(dependency(f.payload[4:]))
						}
					}
				}()
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for i := range 10_000 {
						flood(p, i)
					}
				}()
				assert.Equal(t, <-code, codeCalm, p.logged)
				p.conn.Close()
				<-ended
			})
		})
	}
}

// begin begins a stream, once.
func (p *peer) begin(i int) {
	if i == 0 {
		p.post(1)
	}
}

// Those who answer data with PINGs, to measure the connection, are welcome.
func TestPingsForData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			for range 10_000 {
				x.Write(ctx, []byte("x"))
				x.Read(ctx, make([]byte, 1))
			}
			x.End(nil, nil)
		})
		p.post(1)
		p.expect(frameHeaders, 1)
		for range 10_000 {
			for p.next().typ != frameData {
			}
			p.frame(framePing, 0, 0, make([]byte, 8))
			p.data(1, "y", false)
		}
		for f := p.next(); f.typ != frameData; f = p.next() {
		}
	})
}

// Who begins a header block must end it, and who connects must say hello.
func TestSlow(t *testing.T) {
	for name, begin := range map[string]func(p *peer){
		"half of a frame":   func(p *peer) { p.send(string(appendHead(nil, 100, frameHeaders, 0, 1)) + "abc") },
		"half of a block":   func(p *peer) { p.frame(frameHeaders, flagEndStream, 1, p.block(":method: GET")) },
		"after some others": func(p *peer) { p.get(1); p.alive(); pass(time.Minute); p.frame(frameHeaders, 0, 3, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serveRaw(t, wire.Limits{Handshake: 2 * time.Second}, answers)
				begin(p)
				begun := time.Now()
				p.closed()
				assert.Equal(t, time.Since(begun) <= 2*time.Second, true, time.Since(begun))
			})
		})
	}
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := serveRaw(t, wire.Limits{Handshake: 2 * time.Second}, answers)
			for id := uint32(1); id < 9; id += 2 {
				pass(time.Minute) // a quiet connection is not a slow one
				p.get(id)
				p.expect(frameHeaders, id)
				p.body(id)
			}
		})
	})
}

// A drain: requests that have crossed with it are served.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p, drain := startServer(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			<-release
			answers(ctx, x)
		})
		p.send(preface)
		p.frame(frameSettings, 0, 0, nil)
		p.get(1)
		synctest.Wait()
		drain()
		last, code := p.goAway()
		assert.Equal(t, last, uint32(maxStreamID))
		assert.Equal(t, code, codeNo)
		p.get(3) // has crossed
		f := p.next()
		assert.Equal(t, f.typ, framePing)
		p.frame(framePing, flagAck, 0, f.payload)
		last, _ = p.goAway()
		assert.Equal(t, last, uint32(3))
		p.get(5) // has not
		close(release)
		for id := uint32(1); id < 5; id += 2 {
			f := p.next()
			assert.Equal(t, f.typ, frameHeaders)
			p.body(f.stream)
		}
		begun := time.Now()
		p.closed()
		assert.Equal(t, time.Since(begun), closeTimeout)
		assert.NoError(t, <-p.ended)
		p.ended <- nil
	})
}

// A dead peer is noticed while exchanges are in flight, and with few PINGs.
func TestLiveness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, waits)
		p.get(1)
		begun := time.Now()
		p.closed()
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("noticed after %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		x, err := transport.Do(t.Context(), &wire.HTTPRequest{Method: "GET", Scheme: "http", Authority: "here", Path: "/"})
		assert.NoError(t, err)
		defer x.Reset(nil)
		assert.NoError(t, x.CloseWrite())
		var pings atomic.Int64
		go func() {
			for {
				f, err := p.read()
				if err != nil {
					return
				}
				if f.typ == framePing {
					pings.Add(1)
					p.frame(framePing, flagAck, 0, f.payload)
				}
			}
		}()
		pass(4 * time.Minute)
		synctest.Wait()
		assert.Equal(t, pings.Load(), maxPings)
		pass(6 * time.Minute)
		synctest.Wait()
		assert.Equal(t, pings.Load(), maxPings+1)
		p.frame(frameHeaders, flagEndHeaders, 1, p.block(":status: 200"))
		pass(time.Minute)
		synctest.Wait()
		assert.Equal(t, pings.Load(), 2*maxPings+1)
		p.conn.Close()
		synctest.Wait()
	})
}

// A request is begun when its last frame has come, or does not.
func TestHalfOfTheLastFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan string, 1)
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			begun <- x.Request().Path
			answers(ctx, x)
		})
		p.post(1)
		p.send(string(append(appendHead(nil, 10, frameData, flagEndStream, 1), "hello"...)))
		synctest.Wait()
		assert.Equal(t, len(begun), 0)
		before := time.Now()
		assert.Equal(t, <-begun, "/")
		assert.Equal(t, time.Since(before) < 5*time.Second, true)
		p.send("world")
		p.expect(frameHeaders, 1)
		assert.Equal(t, p.body(1), "10")
	})
}

// A connection that is quiet dozes, on both sides, and wakes up.
func TestDoze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, answers)
		for id := uint32(1); id < 9; id += 2 {
			p.get(id, "x: y")
			p.expect(frameHeaders, id)
			p.body(id)
			pass(time.Second)
			synctest.Wait()
			c := p.server
			c.mu.Lock()
			assert.Equal(t, c.alive.timer == nil && c.streams.Cap() == 0 && c.in.Dozes() && c.turns == nil, true, "it keeps what it need not")
			c.mu.Unlock()
		}
	})
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		for id := uint32(1); id < 9; id += 2 {
			x := begin(t, transport, p, id)
			p.respond(id, flagEndStream, ":status: 204")
			_, _, err := x.Response(t.Context())
			assert.NoError(t, err)
			pass(time.Second)
			synctest.Wait()
			assert.Equal(t, transport.c.in.Dozes(), true)
		}
	})
}

// A request that was half there when the drain became final is served.
func TestDrainDuringHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, drain := startServer(t, wire.Limits{}, answers)
		p.send(preface)
		p.frame(frameSettings, 0, 0, nil)
		b := p.block(requestFields("POST", "x: y")...)
		p.frame(frameHeaders, 0, 1, b[:3])
		synctest.Wait()
		drain()
		last, _ := p.goAway()
		assert.Equal(t, last, uint32(maxStreamID))
		last, _ = p.goAway() // the PING cannot be answered inside the block
		assert.Equal(t, last, uint32(1))
		p.frame(frameContinuation, flagEndHeaders, 1, b[3:])
		pass(2 * closeTimeout)
		p.data(1, "hello", true)
		p.expect(frameHeaders, 1)
		assert.Equal(t, p.body(1), "5")
		p.closed()
	})
}
