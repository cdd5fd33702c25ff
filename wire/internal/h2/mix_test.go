// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// bothEnds connects a client to a server.
func bothEnds(t *testing.T, limits wire.Limits, serve wire.HTTPProtocol) (*Transport, *conn, *mem.Conn) {
	t.Helper()
	near, far := mem.Pipe()
	transport, c := overConns(t, near, far, limits, serve)
	return transport, c, near
}

// overConns is bothEnds over two ends of a connection.
func overConns(t *testing.T, near, far net.Conn, limits wire.Limits, serve wire.HTTPProtocol) (*Transport, *conn) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	server := &Server{Route: func(*wire.HTTPRequest, wire.Dispatcher) wire.HTTPProtocol { return serve }}
	ended := make(chan error, 1)
	c := server.start(context.Background(), &wire.Conn{
		Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()}, Limits: limits.WithDefaults(), Logger: logger,
	}, nil, func(err error) { ended <- err })
	transport, err := Dial(context.Background(), &wire.Remote{
		Address: "server", Logger: logger, Limits: limits,
		Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil },
	})
	assert.NoError(t, err)
	t.Cleanup(func() {
		transport.Close(nil)
		<-ended
		transport.c.sound(t)
		c.sound(t)
	})
	return transport, c
}

// pattern is a body of n bytes that no other size has.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + n)
	}
	return b
}

// mirror sends the request's body back, in the way that the request asks for.
func mirror(ctx context.Context, x wire.Exchange) {
	body, err := readAll(ctx, x)
	if err != nil {
		x.Reset(err)
		return
	}
	x.Respond(200, wire.Fields{{Name: "x-size", Value: strconv.Itoa(len(body))}})
	if x.Request().Fields.Get("how") == "pieces" {
		for p := []byte(body); len(p) > 0; {
			n, err := x.Write(ctx, p[:min(len(p), 7_001)])
			if err != nil {
				return
			}
			p = p[n:]
		}
		body = ""
	}
	x.End([]byte(body), wire.Fields{{Name: "x-after", Value: strconv.Itoa(len(body))}})
}

// exchange makes one exchange of n bytes and reports whether it brought them
// back.
func exchange(ctx context.Context, transport *Transport, n int, how string) (bool, error) {
	want := pattern(n)
	r := &wire.HTTPRequest{Method: "POST", Scheme: "http", Authority: "here", Path: "/", Length: int64(n), Fields: wire.Fields{{Name: "how", Value: how}}}
	if n%2 == 0 {
		r.Length = -1
	}
	x, err := transport.Do(ctx, r)
	if err != nil {
		return false, err
	}
	defer x.Reset(nil)
	if n > 0 {
		if _, err := x.Write(ctx, want); err != nil && err != io.EOF {
			return false, err
		}
	}
	if err := x.CloseWrite(); err != nil && err != io.EOF {
		return false, err
	}
	_, _, err = x.Response(ctx)
	if err != nil {
		return false, err
	}
	got, err := readAll(ctx, x)
	return bytes.Equal([]byte(got), want), err
}

// Many exchanges of all sizes at once, some of which are given up, over a line
// that cuts everything into pieces: the others bring what was sent, and nothing
// is left behind.
func TestMix(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			transport, _, line := bothEnds(t, wire.Limits{MaxStreams: 30, MaxBuffered: 4 << 20}, protocol(mirror))
			if seed%2 == 0 {
				line.SetFaults(mem.Faults{Latency: time.Millisecond}, mem.Faults{Latency: time.Millisecond, Chop: 1000})
			}
			var all sync.WaitGroup
			for caller := range uint64(40) {
				all.Go(func() {
					random := rand.New(rand.NewPCG(seed, caller))
					for range 15 {
						size := random.IntN(1 << random.IntN(19))
						how := []string{"pieces", "whole"}[random.IntN(2)]
						ctx, cancel := context.WithCancel(t.Context())
						gives := random.IntN(4) == 0
						if gives {
							time.AfterFunc(time.Duration(random.IntN(50))*time.Millisecond, cancel)
						}
						same, err := exchange(ctx, transport, size, how)
						cancel()
						switch {
						case err == nil && !same:
							t.Errorf("%d bytes, %s: other bytes came back", size, how)
						case err != nil && curlew.ErrorOf(err).Progress() == curlew.Refused:
							// Those that were given up take their places until their handlers return.
						case err != nil && !(gives && errors.Is(err, context.Canceled)):
							t.Errorf("%d bytes, %s: %v", size, how, err)
						}
					}
				})
			}
			all.Wait()
			pass(time.Minute) // for what was on its way
			assert.Equal(t, transport.c.budget.Used, int64(0))
			assert.Equal(t, transport.Capacity(), transport.c.maxOpen())
		})
	}
}

// A connection that is cut anywhere: every exchange ends, and nothing is left.
func TestCutAnywhere(t *testing.T) {
	for at := int64(1); at < 60_000; at += 1 + at/5 {
		synctest.Test(t, func(t *testing.T) {
			transport, _, line := bothEnds(t, wire.Limits{}, protocol(mirror))
			line.SetFaults(mem.Faults{Cut: mem.CutReset, CutAfter: at}, mem.Faults{})
			var all sync.WaitGroup
			for n := range 5 {
				all.Go(func() {
					if same, err := exchange(t.Context(), transport, n*5000, "whole"); err == nil && !same {
						t.Error("other bytes came back")
					}
				})
			}
			all.Wait()
		})
	}
}
