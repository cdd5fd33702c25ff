// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

// client dials the rig.
func (r *rig) client(limits ...wire.Limits) wire.HTTPTransport {
	r.t.Helper()
	remote := r.remote()
	if len(limits) > 0 {
		remote.Limits = limits[0]
	}
	c, err := h1.Dial(r.t.Context(), remote)
	assert.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close(nil) })
	return c
}

// post begins an exchange with a whole request.
func post(t *testing.T, ctx context.Context, c wire.HTTPTransport, path, body string) wire.ClientExchange {
	t.Helper()
	x, err := c.Do(ctx, &wire.HTTPRequest{
		Method: "POST", Authority: "here", Path: path, Length: int64(len(body)), Fields: wire.Fields{{Name: "x-bird", Value: "curlew"}, {Name: "x-bird", Value: "whimbrel"}},
	})
	assert.NoError(t, err)
	_, err = x.Write(ctx, []byte(body))
	assert.NoError(t, err)
	assert.NoError(t, x.CloseWrite())
	return x
}

// body reads the whole response.
func body(t *testing.T, x wire.ClientExchange) (int, wire.Fields, string) {
	t.Helper()
	defer x.Reset(nil)
	status, fields, err := x.Response(t.Context())
	assert.NoError(t, err)
	var b strings.Builder
	buf := make([]byte, 1000)
	for {
		n, err := x.Read(t.Context(), buf)
		b.Write(buf[:n])
		if err == io.EOF {
			return status, fields, b.String()
		}
		assert.NoError(t, err)
	}
}

func TestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			text, err := readAll(ctx, x)
			assert.NoError(t, err)
			fields := wire.Fields{{Name: "x-path", Value: x.Request().Path + "?" + x.Request().RawQuery}, {Name: "x-length", Value: x.Request().Fields.Get("content-length")}}
			for _, f := range x.Request().Fields {
				if f.Name == "x-bird" {
					fields = append(fields, f)
				}
				assert.True(t, f.Name != "accept-encoding", "nothing is asked for on the caller's behalf")
			}
			x.Respond(299, fields)
			x.Write(ctx, []byte(text))
			x.End(nil, nil)
		})))
		c := r.client()
		for _, text := range []string{"hello", "", strings.Repeat("x", 300_000)} {
			x := post(t, t.Context(), c, "/a%2Fb/c", text)
			status, fields, got := body(t, x)
			assert.Equal(t, status, 299)
			assert.Equal(t, fields.Get("x-path"), "/a%2Fb/c?")
			assert.True(t, got == text, "the text comes back")
			birds := ""
			for _, f := range fields {
				if f.Name == "x-bird" {
					birds += f.Value + " "
				}
			}
			assert.Equal(t, birds, "curlew whimbrel ")
			assert.Equal(t, x.Peer().Addr.String(), "here")
		}
	})
}

// TestClientKeepsConnections: one after the other takes one connection, n at
// the same time take n, and no more than the limit.
func TestClientKeepsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		peers := make(map[string]bool)
		release := make(chan struct{})
		close(release)
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			mu.Lock()
			peers[x.Request().Peer.Addr.String()] = true
			mu.Unlock()
			<-release
			answer(x, 200, "")
		})))
		c := r.client(wire.Limits{MaxStreams: 3})
		for range 10 {
			body(t, post(t, t.Context(), c, "/", ""))
		}
		assert.Equal(t, len(peers), 1)
		assert.Equal(t, c.Capacity(), 3)

		release = make(chan struct{})
		over := make(chan struct{})
		for range 5 {
			x := post(t, t.Context(), c, "/", "")
			go func() {
				body(t, x)
				over <- struct{}{}
			}()
		}
		assert.Equal(t, c.Capacity(), 0)
		synctest.Wait()
		assert.Equal(t, len(peers), 3, "connections")
		close(release)
		for range 5 {
			<-over
		}
	})
}

