// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/policy"
)

func TestCallByName(t *testing.T) {
	type args struct{ A, B int }
	synctest.Test(t, func(t *testing.T) {
		var seen *curlew.Call
		n := &network{serve: func(_ context.Context, _ *session, call *curlew.Call) (any, error) {
			seen = call
			return new(string), nil
		}}
		c := dial(t, n, "a:1")
		for _, given := range []any{args{7, 8}, &args{7, 8}} {
			var reply string
			assert.NoError(t, c.Call(t.Context(), "shop.Arith.Multiply", given, &reply))
			request, err := seen.Request()
			assert.NoError(t, err)
			assert.Equal(t, *request.(*args), args{7, 8})
			assert.Equal(t, seen.Method().FullName(), "shop.Arith/Multiply")
			assert.Equal(t, seen.Method().RequestType().Name(), "args")
			assert.Equal(t, seen.Method().ReplyType().Name(), "string")
		}
		first := seen.Method()
		assert.NoError(t, c.Call(t.Context(), "shop.Arith.Multiply", args{}, new(string)))
		assert.True(t, first == seen.Method(), "a method is remembered")
		assert.NoError(t, c.Notify(t.Context(), "Log.Write", 7))
		assert.True(t, seen.Options().OneWay)
		request, _ := seen.Request()
		assert.Equal(t, *request.(*int), 7)
		released(t, c, n)
	})
}

func TestBadCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		c := dial(t, n, "a:1")
		unary := curlew.NewMethod("S/M", curlew.KindUnary)
		bidi := curlew.NewMethod("S/Chat", curlew.KindBidi)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		s := new(string)
		open := func(ctx context.Context, m *curlew.Method) error {
			_, err := c.Open(ctx, m)
			return err
		}
		for _, test := range []struct {
			name string
			err  error
			code curlew.Code
			text string
		}{
			{"nil arguments", c.Call(t.Context(), "S.M", nil, s), curlew.InvalidArgument, "arguments are nil"},
			{"nil pointer", c.Call(t.Context(), "S.M", (*string)(nil), s), curlew.InvalidArgument, "arguments are nil"},
			{"nil reply", c.Call(t.Context(), "S.M", s, nil), curlew.InvalidArgument, "reply is nil"},
			{"nil reply pointer", c.Call(t.Context(), "S.M", s, (*string)(nil)), curlew.InvalidArgument, "reply is nil"},
			{"reply by value", c.Call(t.Context(), "S.M", s, ""), curlew.InvalidArgument, "pass a pointer"},
			{"no name", c.Call(t.Context(), "", s, s), curlew.InvalidArgument, "not the name of a method"},
			{"no method", c.Call(t.Context(), "S/", s, s), curlew.InvalidArgument, "not the name of a method"},
			{"nil method", c.Invoke(t.Context(), nil, s, s), curlew.InvalidArgument, "method is nil"},
			{"nil request", c.Invoke(t.Context(), unary, nil, s), curlew.InvalidArgument, "request is nil"},
			{"stream by Invoke", c.Invoke(t.Context(), bidi, s, s), curlew.InvalidArgument, "use Open"},
			{"nil method of Open", open(t.Context(), nil), curlew.InvalidArgument, "method is nil"},
			{"ended context", c.Call(gone, "S.M", s, s), curlew.Canceled, "was not sent"},
			{"ended context of Open", open(gone, bidi), curlew.Canceled, "was not sent"},
			{"bad header", c.Call(t.Context(), "S.M", s, s, curlew.WithHeader("a b", "c")), curlew.InvalidArgument, "a b"},
			{"large header", c.Call(t.Context(), "S.M", s, s, curlew.WithHeader("a", strings.Repeat("x", 1<<20))), curlew.ResourceExhausted, "MaxHeader"},
		} {
			e := assert.ErrorAs[*curlew.Error](t, test.err, test.name)
			assert.Equal(t, e.Code(), test.code, test.name)
			assert.Equal(t, e.Progress(), curlew.NotSent, test.name)
			assert.Equal(t, e.Origin(), curlew.OriginLocal, test.name)
			assert.Contains(t, e.Error(), test.text, test.name)
		}
		assert.NoError(t, c.Close())
		_, err := hello(t.Context(), c)
		assert.ErrorIs(t, err, curlew.Canceled)
		assert.Contains(t, err.Error(), "client is closed")
		assert.ErrorIs(t, open(t.Context(), bidi), curlew.Canceled)
		assert.ErrorIs(t, c.Connect(t.Context()), curlew.Canceled)
	})
}

func TestErrorsKeepTheirFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		divide := curlew.NewError(curlew.Unknown, "divide by zero").WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
		n := &network{serve: func(context.Context, *session, *curlew.Call) (any, error) { return nil, divide }}
		c := dial(t, n, "a:1")
		_, err := hello(t.Context(), c)
		assert.True(t, err == error(divide), "the server's error is not wrapped")
		assert.ErrorIs(t, c.Notify(t.Context(), "Log.Write", "x"), curlew.Unknown)
		released(t, c, n)
		assert.Equal(t, err.Error(), "divide by zero")

		plain := dial(t, new(network), "a:1", WithInterceptors(func(curlew.Handler) curlew.Handler {
			return func(context.Context, *curlew.Call) error { return errors.New("plain") }
		}))
		_, err = hello(t.Context(), plain)
		assert.Equal(t, assert.ErrorAs[*curlew.Error](t, err).Code(), curlew.Unknown)
	})
}

func TestCapture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := false
		n := &network{serve: func(context.Context, *session, *curlew.Call) (any, error) {
			if fails {
				return nil, curlew.NotFound
			}
			return new(string), nil
		}}
		c := dial(t, n, "a:1")
		for _, fails = range []bool{false, true} {
			var header, trailer curlew.Header
			var peer curlew.Peer
			_, err := hello(t.Context(), c, curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer), curlew.CapturePeer(&peer))
			assert.Equal(t, err != nil, fails)
			assert.Equal(t, header.Get("server"), "a:1")
			assert.Equal(t, trailer.Get("ended"), "yes")
			assert.Equal(t, peer.String(), "a:1")
		}
	})
}

func TestTimeouts(t *testing.T) {
	rules, err := policy.New(policy.Rules{
		Services: map[string]policy.Method{"Slow": {Timeout: 20 * time.Second}},
		Methods:  map[string]policy.Method{"Slow/Endless": {Timeout: policy.Unlimited}},
	})
	assert.NoError(t, err)
	for _, test := range []struct {
		name, method string
		deadline     time.Duration // the caller's; 0 is none
		want         time.Duration // 0 is no deadline
	}{
		{"default", "Greeter.Hello", 0, 5 * time.Second},
		{"service", "Slow.Job", 0, 20 * time.Second},
		{"unlimited method", "Slow.Endless", 0, 0},
		{"caller's earlier", "Slow.Job", time.Second, time.Second},
		{"caller's later", "Slow.Job", time.Minute, 20 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{serve: func(ctx context.Context, _ *session, _ *curlew.Call) (any, error) {
					if _, ok := ctx.Deadline(); !ok {
						return new(string), nil
					}
					<-ctx.Done()
					return nil, contextError(ctx, "waiting").WithProgress(curlew.MaybeSent)
				}}
				c := dial(t, n, "a:1", WithDefaultTimeout(5*time.Second), WithPolicy(rules))
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				begun := time.Now()
				err := c.Call(ctx, test.method, "x", new(string))
				assert.Equal(t, time.Since(begun), test.want)
				if test.want == 0 {
					assert.NoError(t, err)
					return
				}
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				if test.want != test.deadline {
					assert.Contains(t, err.Error(), "the client's timeout of "+test.want.String())
				}
			})
		})
	}
}

func TestSizesFromPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules, err := policy.New(policy.Rules{Default: policy.Method{MaxReceive: 10, MaxSend: 20}})
		assert.NoError(t, err)
		var seen curlew.CallOptions
		n := &network{serve: func(_ context.Context, _ *session, call *curlew.Call) (any, error) {
			seen = *call.Options()
			return new(string), nil
		}}
		c := dial(t, n, "a:1", WithPolicy(rules))
		_, err = hello(t.Context(), c, func(o *curlew.CallOptions) { o.MaxSend = 5 })
		assert.NoError(t, err)
		assert.Equal(t, seen.MaxReceive, 10)
		assert.Equal(t, seen.MaxSend, 5)
	})
}

func TestMethodCacheIsBounded(t *testing.T) {
	var c methodCache
	for i := range maxMethods + 10 {
		_, err := c.method("S.M"+strconv.Itoa(i), new(string), nil)
		assert.NoError(t, err)
		assert.True(t, len(*c.known.Load()) <= maxMethods)
	}
	assert.Equal(t, len(*c.known.Load()), 10)
}
