// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

var (
	chat   = curlew.NewMethod("Chat/Talk", curlew.KindBidi)
	upload = curlew.NewMethod("Files/Upload", curlew.KindClientStream)
	unary  = curlew.NewMethod("Greeter/Hello", curlew.KindUnary)
)

// ending notes how often and how calls ended.
type ending struct {
	times int
	err   error
}

func (e *ending) interceptor(next curlew.Handler) curlew.Handler {
	return func(ctx context.Context, call *curlew.Call) error {
		call.OnEnd(func(err error) { e.times, e.err = e.times+1, err })
		return next(ctx, call)
	}
}

// openStream opens a stream and returns how its call ends.
func openStream(t *testing.T, ctx context.Context, n *network, m *curlew.Method, opts ...curlew.CallOption) (*Client, curlew.Stream, *ending) {
	t.Helper()
	e := new(ending)
	c := dial(t, n, "a:1", WithInterceptors(e.interceptor))
	s, err := c.Open(ctx, m, opts...)
	assert.NoError(t, err)
	return c, s, e
}

// released fails unless no call is on the network's session any more.
func released(t *testing.T, c *Client, n *network) {
	t.Helper()
	synctest.Wait()
	assert.Equal(t, len(n.session(0).room), 0, "calls on the session")
	for _, p := range c.cluster.pools {
		for _, conn := range *p.conns.Load() {
			assert.Equal(t, conn.calls.count(), 0, "calls on the connection")
			assert.Equal(t, conn.opening.Load(), 0)
		}
	}
}

func send(t *testing.T, s curlew.Stream, texts ...string) {
	t.Helper()
	for _, text := range texts {
		assert.NoError(t, s.Send(t.Context(), &text))
	}
}

func TestStreamToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var header, trailer curlew.Header
		var peer curlew.Peer
		n := new(network)
		c, s, e := openStream(t, t.Context(), n, chat, curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer), curlew.CapturePeer(&peer))
		send(t, s, "one", "two")
		assert.NoError(t, s.CloseSend())
		var got string
		assert.NoError(t, s.Receive(t.Context(), &got))
		assert.NoError(t, s.Receive(t.Context(), &got))
		assert.Equal(t, got, "two")
		assert.Equal(t, e.times, 0)
		for range 2 {
			assert.True(t, s.Receive(t.Context(), &got) == io.EOF)
		}
		assert.Equal(t, *e, ending{1, nil})
		assert.Equal(t, header.Get("server"), "a:1")
		assert.Equal(t, trailer.Get("ended"), "yes")
		assert.Equal(t, peer.Protocol, "fake")
		assert.Equal(t, s.Trailer().Get("ended"), "yes")
		released(t, c, n)
		assert.NoError(t, s.Close())
		assert.Equal(t, e.times, 1)
		for _, stop := range s.(*stream).stops {
			assert.True(t, !stop(), "no watch is left on a context")
		}
	})
}

func TestStreamFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		c, s, e := openStream(t, t.Context(), n, chat)
		send(t, s, "fail")
		var got string
		for range 2 {
			assert.ErrorIs(t, s.Receive(t.Context(), &got), curlew.DataLoss)
		}
		assert.Equal(t, e.times, 1)
		assert.ErrorIs(t, e.err, curlew.DataLoss)
		released(t, c, n)
	})
}

func TestOneReplyEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		c, s, e := openStream(t, t.Context(), n, upload)
		send(t, s, "total")
		var got string
		assert.NoError(t, s.Receive(t.Context(), &got))
		assert.Equal(t, got, "total")
		assert.Equal(t, *e, ending{1, nil})
		released(t, c, n)
		assert.True(t, s.Receive(t.Context(), &got) == io.EOF)
	})
}

func TestStreamGivenUp(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(s curlew.Stream, cancel context.CancelFunc, c *Client)
		code curlew.Code
		text string
	}{
		{"closed", func(s curlew.Stream, _ context.CancelFunc, _ *Client) { s.Close() }, curlew.Canceled, "caller closed"},
		{"canceled", func(_ curlew.Stream, cancel context.CancelFunc, _ *Client) { cancel() }, curlew.Canceled, "Chat/Talk"},
		{"deadline", func(curlew.Stream, context.CancelFunc, *Client) { pass(time.Minute) }, curlew.DeadlineExceeded, "Chat/Talk"},
		{"client closed", func(_ curlew.Stream, _ context.CancelFunc, c *Client) { c.Close() }, curlew.Canceled, "client is closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				n := new(network)
				c, s, e := openStream(t, ctx, n, chat)
				received := make(chan error, 1)
				go func() { received <- s.Receive(t.Context(), new(string)) }()
				synctest.Wait()
				test.end(s, cancel, c)
				err := <-received
				assert.ErrorIs(t, err, test.code)
				assert.Contains(t, err.Error(), test.text)
				text := "late"
				assert.True(t, s.Send(t.Context(), &text) == io.EOF, "Send after the end")
				synctest.Wait()
				assert.Equal(t, e.times, 1)
				assert.ErrorIs(t, e.err, test.code)
				released(t, c, n)
			})
		})
	}
}

func TestReceiveGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		_, s, e := openStream(t, t.Context(), n, chat)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var got string
		assert.ErrorIs(t, s.Receive(ctx, &got), context.DeadlineExceeded)
		send(t, s, "still here")
		assert.NoError(t, s.Receive(t.Context(), &got))
		assert.Equal(t, got, "still here")
		assert.Equal(t, e.times, 0)
		assert.NoError(t, s.Close())
		assert.ErrorIs(t, s.Send(t.Context(), nil), curlew.InvalidArgument)
		assert.ErrorIs(t, s.Receive(t.Context(), nil), curlew.InvalidArgument)
	})
}

func TestOpenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e ending
		n := &network{refuse: func(*session, *curlew.Call) error { return curlew.PermissionDenied }}
		c := dial(t, n, "a:1", WithInterceptors(e.interceptor))
		_, err := c.Open(t.Context(), chat)
		assert.ErrorIs(t, err, curlew.PermissionDenied)
		assert.Equal(t, e.times, 1)
		released(t, c, n)

		c = dial(t, n, "a:1", WithInterceptors(func(curlew.Handler) curlew.Handler {
			return func(context.Context, *curlew.Call) error { return nil }
		}))
		_, err = c.Open(t.Context(), chat)
		assert.ErrorIs(t, err, curlew.Internal)
		assert.Contains(t, err.Error(), "without a stream")
	})
}

func TestUnaryCallAsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var trailer curlew.Header
		n := &network{serve: func(_ context.Context, _ *session, call *curlew.Call) (any, error) {
			request, err := call.Request()
			if text := *request.(*string); text == "fail" {
				return nil, curlew.NotFound
			}
			reply := "hello " + *request.(*string)
			return &reply, err
		}}
		c, s, e := openStream(t, t.Context(), n, unary, curlew.CaptureTrailer(&trailer))
		send(t, s, "Ada")
		assert.NoError(t, s.CloseSend())
		h, err := s.Header(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, h.Get("server"), "a:1")
		var got string
		assert.NoError(t, s.Receive(t.Context(), &got))
		assert.Equal(t, got, "hello Ada")
		assert.True(t, s.Receive(t.Context(), &got) == io.EOF)
		assert.Equal(t, *e, ending{1, nil})
		assert.Equal(t, trailer.Get("ended"), "yes")
		assert.ErrorIs(t, s.Send(t.Context(), &got), io.EOF)
		assert.True(t, !s.(*unaryStream).stop(), "no watch is left on a context")
		released(t, c, n)

		_, s, e = openStream(t, t.Context(), n, unary)
		fail := "fail"
		assert.True(t, s.Send(t.Context(), &fail) == io.EOF)
		assert.ErrorIs(t, s.Receive(t.Context(), &got), curlew.NotFound)
		assert.Equal(t, e.times, 1)

		// Answered, but never received.
		for _, give := range []func(curlew.Stream, context.CancelFunc){
			func(_ curlew.Stream, cancel context.CancelFunc) { cancel() },
			func(s curlew.Stream, _ context.CancelFunc) { s.Close() },
		} {
			ctx, cancel := context.WithCancel(t.Context())
			n := new(network)
			c, s, e = openStream(t, ctx, n, unary)
			send(t, s, "Bob")
			give(s, cancel)
			synctest.Wait()
			assert.Equal(t, e.times, 1)
			released(t, c, n)
			cancel()
		}
	})
}

func TestUnaryStreamAnsweredByInterceptor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, new(network), "a:1", WithInterceptors(func(curlew.Handler) curlew.Handler {
			return func(_ context.Context, call *curlew.Call) error {
				cached := "from the cache"
				return call.SetReply(&cached)
			}
		}))
		s, err := c.Open(t.Context(), unary)
		assert.NoError(t, err)
		send(t, s, "Ada")
		var got string
		assert.NoError(t, s.Receive(t.Context(), &got))
		assert.Equal(t, got, "from the cache")

		reply, err := hello(t.Context(), c)
		assert.NoError(t, err)
		assert.Equal(t, reply, "from the cache")
	})
}