// TestClientStreams: a request of unknown length goes out while it is written,
// beside the response.
func TestClientStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			x.Flush()
			buf := make([]byte, 100)
			for {
				n, err := x.Read(ctx, buf)
				x.Write(ctx, buf[:n])
				x.Flush()
				if err != nil {
					x.End(nil, wire.Fields{{Name: "x-end", Value: "now"}})
					return
				}
			}
		})))
		c := r.client()
		for range 2 {
			x, err := c.Do(t.Context(), &wire.HTTPRequest{
				Method: "POST", Authority: "here", Path: "/", Length: -1, Fields: wire.Fields{{Name: "te", Value: "trailers"}},
			})
			assert.NoError(t, err)
			defer x.Reset(nil)
			buf := make([]byte, 100)
			for _, word := range []string{"one", "two", "three"} {
				_, err := x.Write(t.Context(), []byte(word))
				assert.NoError(t, err)
				_, _, err = x.Response(t.Context())
				assert.NoError(t, err)
				n, err := x.Read(t.Context(), buf)
				assert.NoError(t, err)
				assert.Equal(t, string(buf[:n]), word)
			}
			assert.NoError(t, x.CloseWrite())
			_, err = x.Read(t.Context(), buf)
			assert.Equal(t, err, io.EOF)
			assert.Equal(t, x.Trailers(), wire.Fields{{Name: "x-end", Value: "now"}})
		}
	})
}

// TestClientStreamNotWanted: a server that answers early ends the writing.
func TestClientStreamNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 403, "no") }))).client()
		x, err := c.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Authority: "here", Path: "/", Length: -1})
		assert.NoError(t, err)
		defer x.Reset(nil)
		for err == nil {
			_, err = x.Write(t.Context(), make([]byte, 10_000))
		}
		assert.ErrorIs(t, err, io.EOF)
		status, _, err := x.Response(t.Context())
		if err == nil { // it may also have seen the connection's end first
			assert.Equal(t, status, 403)
		}
	})
}

// TestClientProgress: an error tells how far the call has come, and whose it is.
func TestClientProgress(t *testing.T) {
	gone := errors.New("gone")
	type want struct {
		code     curlew.Code
		origin   curlew.Origin
		progress curlew.Progress
	}
	for name, test := range map[string]struct {
		serve func(ctx context.Context, x wire.Exchange)
		act   func(c wire.HTTPTransport, x wire.ClientExchange, cancel context.CancelCauseFunc)
		want  want
	}{
		"the server resets": {
			func(_ context.Context, x wire.Exchange) { x.Reset(gone) }, nil,
			want{curlew.Unavailable, curlew.OriginTransport, curlew.MaybeSent},
		},
		"the caller cancels": {
			func(ctx context.Context, _ wire.Exchange) { <-ctx.Done() },
			func(_ wire.HTTPTransport, _ wire.ClientExchange, cancel context.CancelCauseFunc) { cancel(gone) },
			want{curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent},
		},
		"it is reset": {
			func(ctx context.Context, _ wire.Exchange) { <-ctx.Done() },
			func(_ wire.HTTPTransport, x wire.ClientExchange, _ context.CancelCauseFunc) {
				x.Reset(curlew.NewError(curlew.Aborted, "x"))
			},
			want{curlew.Aborted, curlew.OriginLocal, curlew.MaybeSent},
		},
		"the transport is closed": {
			func(ctx context.Context, _ wire.Exchange) { <-ctx.Done() },
			func(c wire.HTTPTransport, _ wire.ClientExchange, _ context.CancelCauseFunc) { c.Close(nil) },
			want{curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, h1.New(serves(test.serve))).client()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				x := post(t, ctx, c, "/", "")
				defer x.Reset(nil)
				if test.act != nil {
					go func() {
						<-after(time.Second)
						test.act(c, x, cancel)
					}()
				}
				_, _, err := x.Response(t.Context())
				e := assert.ErrorAs[*curlew.Error](t, err)
				assert.Equal(t, want{e.Code(), e.Origin(), e.Progress()}, test.want, err)
			})
		})
	}
}

