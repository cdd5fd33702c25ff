// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"context"
	"io"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// TestKinds runs a handler of each kind made by the generic constructors.
func TestKinds(t *testing.T) {
	unary := curlew.Unary("Arith/Add", func(_ context.Context, in *args) (*result, error) { return &result{in.A + in.B}, nil })
	call, err := serve(unary, &fakeStream{in: []any{&args{1, 2}}})
	assert.NoError(t, err)
	reply, err := call.Reply()
	assert.NoError(t, err)
	assert.Equal(t, reply, any(&result{3}))

	client := curlew.ClientStream("Arith/Sum", func(ctx context.Context, in curlew.Receiver[args]) (*result, error) {
		total := 0
		for m, err := range in.All(ctx) {
			if err != nil {
				return nil, err
			}
			total += m.A + m.B
		}
		return &result{total}, nil
	})
	call, err = serve(client, &fakeStream{in: []any{&args{1, 2}, &args{3, 4}}})
	assert.NoError(t, err)
	reply, err = call.Reply()
	assert.NoError(t, err)
	assert.Equal(t, reply, any(&result{10}))

	server := curlew.ServerStream("Arith/Count", func(ctx context.Context, in *args, out curlew.Sender[result]) error {
		for n := in.A; n < in.B; n++ {
			if err := out.Send(ctx, &result{n}); err != nil {
				return err
			}
		}
		return nil
	})
	s := &fakeStream{in: []any{&args{1, 3}}}
	_, err = serve(server, s)
	assert.NoError(t, err)
	assert.Equal(t, s.sent, []any{&result{1}, &result{2}})

	bidi := curlew.BidiStream("Arith/Echo", func(ctx context.Context, both curlew.Bidi[args, result]) error {
		first, err := both.Receive(ctx)
		if err != nil {
			return err
		}
		if err := both.Send(ctx, &result{first.A}); err != nil {
			return err
		}
		for m, err := range both.All(ctx) {
			if err != nil {
				return err
			}
			return both.Send(ctx, &result{m.A})
		}
		return nil
	})
	s = &fakeStream{in: []any{&args{A: 1}, &args{A: 2}, &args{A: 3}}}
	_, err = serve(bidi, s)
	assert.NoError(t, err)
	assert.Equal(t, s.sent, []any{&result{1}, &result{2}})
	assert.Equal(t, s.closed, 0, "leaving the loop only stops receiving")

	for _, m := range []*curlew.Method{unary, client, server, bidi} {
		_, err := serve(m, &fakeStream{in: []any{errBroken}})
		assert.ErrorIs(t, err, errBroken, m.Kind())
		assert.Equal(t, m.RequestType().Name()+m.ReplyType().Name(), "argsresult")
	}
	broken := curlew.Unary("Arith/Add", func(context.Context, *args) (*result, error) { return nil, errBroken })
	_, err = serve(broken, &fakeStream{in: []any{&args{}}})
	assert.ErrorIs(t, err, errBroken)
	silent := curlew.Unary("Arith/Add", func(context.Context, *args) (*result, error) { return nil, nil })
	_, err = serve(silent, &fakeStream{in: []any{&args{}}})
	assert.ErrorIs(t, err, curlew.Internal)
}

func TestReceiverAll(t *testing.T) {
	ctx := context.Background()
	s := &fakeStream{in: []any{&args{A: 1}, &args{A: 2}}}
	for m, err := range curlew.ReceiverOf[args](s).All(ctx) {
		assert.NoError(t, err)
		assert.Equal(t, m.A, 1)
		break
	}
	assert.Equal(t, s.closed, 1, "leaving the loop closes the stream")

	s = &fakeStream{in: []any{&args{A: 1}, errBroken, &args{A: 3}}}
	var last error
	n := 0
	for m, err := range curlew.ReceiverOf[args](s).All(ctx) {
		n++
		if last = err; err != nil {
			assert.True(t, m == nil, "no message beside an error")
		}
	}
	assert.Equal(t, n, 2)
	assert.ErrorIs(t, last, errBroken)
	assert.Equal(t, s.closed, 1)

	r := curlew.ReceiverOf[args](&fakeStream{})
	_, err := r.Receive(ctx)
	assert.Equal(t, err, io.EOF)
	assert.NoError(t, r.Close())
	assert.True(t, r.Stream() != nil && curlew.SenderOf[args](s).Stream() == s && curlew.BidiOf[args, args](s).Stream() == s, "the stream below")
}

