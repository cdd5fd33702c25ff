// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
)

// gatherResult is what a gather returned.
type gatherResult struct {
	buf *bufpool.Buf
	err error
}

// gathers serves one request with the body's reader in the test's hands: it runs
// the functions that come.
func gathers(t *testing.T, steps chan func(ctx context.Context, x *serverStream)) *peer {
	t.Helper()
	return serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
		for step := range steps {
			step(ctx, x.(*serverStream))
		}
		x.Respond(200, nil)
		x.End([]byte("done"), nil)
	})
}

// beginGather has a gather begun; its result comes later.
func beginGather(steps chan func(context.Context, *serverStream), buf *bufpool.Buf, size int) (result chan gatherResult, cancel context.CancelFunc) {
	result = make(chan gatherResult, 1)
	own, cancel := context.WithCancel(context.Background())
	steps <- func(_ context.Context, x *serverStream) {
		b, err := x.Gather(own, buf, size)
		result <- gatherResult{b, err}
	}
	synctest.Wait()
	return result, cancel
}

// A message comes as a whole, in whatever pieces it is sent and read.
func TestGather(t *testing.T) {
	for _, piece := range []int{1, 100, 9_000, minMaxFrame} {
		for _, first := range []int{0, 5, 10_000} {
			synctest.Test(t, func(t *testing.T) {
				const size = 50_000
				want := pattern(size + 10)
				steps := make(chan func(context.Context, *serverStream))
				p := gathers(t, steps)
				p.post(1)
				if first > 0 {
					p.data(1, string(want[:first]), false)
					synctest.Wait()
				}
				buf := bufpool.Get(0)
				result, cancel := beginGather(steps, buf, size)
				defer cancel()
				sent := append([]byte(nil), want[first:]...)
				if piece == 1 {
					sent = sent[:200]
					want = want[:first+200]
				}
				for len(sent) > 0 {
					n := min(piece, len(sent))
					head := appendHead(nil, n, frameData, 0, 1)
					p.send(string(head) + string(sent[:n/2]))
					if n%3 == 0 {
						synctest.Wait()
					}
					p.send(string(sent[n/2 : n]))
					sent = sent[n:]
				}
				p.data(1, "", true)
				got := <-result
				if len(want) < size {
					assert.Equal(t, got.err, io.EOF)
					assert.Equal(t, bytes.Equal(got.buf.B, want), true)
				} else {
					assert.NoError(t, got.err)
					assert.Equal(t, bytes.Equal(got.buf.B, want[:size]), true)
					steps <- func(ctx context.Context, x *serverStream) {
						rest, err := readAll(ctx, x)
						assert.NoError(t, err)
						assert.Equal(t, rest, string(want[size:]))
					}
				}
				got.buf.Free()
				close(steps)
				p.expect(frameHeaders, 1)
				assert.Equal(t, p.body(1), "done")
				assert.Equal(t, p.server.outstanding(), 0)
			})
		}
	}
}

// Who waits for a message that is larger than the window gets it without asking
// piece by piece.
func TestGatherGivesCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := make(chan func(context.Context, *serverStream))
		p := gathers(t, steps)
		p.post(1)
		result, cancel := beginGather(steps, bufpool.Get(0), 1<<20)
		defer cancel()
		assert.Equal(t, p.credit(1), int64(1<<20-streamWindow))
		p.fill(1, 1<<20, true)
		got := <-result
		assert.NoError(t, got.err)
		assert.Equal(t, len(got.buf.B), 1<<20)
		got.buf.Free()
		close(steps)
		p.expect(frameHeaders, 1)
	})
}

// Memory follows what has come, not what is announced.
func TestGatherTakesNoWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := make(chan func(context.Context, *serverStream))
		p := gathers(t, steps)
		p.post(1)
		p.data(1, "little", false)
		result, cancel := beginGather(steps, bufpool.Get(0), 4<<20)
		defer cancel()
		p.data(1, string(pattern(100)), false)
		p.data(1, "", true)
		got := <-result
		assert.Equal(t, got.err, io.EOF)
		assert.Equal(t, len(got.buf.B), 106)
		assert.Equal(t, cap(got.buf.B) < 2<<10, true)
		got.buf.Free()
		close(steps)
		p.expect(frameHeaders, 1)
	})
}

// A gather that is given up while a frame is read to its buffer may be tried
// again.
func TestGatherTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(minMaxFrame)
		steps := make(chan func(context.Context, *serverStream))
		p := gathers(t, steps)
		p.post(1)
		result, cancel := beginGather(steps, bufpool.Get(0), len(want))
		p.send(string(appendHead(nil, len(want), frameData, flagEndStream, 1)) + string(want[:100]))
		synctest.Wait()
		cancel()
		got := <-result
		assert.ErrorIs(t, got.err, context.Canceled)
		assert.Equal(t, got.buf, (*bufpool.Buf)(nil))
		result, cancel = beginGather(steps, nil, len(want))
		defer cancel()
		p.send(string(want[100:]))
		got = <-result
		assert.NoError(t, got.err)
		assert.Equal(t, bytes.Equal(got.buf.B, want), true)
		got.buf.Free()
		close(steps)
		p.expect(frameHeaders, 1)
	})
}

// A stream may end while a frame is read to where its reader wanted it.
func TestGatherDropped(t *testing.T) {
	for name, gathering := range map[string]bool{"a message": true, "a chunk": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				steps := make(chan func(context.Context, *serverStream))
				p := gathers(t, steps)
				p.post(1)
				frame := string(pattern(minMaxFrame))
				half := func() {
					p.send(string(appendHead(nil, len(frame), frameData, 0, 1)) + frame[:5_000])
					synctest.Wait()
				}
				if gathering {
					result, cancel := beginGather(steps, bufpool.Get(0), 1<<20)
					half()
					cancel()
					assert.ErrorIs(t, (<-result).err, context.Canceled)
				} else {
					half()
				}
				steps <- func(_ context.Context, x *serverStream) { x.Reset(errors.New("enough")) }
				synctest.Wait()
				p.send(frame[5_000:])
				p.reset(1)
				p.alive()
				p.get(3)
				close(steps)
				p.expect(frameHeaders, 3)
				assert.Equal(t, p.server.outstanding(), 0)
			})
		})
	}
}

// The connection may end there too.
func TestGatherOnALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := make(chan func(context.Context, *serverStream))
		p := gathers(t, steps)
		p.post(1)
		result, cancel := beginGather(steps, bufpool.Get(0), 1<<20)
		defer cancel()
		p.send(string(appendHead(nil, minMaxFrame, frameData, 0, 1)) + "half")
		synctest.Wait()
		p.conn.Close()
		got := <-result
		assert.Equal(t, got.err != nil, true)
		if got.buf != nil {
			got.buf.Free()
		}
		close(steps)
	})
}

// outstanding is what has been announced and has not come.
func (c *conn) outstanding() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.promised
}
