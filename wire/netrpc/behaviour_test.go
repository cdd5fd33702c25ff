// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// held is a handler that says when it begins and ends when it is let.
type held struct {
	began   chan string
	release chan struct{}
}

func newHeld() *held { return &held{make(chan string, 100), make(chan struct{})} }

func (h *held) service() *curlew.Service {
	return unary(func(ctx context.Context, in *string) (*string, error) {
		h.began <- *in
		select {
		case <-h.release:
			return in, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	})
}

// invoke calls Test/Do with a string.
func invoke(ctx context.Context, s wire.Session, in string, opts ...curlew.CallOption) (string, error) {
	out := ""
	err := wire.NewCaller(s).Invoke(ctx, do[string, string](), &in, &out, opts...)
	return out, err
}

func facts(t *testing.T, err error, code curlew.Code, origin curlew.Origin, progress curlew.Progress) *curlew.Error {
	t.Helper()
	e := assert.ErrorAs[*curlew.Error](t, err)
	assert.Equal(t, e.Code(), code, e)
	assert.Equal(t, e.Origin(), origin, e)
	assert.Equal(t, e.Progress(), progress, e)
	return e
}

// moody's methods do what the test wants.
type moody struct{ mood string }

func (m *moody) GobEncode() ([]byte, error) {
	switch m.mood {
	case "fail to leave":
		return nil, errors.New("not today")
	case "panic to leave":
		panic("swordfish")
	case "exit while leaving":
		runtime.Goexit()
	}
	return []byte(m.mood), nil
}

func (m *moody) GobDecode(b []byte) error {
	switch m.mood = string(b); m.mood {
	case "fail to arrive":
		return errors.New("not here")
	case "panic to arrive":
		panic("swordfish")
	case "exit while arriving":
		runtime.Goexit()
	}
	return nil
}

type Bag struct {
	Before []string
	Mood   *moody
}

// TestMessagesThatFail: whatever goes wrong with one message, on whichever side,
// the connection goes on.
func TestMessagesThatFail(t *testing.T) {
	w := serve(t, wire.Limits{}, unary(func(_ context.Context, in *Bag) (*Bag, error) {
		if mood, ok := strings.CutPrefix(in.Mood.mood, "return "); ok {
			return &Bag{Mood: &moody{mood}}, nil
		}
		return in, nil
	}))
	s := w.session(wire.Limits{})
	call := func(mood string) error {
		return wire.NewCaller(s).Invoke(t.Context(), do[Bag, Bag](), &Bag{[]string{"x"}, &moody{mood}}, new(Bag))
	}
	for range 2 {
		e := facts(t, call("fail to leave"), curlew.InvalidArgument, curlew.OriginLocal, curlew.NotSent)
		assert.Contains(t, e.Message(), "not today")
		facts(t, call("panic to leave"), curlew.Internal, curlew.OriginLocal, curlew.NotSent)
		e = facts(t, call("fail to arrive"), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		assert.Contains(t, e.Message(), "not here")
		facts(t, call("panic to arrive"), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		e = facts(t, call("return fail to leave"), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		assert.Contains(t, e.Message(), "not today")
		e = facts(t, call("return panic to leave"), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		assert.True(t, !strings.Contains(e.Message(), "swordfish"), "what a panic tells stays here")
		e = facts(t, call("return fail to arrive"), curlew.Internal, curlew.OriginLocal, curlew.Answered)
		assert.Contains(t, e.Message(), "not here")
		facts(t, call("return panic to arrive"), curlew.Internal, curlew.OriginLocal, curlew.Answered)
		facts(t, call("exit while arriving"), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		facts(t, call("return exit while leaving"), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		exited := make(chan struct{})
		go func() {
			defer close(exited)
			_ = call("exit while leaving")
		}()
		<-exited
		assert.NoError(t, call("good"))
	}
	for _, logged := range []string{"panic in the decoding of *netrpc_test.Bag", "panic in the encoding of *netrpc_test.Bag", "swordfish", "GobEncode"} {
		assert.Contains(t, w.log.String(), logged)
	}
	assert.Equal(t, s.Capacity(), 1024, "no call holds a place")
}

func TestNilMessages(t *testing.T) {
	w := serve(t, wire.Limits{}, unary(echo[Args]))
	c := wire.NewCaller(w.session(wire.Limits{}))
	for _, in := range []any{nil, (*Args)(nil)} {
		facts(t, c.Invoke(t.Context(), do[Args, Args](), in, new(Args)), curlew.InvalidArgument, curlew.OriginLocal, curlew.NotSent)
	}
	for _, out := range []any{nil, (*Args)(nil), Args{}} {
		facts(t, c.Invoke(t.Context(), do[Args, Args](), new(Args), out), curlew.Internal, curlew.OriginLocal, curlew.Answered)
	}
	assert.NoError(t, c.Invoke(t.Context(), do[Args, Args](), new(Args), new(Args)))
}

func TestWhatIsNotCarried(t *testing.T) {
	w := serve(t, wire.Limits{}, unary(echo[string]))
	s := w.session(wire.Limits{})
	for _, m := range []*curlew.Method{
		curlew.ServerStream[string, string]("Test/Do", nil),
		curlew.ClientStream[string, string]("Test/Do", nil),
		curlew.BidiStream[string, string]("Test/Do", nil),
	} {
		_, err := wire.NewCaller(s).Open(t.Context(), m)
		assert.Contains(t, facts(t, err, curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent).Message(), "netrpc")
	}
	_, err := invoke(t.Context(), s, "x", curlew.WithCodec(raw.New()))
	assert.Contains(t, facts(t, err, curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent).Message(), "netrpc")
	// Metadata is dropped, compression ignored, and one-way waits.
	got, err := invoke(t.Context(), s, "x", curlew.WithHeader("bird", "curlew"), curlew.WithCompression("gzip"))
	assert.NoError(t, err)
	assert.Equal(t, got, "x")
	_, err = invoke(t.Context(), s, "x", curlew.OneWay())
	assert.NoError(t, err)

	r := w.remote()
	r.Codec = raw.New()
	_, err = newProtocol().Connect(t.Context(), r)
	facts(t, err, curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent)
}

func TestLimits(t *testing.T) {
	w := serve(t, wire.Limits{MaxReceive: 1000, MaxSend: 2000, MaxBuffered: 100_000}, unary(func(_ context.Context, n *int) (*string, error) {
		s := strings.Repeat("x", *n)
		return &s, nil
	}), curlew.NewService("Echo", curlew.Unary("Text", echo[string])))
	s := w.session(wire.Limits{MaxReceive: 1500, MaxSend: 200_000})
	c := wire.NewCaller(s)
	text := func(n int, opts ...curlew.CallOption) error {
		in := strings.Repeat("x", n)
		return c.Invoke(t.Context(), curlew.Unary[string, string]("Echo/Text", nil), &in, new(string), opts...)
	}
	assert.NoError(t, text(900))
	e := facts(t, text(1100), curlew.Unknown, curlew.OriginServer, curlew.Answered)
	assert.Contains(t, e.Message(), "more than the 1000 that MaxReceive allows")
	assert.NoError(t, text(900), "the connection goes on")
	assert.Contains(t, facts(t, text(201_000), curlew.ResourceExhausted, curlew.OriginLocal, curlew.NotSent).Message(), "MaxSend")
	assert.Contains(t, facts(t, text(50, func(o *curlew.CallOptions) { o.MaxSend = 10 }), curlew.ResourceExhausted, curlew.OriginLocal, curlew.NotSent).Message(), "10")

	reply := func(n int, opts ...curlew.CallOption) error {
		return c.Invoke(t.Context(), do[int, string](), &n, new(string), opts...)
	}
	assert.NoError(t, reply(1400))
	assert.Contains(t, facts(t, reply(1600), curlew.ResourceExhausted, curlew.OriginLocal, curlew.Answered).Message(), "1500")
	assert.NoError(t, reply(1600, func(o *curlew.CallOptions) { o.MaxReceive = 1700 }))
	assert.Contains(t, facts(t, reply(2500), curlew.Unknown, curlew.OriginServer, curlew.Answered).Message(), "2000")
	assert.NoError(t, text(900), "the connection goes on")

	// Too large to be read past: the error comes, and the connection ends.
	e = facts(t, text(150_000), curlew.Unknown, curlew.OriginServer, curlew.Answered)
	assert.Contains(t, e.Message(), "MaxReceive")
	<-s.Draining()
	assert.Equal(t, s.Capacity(), 0)
	facts(t, text(1), curlew.Unavailable, curlew.OriginTransport, curlew.NotSent)
}

func TestDeadlinesAndCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		w := serve(t, wire.Limits{}, h.service())
		s := w.session(wire.Limits{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := invoke(ctx, s, "late")
		facts(t, err, curlew.DeadlineExceeded, curlew.OriginLocal, curlew.MaybeSent)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(begin), time.Second)
		assert.Equal(t, s.Capacity(), 1024)

		left := errors.New("the user has left")
		canceled, quit := context.WithCancelCause(t.Context())
		go func() { <-h.began; <-h.began; quit(left) }()
		_, err = invoke(canceled, s, "unwanted")
		facts(t, err, curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent)
		assert.ErrorIs(t, err, left)

		_, err = invoke(canceled, s, "never sent")
		facts(t, err, curlew.Canceled, curlew.OriginLocal, curlew.NotSent)

		close(h.release) // the late replies come, and are dropped
		synctest.Wait()
		got, err := invoke(t.Context(), s, "next")
		assert.NoError(t, err)
		assert.Equal(t, got, "next")
	})
}

// TestBackPressure: a client with as many calls in flight as the server allows
// is not read from.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		w := serve(t, wire.Limits{MaxStreams: 3}, h.service())
		c := w.goClient()
		var calls []*rpc.Call
		for i := range 10 {
			in := fmt.Sprint(i)
			calls = append(calls, c.Go("Test.Do", &in, new(string), nil))
		}
		synctest.Wait()
		assert.Equal(t, len(h.began), 3)
		close(h.release)
		for i, call := range calls {
			<-call.Done
			assert.NoError(t, call.Error)
			assert.Equal(t, *call.Reply.(*string), fmt.Sprint(i))
		}
	})
}

// TestUndecodedRequestsAreBounded: requests that no handler has decoded wait in
// the client once they are more bytes than allowed.
func TestUndecodedRequestsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var began atomic.Int64
		lazy := curlew.NewService("Test", curlew.Unary("Do", echo[string]))
		w := serveWith(t, wire.Limits{MaxBuffered: 100_000}, func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				began.Add(1)
				<-release // the request is not decoded yet
				return next(ctx, call)
			}
		}, lazy)
		s := w.session(wire.Limits{})
		in := strings.Repeat("x", 30_000)
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				_, err := invoke(t.Context(), s, in)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		assert.Equal(t, began.Load(), int64(3))
		close(release)
		calls.Wait()
		assert.Equal(t, began.Load(), int64(10))
	})
}

func TestPlacesAtTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		w := serve(t, wire.Limits{}, h.service())
		s := w.session(wire.Limits{MaxStreams: 2})
		var running sync.WaitGroup
		for i := range 2 {
			running.Go(func() {
				_, err := invoke(t.Context(), s, fmt.Sprint(i))
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		assert.Equal(t, s.Capacity(), 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := invoke(ctx, s, "one too many")
		facts(t, err, curlew.DeadlineExceeded, curlew.OriginLocal, curlew.NotSent)
		close(h.release)
		running.Wait()
		_, err = invoke(t.Context(), s, "room again")
		assert.NoError(t, err)
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		w := serve(t, wire.Limits{}, h.service())
		busy, idle := w.session(wire.Limits{}), w.session(wire.Limits{})
		done := make(chan error, 1)
		go func() {
			_, err := invoke(t.Context(), busy, "in flight")
			done <- err
		}()
		<-h.began
		go func() {
			_, err := invoke(t.Context(), idle, "warm")
			done <- err
		}()
		<-h.began
		h.release <- struct{}{}
		h.release <- struct{}{}
		assert.NoError(t, <-done)
		assert.NoError(t, <-done)

		go func() {
			_, err := invoke(t.Context(), busy, "in flight")
			done <- err
		}()
		<-h.began
		w.source.Drain()
		<-idle.Draining()
		synctest.Wait()
		select {
		case <-busy.Draining():
			t.Error("the connection with a call in flight was closed")
		default:
		}
		close(h.release)
		assert.NoError(t, <-done)
		<-busy.Draining()
		_, err := invoke(t.Context(), busy, "too late")
		facts(t, err, curlew.Unavailable, curlew.OriginTransport, curlew.NotSent)
		assert.NoError(t, <-w.served)
		w.served <- nil
	})
}

func TestConnectionLost(t *testing.T) {
	for name, test := range map[string]struct {
		lose  func(w *world, s wire.Session, conn *mem.Conn)
		code  curlew.Code
		cause string
	}{
		"the client closes":   {func(_ *world, s wire.Session, _ *mem.Conn) { s.Close(nil) }, curlew.Canceled, "closed"},
		"the network resets":  {func(_ *world, _ wire.Session, c *mem.Conn) { c.SetFaults(mem.Faults{Cut: mem.CutReset}, mem.Faults{}) }, curlew.Unavailable, "reset"},
		"the network closes":  {func(_ *world, _ wire.Session, c *mem.Conn) { c.SetFaults(mem.Faults{Cut: mem.CutClose}, mem.Faults{}) }, curlew.Unavailable, "closed"},
		"the server is ended": {func(w *world, _ wire.Session, _ *mem.Conn) { w.source.Close() }, curlew.Unavailable, "listener"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				causes := make(chan error, 1)
				began := make(chan struct{})
				w := serve(t, wire.Limits{}, unary(func(ctx context.Context, _ *string) (*string, error) {
					close(began)
					<-ctx.Done()
					causes <- context.Cause(ctx)
					return nil, ctx.Err()
				}))
				conn := w.dial()
				r := w.remote()
				r.Dial = dialer(conn)
				s := connect(t, newProtocol(), r)
				done := make(chan error, 1)
				go func() {
					_, err := invoke(t.Context(), s, "x")
					done <- err
				}()
				<-began
				test.lose(w, s, conn)
				facts(t, <-done, test.code, curlew.OriginTransport, curlew.MaybeSent)
				assert.Contains(t, fmt.Sprint(<-causes), test.cause)
			})
		})
	}
}

func TestProgressOfUnsentCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe() // nobody reads at the far end
		r := &wire.Remote{Address: "somewhere", Dial: dialer(near)}
		s := connect(t, newProtocol(), r)
		large := strings.Repeat("x", 300_000)
		var errs [3]error
		var running sync.WaitGroup
		for i := range errs {
			running.Go(func() { _, errs[i] = invoke(t.Context(), s, large) })
			synctest.Wait() // the first call is half written, the second waits behind it, the third for room
		}
		far.Reset()
		running.Wait()
		facts(t, errs[0], curlew.Unavailable, curlew.OriginTransport, curlew.MaybeSent)
		facts(t, errs[1], curlew.Unavailable, curlew.OriginTransport, curlew.NotSent)
		facts(t, errs[2], curlew.Unavailable, curlew.OriginTransport, curlew.NotSent)
	})
}

// TestStream uses a session's stream by hand, as a client's pool does.
func TestStream(t *testing.T) {
	w := serve(t, wire.Limits{}, unary(echo[string]))
	s := w.session(wire.Limits{})
	in := "x"
	var call curlew.Call
	call.BeginClient(t.Context(), do[string, string](), curlew.NewCallOptions(), &in, new(string))
	stream, err := s.Open(t.Context(), &call)
	assert.NoError(t, err)
	assert.NoError(t, stream.Wait(t.Context()))
	h, err := stream.Header(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, h.Len()+stream.Trailer().Len(), 0)
	assert.Equal(t, stream.Peer().String(), w.address)
	assert.Equal(t, stream.Peer().Protocol, "netrpc")
	assert.True(t, stream.Send(t.Context(), &in) != nil, "a second request")
	assert.NoError(t, stream.CloseSend())
	got := ""
	assert.NoError(t, stream.Receive(t.Context(), &got))
	assert.Equal(t, got, "x")
	assert.Equal(t, fmt.Sprint(stream.Receive(t.Context(), &got)), "EOF")
	assert.NoError(t, stream.Close())
	assert.NoError(t, stream.Close())

	// Closing a call in flight gives it up.
	stream, err = s.Open(t.Context(), &call)
	assert.NoError(t, err)
	assert.NoError(t, stream.Close())
	assert.Equal(t, s.Capacity(), 1024)
}

// TestServerStream looks at a call from inside its handler.
func TestServerStream(t *testing.T) {
	w := serve(t, wire.Limits{}, unary(func(ctx context.Context, in *string) (*string, error) {
		call := curlew.CallFrom(ctx)
		s := call.Stream()
		h, err := s.Header(ctx)
		assert.NoError(t, err)
		assert.Equal(t, h.Len()+s.Trailer().Len()+call.Header().Len(), 0)
		assert.NoError(t, call.SendHeader(ctx))
		assert.True(t, s.Send(ctx, in) != nil, "a reply beside the handler's")
		assert.Equal(t, fmt.Sprint(s.Receive(ctx, in)), "EOF")
		assert.NoError(t, s.CloseSend())
		assert.NoError(t, s.Close())
		err = call.Peer().Caller().Invoke(ctx, do[string, string](), in, in)
		assert.Equal(t, curlew.CodeOf(err), curlew.Unimplemented)
		_, limited := ctx.Deadline()
		assert.True(t, !limited, "no deadline travels")
		peer := call.Peer().Protocol
		return &peer, nil
	}))
	got, err := invoke(t.Context(), w.session(wire.Limits{}), "x")
	assert.NoError(t, err)
	assert.Equal(t, got, "netrpc")
}
