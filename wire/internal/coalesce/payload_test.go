// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/transport"
)

// payload returns n bytes of a kind, to be appended.
func payload(n int, kind byte) *Payload {
	buf := bufpool.Get(n)
	for i := range buf.B {
		buf.B[i] = kind + byte(i%7)
	}
	return NewPayload(buf)
}

// freed reports whether the payload's buffer has been freed: once more panics.
func (p *Payload) freed(t *testing.T) bool {
	t.Helper()
	refs := p.refs.Load()
	if refs < 0 {
		t.Errorf("a payload has %d holds", refs)
	}
	return refs <= 0
}

// socketPairs are connections of the kinds that write several pieces at once,
// and one of a kind that does not.
func socketPairs(t testing.TB) map[string][2]net.Conn {
	t.Helper()
	pairs := make(map[string][2]net.Conn)
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		listener, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		near, err := net.Dial(network, listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		pairs[network] = [2]net.Conn{near, far}
	}
	near, far := net.Pipe()
	pairs["pipe"] = [2]net.Conn{near, far}
	t.Cleanup(func() {
		for _, p := range pairs {
			p[0].Close()
			p[1].Close()
		}
	})
	return pairs
}

func tryWriter(c net.Conn) TryWriter {
	if w, ok := transport.NewTryWriter(c); ok {
		return w
	}
	return nil
}

// TestPayloads writes frames of bytes and payloads, from several goroutines, to
// a peer that reads now fast, now slowly.
func TestPayloads(t *testing.T) {
	for name, pair := range socketPairs(t) {
		t.Run(name, func(t *testing.T) {
			const senders, frames = 4, 15
			w := New(pair[0], tryWriter(pair[0]), 0, func(err error) { t.Errorf("write: %v", err) })
			if vector := name != "pipe"; w.vector != vector {
				t.Errorf("the Writer writes several pieces at once: %t", w.vector)
			}
			var mu sync.Mutex
			var want []byte // in order of appending: guarded by the writer's lock
			var payloads []*Payload
			var group sync.WaitGroup
			for seed := range uint64(senders) {
				group.Go(func() {
					random := rand.New(rand.NewPCG(seed, 1))
					for range frames {
						p := payload(random.IntN(300<<10), byte(random.Uint32()))
						mu.Lock()
						payloads = append(payloads, p)
						mu.Unlock()
						for from := 0; ; { // in pieces, as frames are
							to := min(len(p.buf.B), from+random.IntN(64<<10))
							if err := w.Lock(t.Context()); err != nil {
								t.Error(err)
								return
							}
							if offset := w.Offset(); offset != int64(len(want)) {
								t.Errorf("Offset is %d after %d bytes", offset, len(want))
							}
							b := w.Buffer()
							b.B = append(b.B, "head"...)
							want = append(append(want, "head"...), p.buf.B[from:to]...)
							w.AppendPayload(p, from, to)
							if random.IntN(2) == 0 {
								b := w.Buffer()
								b.B = append(b.B, "tail"...)
								want = append(want, "tail"...)
							}
							w.Unlock(When(random.IntN(4)))
							if from = to; from == len(p.buf.B) {
								break
							}
						}
						p.Release()
					}
				})
			}
			var got bytes.Buffer
			read := make(chan error, 1)
			go func() {
				random := rand.New(rand.NewPCG(9, 9))
				buf := make([]byte, 100<<10)
				for {
					n, err := pair[1].Read(buf[:1+random.IntN(len(buf))])
					got.Write(buf[:n])
					if err != nil {
						read <- err
						return
					}
					if random.IntN(50) == 0 {
						<-time.After(time.Millisecond)
					}
				}
			}()
			group.Wait()
			w.Flush()
			if err := w.Drain(t.Context()); err != nil {
				t.Error(err)
			}
			if !w.Flushed(int64(len(want)-1)) || w.Flushed(int64(len(want))) {
				t.Errorf("Flushed does not tell %d bytes", len(want))
			}
			pair[0].Close()
			w.Close(nil)
			if err := <-read; err != io.EOF {
				t.Errorf("read: %v", err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%d bytes have arrived, want %d; or not in order", got.Len(), len(want))
			}
			for i, p := range payloads {
				if !p.freed(t) {
					t.Errorf("payload %d of %d bytes was never freed", i, len(p.buf.B))
				}
			}
		})
	}
}

// TestPayloadsThatAreGivenUp closes the writer, or fails its connection, while
// payloads wait: each is freed, once.
func TestPayloadsThatAreGivenUp(t *testing.T) {
	for name, end := range map[string]func(net.Conn, *Writer){
		"closed":             func(c net.Conn, w *Writer) { c.Close(); w.Close(nil) },
		"writer first":       func(c net.Conn, w *Writer) { go w.Close(nil); <-time.After(time.Millisecond); c.Close() },
		"broken connection":  func(c net.Conn, _ *Writer) { c.Close() },
		"deadline":           func(c net.Conn, _ *Writer) { c.SetWriteDeadline(time.Now()) },
		"peer has been gone": nil,
	} {
		t.Run(name, func(t *testing.T) {
			for network, pair := range socketPairs(t) {
				failed := make(chan error, 1)
				w := New(pair[0], tryWriter(pair[0]), 0, func(err error) { failed <- err })
				if end == nil {
					pair[1].Close()
				}
				var payloads []*Payload
				for range 40 { // more than the socket takes
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
					err := w.Lock(ctx)
					cancel()
					if err != nil {
						break
					}
					p := payload(500_000, 'x')
					payloads = append(payloads, p)
					w.AppendPayload(p, 0, 300_000)
					w.AppendPayload(p, 300_000, 500_000)
					w.Unlock(Now)
					p.Release()
				}
				if end != nil {
					end(pair[0], w)
				}
				switch name {
				case "closed", "writer first":
				default:
					if err := <-failed; err == nil {
						t.Errorf("%s: no error", network)
					}
					if err := w.Lock(t.Context()); err == nil {
						t.Errorf("%s: Lock after a write has failed", network)
						w.Unlock(Now)
					}
				}
				pair[0].Close()
				w.Close(nil)
				if len(payloads) == 0 {
					t.Errorf("%s: nothing was appended", network)
				}
				for i, p := range payloads {
					if !p.freed(t) {
						t.Errorf("%s: payload %d has %d holds", network, i, p.refs.Load())
					}
				}
			}
		})
	}
}

// TestPayloadsAndCopies appends the same on connections that take several pieces
// and such that do not.
func TestPayloadCopied(t *testing.T) {
	c := &conn{room: 1 << 20}
	w := New(c, c, 0, nil)
	p := payload(1000, 'a')
	want := string(p.buf.B[100:900])
	if err := w.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.AppendPayload(p, 100, 900)
	p.Release()
	if !p.freed(t) {
		t.Error("a payload that was copied is still held")
	}
	w.Unlock(Now)
	if got := c.got.String(); got != want {
		t.Errorf("written %d bytes, want %d", len(got), len(want))
	}
	w.Close(nil)
}

// pieces is a connection that is told several pieces one by one, as net.Buffers
// does for those it does not know, and fails after some bytes.
type pieces struct {
	conn
	left int
}

func (c *pieces) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	c.conn.Write(p[:n])
	if n < len(p) {
		return n, errors.New("line cut")
	}
	return n, nil
}