func TestOpenServerStream(t *testing.T) {
	ctx := context.Background()
	m := curlew.ServerStream[args, result]("Arith/Count", nil)
	s := &fakeStream{in: []any{&result{1}}}
	c := &fakeCaller{stream: s}
	r, err := curlew.OpenServerStream[args, result](ctx, c, m, &args{1, 2}, curlew.WithHeader("user", "ada"))
	assert.NoError(t, err)
	assert.Equal(t, s.sent, []any{&args{1, 2}})
	assert.True(t, s.halfway, "the requests are ended")
	assert.Equal(t, c.opened.Header.Get("user"), "ada")
	got, err := r.Receive(ctx)
	assert.NoError(t, err)
	assert.Equal(t, got.N, 1)

	over := &fakeStream{sendErr: io.EOF, in: []any{errBroken}}
	r, err = curlew.OpenServerStream[args, result](ctx, &fakeCaller{stream: over}, m, &args{})
	assert.NoError(t, err, "a call that is over tells why by Receive")
	_, err = r.Receive(ctx)
	assert.ErrorIs(t, err, errBroken)

	for _, failing := range []*fakeStream{{sendErr: errBroken}, {closeErr: errBroken}} {
		_, err = curlew.OpenServerStream[args, result](ctx, &fakeCaller{stream: failing}, m, &args{})
		assert.ErrorIs(t, err, errBroken)
		assert.Equal(t, failing.closed, 1)
	}
	_, err = curlew.OpenServerStream[args, result](ctx, &fakeCaller{err: errBroken}, m, &args{})
	assert.ErrorIs(t, err, errBroken)
}

func TestUpload(t *testing.T) {
	ctx := context.Background()
	m := curlew.ClientStream[args, result]("Arith/Sum", nil)
	for name, c := range map[string]struct {
		stream *fakeStream
		want   error
	}{
		"reply":    {&fakeStream{in: []any{&result{7}}}, nil},
		"no reply": {&fakeStream{}, curlew.Internal},
		"error":    {&fakeStream{in: []any{errBroken}}, errBroken},
		"closing":  {&fakeStream{closeErr: errBroken}, errBroken},
	} {
		u, err := curlew.OpenClientStream[args, result](ctx, &fakeCaller{stream: c.stream}, m)
		assert.NoError(t, err)
		assert.NoError(t, u.Send(ctx, &args{1, 2}))
		reply, err := u.CloseAndReceive(ctx)
		assert.ErrorIs(t, err, c.want, name)
		if c.want == nil {
			assert.Equal(t, reply.N, 7)
		}
		assert.True(t, c.stream.halfway && u.Stream() == c.stream, name)
		assert.NoError(t, u.Close())
		assert.Equal(t, c.stream.closed, 1)
	}
	_, err := curlew.OpenClientStream[args, result](ctx, &fakeCaller{err: errBroken}, m)
	assert.ErrorIs(t, err, errBroken)
}

func TestDialogue(t *testing.T) {
	ctx := context.Background()
	s := &fakeStream{in: []any{&result{1}, &result{2}, &result{3}}}
	d, err := curlew.OpenBidi[args, result](ctx, &fakeCaller{stream: s}, curlew.BidiStream[args, result]("Arith/Echo", nil))
	assert.NoError(t, err)
	assert.NoError(t, d.Send(ctx, &args{1, 2}))
	assert.NoError(t, d.CloseSend())
	assert.True(t, s.halfway && d.Stream() == s, "the stream below")
	first, err := d.Receive(ctx)
	assert.NoError(t, err)
	assert.Equal(t, first.N, 1)
	for range d.All(ctx) {
		break
	}
	assert.Equal(t, s.closed, 0, "leaving the loop only stops receiving")
	assert.NoError(t, d.Close())
	assert.Equal(t, s.closed, 1)
	_, err = curlew.OpenBidi[args, result](ctx, &fakeCaller{err: errBroken}, nil)
	assert.ErrorIs(t, err, errBroken)
}
