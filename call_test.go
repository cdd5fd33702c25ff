// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

type args struct{ A, B int }

type result struct{ N int }

// fakeStream is a stream of messages that the test gives.
type fakeStream struct {
	in       []any // what Receive gives, a message or an error; then io.EOF
	received int
	sent     []any
	sendErr  error
	closeErr error // of CloseSend
	halfway  bool  // CloseSend was called
	closed   int
}

func (s *fakeStream) Send(_ context.Context, m any) error {
	if s.sendErr == nil {
		s.sent = append(s.sent, m)
	}
	return s.sendErr
}

func (s *fakeStream) Receive(_ context.Context, m any) error {
	if s.received == len(s.in) {
		return io.EOF
	}
	next := s.in[s.received]
	s.received++
	if err, ok := next.(error); ok {
		return err
	}
	reflect.ValueOf(m).Elem().Set(reflect.ValueOf(next).Elem())
	return nil
}

func (s *fakeStream) CloseSend() error { s.halfway = true; return s.closeErr }
func (s *fakeStream) Close() error     { s.closed++; return nil }
func (s *fakeStream) Header(context.Context) (*curlew.Header, error) {
	return new(curlew.Header), nil
}
func (s *fakeStream) Trailer() *curlew.Header { return new(curlew.Header) }

// fakeCaller opens streams that the test gives.
type fakeCaller struct {
	stream *fakeStream
	err    error
	opened *curlew.CallOptions
}

func (c *fakeCaller) Invoke(context.Context, *curlew.Method, any, any, ...curlew.CallOption) error {
	return errors.ErrUnsupported
}

func (c *fakeCaller) Open(_ context.Context, _ *curlew.Method, opts ...curlew.CallOption) (curlew.Stream, error) {
	c.opened = curlew.NewCallOptions(opts...)
	return c.stream, c.err
}

var errBroken = errors.New("broken")

// served begins a call of m on a server.
func served(m *curlew.Method, s curlew.Stream) *curlew.Call {
	call := new(curlew.Call)
	call.BeginServer(context.Background(), m, new(curlew.Header), &curlew.Peer{Protocol: "fake"}, s)
	return call
}

// serve runs m's handler on a call with the stream.
func serve(m *curlew.Method, s curlew.Stream) (*curlew.Call, error) {
	call := served(m, s)
	return call, m.Handler()(curlew.WithCall(context.Background(), call), call)
}

// made begins a unary call of a client.
func made(reply any) *curlew.Call {
	call := new(curlew.Call)
	call.BeginClient(context.Background(), curlew.Unary[args, result]("Arith/Add", nil),
		curlew.NewCallOptions(curlew.WithHeader("user", "ada")), &args{1, 2}, reply)
	return call
}

func TestRequestIsDecodedOnceAndLate(t *testing.T) {
	s := &fakeStream{in: []any{&args{7, 8}}}
	call := served(curlew.Unary("Arith/Add", func(context.Context, *args) (*result, error) { return nil, nil }), s)
	assert.Equal(t, s.received, 0, "messages received before the first use")
	for range 2 {
		request, err := call.Request()
		assert.NoError(t, err)
		assert.Equal(t, request, any(&args{7, 8}))
	}
	assert.Equal(t, s.received, 1)
	call.SetRequest(&args{1, 1})
	request, err := call.Request()
	assert.NoError(t, err)
	assert.Equal(t, request, any(&args{1, 1}))

	call = served(curlew.Unary[args, result]("Arith/Add", nil), &fakeStream{in: []any{errBroken}})
	for range 2 {
		_, err := call.Request()
		assert.ErrorIs(t, err, errBroken)
	}
}

func TestRequestInto(t *testing.T) {
	add := curlew.Unary[args, result]("Arith/Add", nil)
	s := &fakeStream{in: []any{&args{7, 8}}}
	call := served(add, s)
	mine := new(args)
	assert.NoError(t, call.RequestInto(mine))
	assert.Equal(t, *mine, args{7, 8})
	request, err := call.Request()
	assert.NoError(t, err)
	assert.True(t, request.(*args) == mine, "the message is the handler's own")
	another := new(args)
	assert.NoError(t, call.RequestInto(another))
	assert.Equal(t, *another, args{7, 8})
	assert.Equal(t, s.received, 1)

	call = served(add, s)
	call.SetRequest(&args{1, 1})
	assert.NoError(t, call.RequestInto(mine))
	assert.Equal(t, *mine, args{1, 1}, "what an interceptor has set")
	assert.Contains(t, call.RequestInto(new(result)).Error(), "a *curlew_test.args was given for *curlew_test.result")

	call = served(add, &fakeStream{in: []any{errBroken}})
	for range 2 {
		assert.ErrorIs(t, call.RequestInto(mine), errBroken)
	}
	call = served(curlew.BidiStream[args, result]("Arith/Talk", nil), &fakeStream{})
	assert.Contains(t, call.RequestInto(mine).Error(), "has no single request")
}

