// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// asks makes a call through a cache and returns its reply.
func asks(handler curlew.Handler, m *curlew.Method, request any, opts ...curlew.CallOption) (string, error) {
	call, reply := new(curlew.Call), new(string)
	call.BeginClient(context.Background(), m, curlew.NewCallOptions(opts...), request, reply)
	err := handler(context.Background(), call)
	if err == nil {
		_, err = call.Reply()
	}
	call.End(err)
	return *reply, err
}

// counted answers with the number of the call.
func counted(err *error) curlew.Handler {
	n := 0
	return func(_ context.Context, call *curlew.Call) error {
		if n++; *err != nil {
			return *err
		}
		call.SetStream(&fakeStream{text: strconv.Itoa(n)})
		return nil
	}
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write, stream := methods()
		var failure error
		c := Cache{TTL: time.Second, StaleFor: time.Minute}.New(nil)
		handler := c.Interceptor()(counted(&failure))
		ask := func(want string, m *curlew.Method, request any, opts ...curlew.CallOption) {
			t.Helper()
			got, err := asks(handler, m, request, opts...)
			assert.NoError(t, err)
			assert.Equal(t, got, want)
		}
		ask("1", read, "a")
		ask("1", read, "a")
		ask("2", read, "b")
		ask("1", read, "a")
		ask("3", write, "a")
		ask("4", read, "a", curlew.WithHeader("authorization", "secret"))
		ask("5", read, struct{ f func() }{}) // cannot be expressed, and is not cached
		call, _ := clientCall(t.Context(), stream)
		assert.NoError(t, handler(t.Context(), call)) // 6
		<-time.After(time.Second)
		ask("1", read, "a")
		<-time.After(1)
		ask("7", read, "a")
		failure = unavailable()
		ask("7", read, "a")
		<-time.After(time.Minute)
		ask("7", read, "a") // stale
		_, err := asks(handler, read, "c")
		assert.ErrorIs(t, err, curlew.Unavailable)
		failure = curlew.NewError(curlew.NotFound, "gone")
		_, err = asks(handler, read, "a")
		assert.ErrorIs(t, err, curlew.NotFound)
		failure = unavailable()
		<-time.After(time.Second + 1)
		_, err = asks(handler, read, "a")
		assert.ErrorIs(t, err, curlew.Unavailable, "too old")
		s := c.Stats()
		assert.Equal(t, s.Hits, 5)
		assert.Equal(t, s.Stale, 1)
		assert.Equal(t, s.Misses, 3)
	})
}

func TestCacheIsBounded(t *testing.T) {
	read, _, _ := methods()
	var failure error
	c := Cache{TTL: time.Hour, MaxBytes: 8 * (answerOverhead + 40)}.New(nil)
	handler := c.Interceptor()(counted(&failure))
	for i := range 100 {
		asks(handler, read, "first")
		asks(handler, read, fmt.Sprint("other ", i))
	}
	got, _ := asks(handler, read, "first")
	assert.Equal(t, got, "1", "what is used stays")
	s := c.Stats()
	assert.True(t, s.Bytes <= 8*(answerOverhead+40) && s.Answers >= 7, s)
	got, _ = asks(handler, read, "other 0")
	assert.Equal(t, got, "102", "what was not used for longest has gone")
	asks(handler, read, strings.Repeat("large", 1000))
	got, _ = asks(handler, read, strings.Repeat("large", 1000))
	assert.Equal(t, got, "104", "what is too large is not kept")
	assert.Equal(t, c.bytes, c.Stats().Bytes)
}