// TestFlushedWithPayloads counts the bytes of a write that fails in the middle.
func TestFlushedWithPayloads(t *testing.T) {
	for _, cut := range []int{0, 1, 4, 5, 500, 1003, 1004, 1005, 2008, 2009} {
		synctest.Test(t, func(t *testing.T) {
			c := &pieces{left: cut}
			c.gate = make(chan struct{})
			w := New(c, nil, 0, nil)
			w.vector = true
			p := payload(1000, 'a')
			if err := w.Lock(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				b := w.Buffer()
				b.B = append(b.B, "head"...)
				w.AppendPayload(p, 0, 1000)
			}
			b := w.Buffer()
			b.B = append(b.B, "end"...)
			if got := w.Offset(); got != 2011 {
				t.Errorf("Offset is %d, want 2011", got)
			}
			w.Unlock(Now)
			synctest.Wait()
			if !w.Flushed(2010) || w.Flushed(2011) {
				t.Error("Flushed during the write: not the bytes that were taken")
			}
			close(c.gate)
			synctest.Wait()
			if cut > 0 && !w.Flushed(int64(cut)-1) || w.Flushed(int64(cut)) {
				t.Errorf("Flushed does not tell %d bytes", cut)
			}
			if err := w.WaitFlushed(t.Context(), int64(cut)); err != nil {
				t.Errorf("WaitFlushed of what was written: %v", err)
			}
			if err := w.WaitFlushed(t.Context(), int64(cut)+1); err == nil {
				t.Error("WaitFlushed of what was not written: no error")
			}
			w.Close(nil)
			p.Release()
			if !p.freed(t) {
				t.Error("the payload is still held")
			}
		})
	}
}
