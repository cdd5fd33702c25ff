// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

const kib = 1 << 10

// fill sends n bytes of DATA in frames of 16 KiB.
func (p *peer) fill(stream uint32, n int, end bool) {
	p.t.Helper()
	for n > 0 {
		k := min(n, minMaxFrame)
		n -= k
		p.data(stream, strings.Repeat("x", k), end && n == 0)
	}
}

// Streams that nobody reads take all of their own credit and none of the
// connection's.
func TestUnreadStreamsStarveNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			if x.Request().Fields.Get("unread") != "" {
				waits(ctx, x)
				return
			}
			answers(ctx, x)
		})
		granted := int64(connWindow)
		id := uint32(1)
		for ; id < 1000; id += 2 { // 32 MiB, twice the connection's window
			p.post(id, "unread: yes")
			p.fill(id, 64*kib, false)
			if granted -= 64 * kib; granted < connWindow/2 {
				granted += p.credit(0)
			}
		}
		p.post(id)
		p.fill(id, 64*kib, true)
		p.expect(frameHeaders, id)
		assert.Equal(t, p.body(id), "65536")
	})
}

// A reader gives credit back, and one that keeps up gets a larger window.
func TestWindowGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, answers)
		p.post(1)
		sent, credit := 0, int64(streamWindow)
		for largest := int64(0); largest < 1<<20; {
			p.fill(1, int(credit), false)
			sent += int(credit)
			credit = p.credit(1)
			largest = max(largest, credit)
		}
		p.data(1, "", true)
		p.expect(frameHeaders, 1)
	})
}

// What the connection may hold bounds the windows of all streams together.
func TestBufferedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{MaxBuffered: 4 * streamWindow}, waits)
		for id := uint32(1); id < 9; id += 2 {
			p.post(id)
		}
		p.alive()
		p.post(9)
		assert.Equal(t, p.reset(9), codeRefused)
	})
}

// The response's end does not wait for the client's credit, and keeps nothing of
// the handler's memory.
func TestEndWithoutCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		body := []byte(strings.Repeat("y", 100_000))
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			ended <- x.End(body, wire.Fields{{Name: "x-after", Value: "all"}})
		})
		p.frame(frameSettings, 0, 0, settingsPayload(settingInitialWindow, 10))
		p.get(1)
		assert.NoError(t, <-ended)
		clear(body)
		p.expect(frameHeaders, 1)
		assert.Equal(t, string(p.expect(frameData, 1).payload), strings.Repeat("y", 10))
		got := 10
		for got < len(body) {
			p.windowUpdate(1, 70_000)
			p.windowUpdate(0, 70_000)
			for want := min(got+70_000, len(body)); got < want; {
				f := p.expect(frameData, 1)
				assert.Equal(t, string(f.payload), strings.Repeat("y", len(f.payload)))
				assert.Equal(t, len(f.payload) <= minMaxFrame, true, "a frame of", len(f.payload))
				got += len(f.payload)
			}
		}
		f := p.expect(frameHeaders, 1)
		assert.Equal(t, f.flags&flagEndStream != 0, true)
		assert.Equal(t, p.fields(f)["x-after"], "all")
		p.alive()
	})
}

// Responses that wait for credit are cut after a while, and are bounded.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 10)
		p := serveRaw(t, wire.Limits{MaxBuffered: 1 << 20}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			ended <- x.End(make([]byte, 600*kib), nil)
		})
		p.frame(frameSettings, 0, 0, settingsPayload(settingInitialWindow, 0))
		p.get(1)
		assert.NoError(t, <-ended)
		p.get(3)
		assert.Equal(t, curlew.CodeOf(<-ended), curlew.ResourceExhausted)
		assert.Equal(t, p.reset(3), codeCalm)
		begun := time.Now()
		stop := p.answerPings()
		assert.Equal(t, stop(1), codeCancel)
		if took := time.Since(begun); took < stallTime || took > stallTime+5*time.Second {
			t.Errorf("cut after %v", took)
		}
	})
}

// answerPings answers PINGs until the stream that its result is called with is
// reset; that returns the code.
func (p *peer) answerPings() func(stream uint32) errCode {
	return func(stream uint32) errCode {
		for {
			switch f := p.next(); f.typ {
			case framePing:
				p.frame(framePing, flagAck, 0, f.payload)
			case frameReset:
				return errCode(dependency(f.payload))
			}
		}
	}
}

// A Write waits for credit until its context ends, and then the stream is of no
// use.
func TestWriteWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrote := make(chan error, 1)
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			n, err := x.Write(ctx, make([]byte, 100_000))
			assert.Equal(t, n, initialWindow)
			wrote <- err
		})
		p.get(1)
		p.expect(frameHeaders, 1)
		for got := 0; got < initialWindow; {
			got += len(p.expect(frameData, 1).payload)
		}
		assert.Equal(t, p.reset(1), codeCancel)
		assert.ErrorIs(t, <-wrote, context.DeadlineExceeded)
	})
}

// Responses that compete for the connection's credit take turns.
func TestResponsesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			if x.Request().Fields.Get("at-once") != "" {
				x.End(make([]byte, size), nil)
				return
			}
			x.Write(ctx, make([]byte, size))
			x.End(nil, nil)
		})
		p.frame(frameSettings, 0, 0, settingsPayload(settingInitialWindow, 2*size))
		got := make(map[uint32]int)
		for id := uint32(1); id < 8; id += 2 {
			p.get(id, []string{"at-once: yes", "x: y"}[id/2%2])
		}
		total, granted := 0, initialWindow
		for total < 4*size {
			if total == granted {
				synctest.Wait() // all who have something to send stand in line
				p.windowUpdate(0, 200*kib)
				granted += 200 * kib
			}
			f := p.next()
			if f.typ != frameData {
				continue
			}
			total += len(f.payload)
			got[f.stream] += len(f.payload)
			if got[f.stream] == size {
				for id, n := range got {
					if n < size/2 {
						t.Errorf("stream %d has all while %d has %d bytes", f.stream, id, n)
					}
				}
			}
		}
	})
}

// A response that is complete before the request: the client is told to stop
// when it goes on, or after a while.
func TestEarlyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(403, nil)
			x.End(nil, nil)
		})
		p.post(1)
		p.expect(frameHeaders, 1)
		p.data(1, "more", false)
		assert.Equal(t, p.reset(1), codeNo)
		p.data(1, "on its way", true) // no fault of the client's

		p.post(3)
		p.expect(frameHeaders, 3)
		p.data(3, "the end", true) // in time
		p.post(5)
		p.expect(frameHeaders, 5)
		assert.Equal(t, p.reset(5), codeNo) // in silence
		p.alive()
	})
}

// DATA of one byte each costs what large frames do.
func TestTinyFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, answers)
		p.post(1)
		for range 5000 {
			p.data(1, "x", false)
		}
		p.data(1, "", true)
		p.expect(frameHeaders, 1)
		assert.Equal(t, p.body(1), "5000")
	})
}