func TestCacheOnAServer(t *testing.T) {
	read := curlew.NewMethod("Shop/Look", curlew.KindUnary, curlew.NoSideEffects)
	user := func(call *curlew.Call, request []byte) (string, bool) {
		name, ok := call.Header().Lookup("user")
		return name + "/" + string(request), ok
	}
	c := Cache{}.New(user)
	n := int64(0)
	next := func(_ context.Context, call *curlew.Call) error { n++; return call.SetReply(wrapperspb.Int64(n)) }
	handler := c.Interceptor()(next)
	ask := func(handler curlew.Handler, header ...string) int64 {
		h := curlew.NewHeader(header...)
		call := new(curlew.Call)
		call.BeginServer(t.Context(), read, &h, nil, &fakeStream{})
		call.SetRequest(wrapperspb.String("a"))
		assert.NoError(t, handler(t.Context(), call))
		reply, err := call.Reply()
		assert.NoError(t, err)
		return reply.(*wrapperspb.Int64Value).Value
	}
	assert.Equal(t, ask(handler, "user", "ann"), 1)
	assert.Equal(t, ask(handler, "user", "bob"), 2)
	assert.Equal(t, ask(handler, "user", "ann"), 1)
	assert.Equal(t, ask(handler), 3)
	assert.Equal(t, ask(handler), 4)
	unkeyed := Cache{}.New(nil).Interceptor()(next)
	assert.Equal(t, ask(unkeyed), 5)
	assert.Equal(t, ask(unkeyed), 6, "without a key function nothing is shared between callers")
}

func TestCacheOfManyCallers(t *testing.T) {
	read, _, _ := methods()
	handler := Cache{TTL: time.Microsecond, StaleFor: time.Microsecond, MaxBytes: 10_000}.New(nil).Interceptor()(answers("x", 0))
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for i := range 300 {
				if got, err := asks(handler, read, strconv.Itoa(i%20)); got != "x" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
	callers.Wait()
	for _, bad := range []Cache{{TTL: -1}, {StaleFor: -1}, {MaxBytes: -1}, {Codes: CodesOf(curlew.Unavailable)}} {
		assert.True(t, bad.Check() != nil, bad)
	}
	assert.NoError(t, Cache{}.Check())
}

func TestFallback(t *testing.T) {
	read, _, _ := methods()
	fallback := Fallback(func(_ context.Context, call *curlew.Call, err error) error {
		if errors.Is(err, curlew.NotFound) {
			return err
		}
		lesser := "lesser"
		return call.SetReply(&lesser)
	})
	var failure error
	handler := fallback(counted(&failure))
	got, err := asks(handler, read, "a")
	assert.NoError(t, err)
	assert.Equal(t, got, "1")
	failure = unavailable()
	got, err = asks(handler, read, "a")
	assert.NoError(t, err)
	assert.Equal(t, got, "lesser")
	failure = curlew.NotFound
	_, err = asks(handler, read, "a")
	assert.ErrorIs(t, err, curlew.NotFound)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failure = curlew.Canceled
	call, _ := clientCall(ctx, read)
	assert.ErrorIs(t, handler(ctx, call), curlew.Canceled)
}

func TestMapErrors(t *testing.T) {
	_, write, _ := methods()
	rules := MapErrors(
		ErrorRule{Is: io.ErrUnexpectedEOF, Code: curlew.DataLoss},
		ErrorRule{Is: io.EOF, Code: curlew.NotFound, Message: "no such thing"},
		ErrorRule{Is: curlew.Unknown, Code: curlew.Internal, Message: "an error"},
	)
	for _, test := range []struct {
		err  error
		code curlew.Code
		text string
	}{
		{nil, curlew.OK, ""},
		{fmt.Errorf("read: %w", io.EOF), curlew.NotFound, "no such thing"},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), curlew.DataLoss, "read: unexpected EOF"},
		{curlew.NewError(curlew.Unknown, "secret"), curlew.Internal, "an error"},
		{curlew.NewError(curlew.Aborted, "again"), curlew.Aborted, "again"},
	} {
		err := rules(func(context.Context, *curlew.Call) error { return test.err })(t.Context(), serverCall(t.Context(), write, curlew.NewHeader()))
		assert.Equal(t, curlew.CodeOf(err), test.code)
		if test.err != nil {
			assert.Equal(t, curlew.ErrorOf(err).Message(), test.text)
			assert.ErrorIs(t, err, test.err, "the cause is still found")
		}
	}
	refused := curlew.NewError(curlew.Unknown, "x").WithProgress(curlew.Refused).WithOrigin(curlew.OriginTransport)
	err := curlew.ErrorOf(rules(func(context.Context, *curlew.Call) error { return refused })(t.Context(), nil))
	assert.Equal(t, err.Progress(), curlew.Refused)
	assert.Equal(t, err.Origin(), curlew.OriginTransport)
}