func TestHandlerOfUnknownTypes(t *testing.T) {
	m := curlew.NewMethod("Add", curlew.KindUnary, curlew.Handler(func(_ context.Context, call *curlew.Call) error {
		if _, err := call.Request(); !errors.Is(err, curlew.Internal) {
			t.Errorf("Request without a type gives %v", err)
		}
		var a args
		if err := call.RequestInto(&a); err != nil {
			return err
		}
		return call.SetReply(&result{a.A + a.B})
	}))
	service := curlew.NewService("Arith", m)
	assert.NoError(t, service.Err())
	call, err := serve(service.Methods()[0], &fakeStream{in: []any{&args{7, 8}}})
	assert.NoError(t, err)
	reply, err := call.Reply()
	assert.NoError(t, err)
	assert.Equal(t, reply, any(&result{15}))
}

func TestStreamsHaveNoSingleMessage(t *testing.T) {
	call := served(curlew.BidiStream[args, result]("Arith/Talk", nil), &fakeStream{})
	_, err := call.Request()
	assert.Contains(t, err.Error(), "Arith/Talk: a bidi has no single request; use Stream")
	_, err = call.Reply()
	assert.Contains(t, err.Error(), "Arith/Talk: a bidi has no single reply; use Stream")
}

func TestReplyOnTheServer(t *testing.T) {
	call := served(curlew.Unary[args, result]("Arith/Add", nil), &fakeStream{})
	_, err := call.Reply()
	assert.Contains(t, err.Error(), "there is no reply yet")
	assert.NoError(t, call.SetReply(&result{3}))
	reply, err := call.Reply()
	assert.NoError(t, err)
	assert.Equal(t, reply, any(&result{3}))
}

func TestReplyOnTheClient(t *testing.T) {
	var reply result
	call := made(&reply)
	_, err := call.Reply()
	assert.Contains(t, err.Error(), "there is no reply yet")
	request, err := call.Request()
	assert.NoError(t, err)
	assert.Equal(t, request, any(&args{1, 2}))

	s := &fakeStream{in: []any{&result{3}}}
	call.SetStream(s)
	for range 2 {
		got, err := call.Reply()
		assert.NoError(t, err)
		assert.True(t, got == any(&reply), "the caller's own memory")
		assert.Equal(t, reply.N, 3)
	}
	assert.Equal(t, s.received, 1)
	assert.NoError(t, call.SetReply(&result{4}))
	assert.Equal(t, reply.N, 4, "copied to the caller")
	assert.NoError(t, call.SetReply(&reply), "itself")
	for _, wrong := range []any{&args{}, result{}, (*result)(nil)} {
		assert.Contains(t, call.SetReply(wrong).Error(), "given for *curlew_test.result")
	}
}

func TestSetReplyCopiesProtobuf(t *testing.T) {
	reply := wrapperspb.String("old")
	call := made(reply)
	answer := wrapperspb.String("new")
	assert.NoError(t, call.SetReply(answer))
	assert.Equal(t, reply.Value, "new")
	answer.Value = "newer"
	assert.Equal(t, reply.Value, "new", "after a change of what was set")
}

func TestCallOfOneSide(t *testing.T) {
	call := made(nil)
	assert.Equal(t, call.Header().Get("user"), "ada")
	assert.Equal(t, call.Attempt(), 0)
	call.NextAttempt(2)
	assert.Equal(t, call.Attempt(), 2)
	assert.Equal(t, call.Peer().String(), "unknown peer")
	call.SetPeer(&curlew.Peer{Protocol: "fake"})
	assert.Equal(t, call.Peer().String(), "fake")
	assert.Equal(t, call.Draining(), nil)
	assert.Equal(t, call.Options().Header.Len(), 1)
	call.ReplyHeader().Set("a", "b")
	call.ReplyTrailer().Set("c", "d")
	assert.Equal(t, call.ReplyHeader().Get("a")+call.ReplyTrailer().Get("c"), "bd")

	call = served(curlew.Unary[args, result]("Arith/Add", nil), &fakeStream{})
	assert.Equal(t, call.Options().OneWay, false, "a server's call has empty options")
	draining := make(chan struct{})
	call.SetDraining(draining)
	assert.Equal(t, call.Draining(), (<-chan struct{})(draining))
	assert.ErrorIs(t, call.SendHeader(context.Background()), curlew.Unimplemented)
	call.SetStream(headerStream{call.Stream()})
	assert.ErrorIs(t, call.SendHeader(context.Background()), errBroken)
}

type headerStream struct{ curlew.Stream }

func (headerStream) SendHeader(context.Context) error { return errBroken }

func TestCallFrom(t *testing.T) {
	call := made(nil)
	assert.True(t, curlew.CallFrom(curlew.WithCall(context.Background(), call)) == call, "the call itself")
	outside := curlew.CallFrom(context.Background())
	assert.Equal(t, outside.Method().Name(), "")
	assert.Equal(t, outside.Header().Len(), 0)
	assert.ErrorIs(t, outside.Peer().Caller().Invoke(context.Background(), nil, nil, nil), curlew.Unimplemented)
	assert.ErrorIs(t, outside.SendHeader(context.Background()), curlew.Unimplemented)
}