// TestClientReadEnds: a Read that its context ends abandons the exchange.
func TestClientReadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan error, 1)
		c := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			x.Flush()
			<-ctx.Done()
			left <- context.Cause(ctx)
		}))).client()
		x := post(t, t.Context(), c, "/", "")
		defer x.Reset(nil)
		_, _, err := x.Response(t.Context())
		assert.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = x.Read(ctx, make([]byte, 1))
		assert.ErrorIs(t, err, curlew.DeadlineExceeded)
		assert.ErrorIs(t, <-left, curlew.Canceled)
	})
}

// TestClientSurvivesClosedConnections: a connection that the server has closed
// meanwhile, gracefully, costs no call.
func TestClientSurvivesClosedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") })))
		c := r.client()
		for range 3 {
			body(t, post(t, t.Context(), c, "/", "x"))
			<-after(time.Hour)
		}
	})
}

// TestClientWhoseFirstConnectionWaited: the connection that Dial made is
// closed by the server if nobody uses it.
func TestClientWhoseFirstConnectionWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") })), wire.Limits{Handshake: 3 * time.Second})
		c := r.client()
		<-after(time.Minute)
		body(t, post(t, t.Context(), c, "/", "x"))
	})
}

func TestClientWithoutServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") })))
		c := r.client()
		body(t, post(t, t.Context(), c, "/", "x"))
		r.source.Close()
		<-r.served
		x := post(t, t.Context(), c, "/", "x")
		_, _, err := x.Response(t.Context())
		x.Reset(nil)
		e := assert.ErrorAs[*curlew.Error](t, err)
		assert.Equal(t, e.Code(), curlew.Unavailable)
		assert.Equal(t, e.Progress(), curlew.NotSent)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Contains(t, err.Error(), "here")
		<-c.Draining()
		assert.Equal(t, c.Capacity(), 0)
		_, err = c.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Authority: "here", Path: "/"})
		assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent)

		_, err = h1.Dial(t.Context(), r.remote())
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestClientClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") })))
		c := r.client()
		body(t, post(t, t.Context(), c, "/", "x"))
		why := curlew.NewError(curlew.Unavailable, "the client was closed")
		assert.NoError(t, c.Close(why))
		assert.NoError(t, c.Close(nil))
		<-c.Draining()
		_, err := c.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Authority: "here", Path: "/"})
		assert.Contains(t, err.Error(), "the client was closed")
	})
}

func TestClientMisused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") }))).client()
		_, err := c.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Authority: "here", Path: "/%zz"})
		assert.ErrorIs(t, err, curlew.InvalidArgument)
		x, err := c.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Authority: "here", Path: "/", Length: 3})
		assert.NoError(t, err)
		x.Write(t.Context(), []byte("four"))
		assert.Contains(t, x.CloseWrite().Error(), "3 bytes was announced, 4 were written")
		x.Reset(nil)
	})
}

// TestClientDialBrokenOff: who waits for a connection need not wait for ever,
// and has sent nothing.
func TestClientDialBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") })))
		remote := r.remote()
		first := true
		remote.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if first {
				first = false
				return r.network.DialContext(ctx, network, address)
			}
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		c, err := h1.Dial(t.Context(), remote)
		assert.NoError(t, err)
		defer c.Close(nil)
		<-after(time.Minute) // the first connection is not fresh any more
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x := post(t, ctx, c, "/", "x")
		defer x.Reset(nil)
		_, _, err = x.Response(ctx)
		e := assert.ErrorAs[*curlew.Error](t, err)
		assert.Equal(t, e.Code(), curlew.DeadlineExceeded)
		assert.Equal(t, e.Progress(), curlew.NotSent)
		assert.Equal(t, e.Origin(), curlew.OriginLocal)
	})
}