func TestOnEnd(t *testing.T) {
	var order []string
	note := func(name string) func(error) {
		return func(err error) { order = append(order, name+" "+err.Error()) }
	}
	call := made(nil)
	call.OnEnd(note("first"))
	call.OnEnd(note("last"))
	call.End(errBroken)
	call.End(io.EOF)
	call.OnEnd(note("late"))
	assert.Equal(t, order, []string{"last broken", "first broken", "late broken"})
}

// TestFork has two tries of a call of which the second one wins.
func TestFork(t *testing.T) {
	var reply result
	call := made(&reply)
	call.NextAttempt(1)
	var ends []string
	call.OnEnd(func(err error) { ends = append(ends, "call") })

	loser, winner := call.Fork(), call.Fork()
	loser.Header().Set("user", "eve")
	loser.Options().Compression = "gzip"
	assert.Equal(t, call.Header().Get("user"), "ada", "the header of the call")
	assert.Equal(t, winner.Header().Get("user"), "ada")
	assert.Equal(t, call.Options().Compression, "")
	request, err := loser.Request()
	assert.NoError(t, err)
	assert.Equal(t, request, any(&args{1, 2}))

	lost, won := &fakeStream{in: []any{&result{1}}}, &fakeStream{in: []any{&result{2}}}
	loser.SetStream(lost)
	loser.OnEnd(func(err error) {
		assert.ErrorIs(t, err, curlew.Canceled)
		ends = append(ends, "loser")
	})
	got, err := loser.Reply()
	assert.NoError(t, err)
	assert.Equal(t, got, any(&result{1}))
	assert.Equal(t, reply.N, 0, "a fork's reply is not the caller's")

	winner.SetStream(won)
	winner.SetPeer(&curlew.Peer{Protocol: "winner"})
	winner.NextAttempt(2)
	winner.ReplyHeader().Set("from", "winner")
	winner.ReplyTrailer().Set("cost", "2")
	winner.OnEnd(func(err error) { ends = append(ends, "winner") })
	winner.Commit()
	loser.Discard()
	loser.Discard()
	assert.Equal(t, lost.closed, 1)
	assert.Equal(t, won.closed, 0)
	assert.Equal(t, won.received, 0, "the winner's reply is not decoded yet")

	_, err = call.Reply()
	assert.NoError(t, err)
	assert.Equal(t, reply.N, 2)
	assert.Equal(t, call.Peer().Protocol, "winner")
	assert.Equal(t, call.Attempt(), 2)
	assert.Equal(t, call.ReplyHeader().Get("from")+call.ReplyTrailer().Get("cost"), "winner2")
	assert.Equal(t, ends, []string{"loser"}, "ends so far")
	call.End(nil)
	assert.Equal(t, ends, []string{"loser", "winner", "call"})
}

// TestForkWithReply commits forks whose replies were decoded or set by an
// interceptor.
func TestForkWithReply(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*curlew.Call) error
		want   int
		err    error
	}{
		"set":   {func(f *curlew.Call) error { return f.SetReply(&result{5}) }, 5, nil},
		"wrong": {func(f *curlew.Call) error { return f.SetReply(&args{}) }, 0, curlew.Internal},
		"decoded": {func(f *curlew.Call) error {
			f.SetStream(&fakeStream{in: []any{&result{6}}})
			_, err := f.Reply()
			return err
		}, 6, nil},
		"broken": {func(f *curlew.Call) error {
			f.SetStream(&fakeStream{in: []any{errBroken}})
			_, _ = f.Reply()
			return nil
		}, 0, errBroken},
	} {
		for _, nested := range []bool{false, true} {
			var reply result
			call := made(&reply)
			fork := call.Fork()
			if nested {
				inner := fork.Fork()
				assert.NoError(t, c.answer(inner), name)
				inner.Commit()
			} else {
				assert.NoError(t, c.answer(fork), name)
			}
			assert.Equal(t, reply.N, 0, name, "before the commit")
			fork.Commit()
			_, err := call.Reply()
			assert.ErrorIs(t, err, c.err, name)
			assert.Equal(t, reply.N, c.want, name)
		}
	}
}

// Forks that run at the same time know where the others have gone.
func TestTried(t *testing.T) {
	call := made(new(result))
	assert.Equal(t, len(call.Tried()), 0)
	peers := make([]*curlew.Peer, 8)
	for i := range peers {
		peers[i] = &curlew.Peer{Protocol: strconv.Itoa(i)}
	}
	call.AddTried(peers[0])
	fork := call.Fork()
	nested := fork.Fork()
	assert.Equal(t, nested.Tried(), peers[:1])
	var group sync.WaitGroup
	for _, f := range []*curlew.Call{call, fork, nested} {
		for _, p := range peers[:3] {
			group.Go(func() { f.AddTried(p) })
		}
	}
	group.Wait()
	assert.True(t, len(call.Tried()) >= 3)
	for _, p := range peers[:3] {
		assert.True(t, slices.Contains(nested.Tried(), p), p.Protocol)
	}
	for _, p := range peers {
		nested.AddTried(p)
	}
	assert.Equal(t, len(call.Tried()), 4, "what is kept is bounded")
}
