// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestCallOptions(t *testing.T) {
	var header, trailer curlew.Header
	var peer curlew.Peer
	o := curlew.NewCallOptions(curlew.WithHeader("A", "1"), curlew.WithHeader("a", "2"), curlew.WithCompression("gzip"), curlew.OneWay(),
		curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer), curlew.CapturePeer(&peer), curlew.WithCodec(nil))
	assert.Equal(t, o.Header.Values("a"), []string{"1", "2"})
	assert.Equal(t, o.Compression, "gzip")
	assert.True(t, o.OneWay && o.CaptureHeader == &header && o.CaptureTrailer == &trailer && o.CapturePeer == &peer && o.Codec == nil, "options")
}

func TestPeer(t *testing.T) {
	ctx := context.Background()
	back := &fakeCaller{}
	assert.True(t, (&curlew.Peer{Back: back}).Caller() == curlew.Caller(back), "the caller back")
	assert.Equal(t, (&curlew.Peer{Protocol: "netrpc", Addr: &net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 5}}).String(), "1.2.3.4:5")
	for protocol, want := range map[string]string{"netrpc": "the netrpc protocol", "": "this protocol"} {
		caller := (&curlew.Peer{Protocol: protocol}).Caller()
		_, err := caller.Open(ctx, nil)
		assert.ErrorIs(t, err, curlew.Unimplemented)
		assert.Contains(t, err.Error(), want)
		assert.True(t, caller.Invoke(ctx, nil, nil, nil).(*curlew.Error).Retryable(), "nothing was sent")
	}
}

func TestSplitName(t *testing.T) {
	for full, want := range map[string][2]string{
		"Arith/Add":      {"Arith", "Add"},
		"/a.b.Arith/Add": {"a.b.Arith", "Add"},
		"a.b.Arith.Add":  {"a.b.Arith", "Add"},
		"Add":            {"", "Add"},
		"a/b/c":          {"a/b", "c"},
		"Arith/v1.Add":   {"Arith", "v1.Add"},
		"":               {"", ""},
	} {
		service, method := curlew.SplitName(full)
		assert.Equal(t, [2]string{service, method}, want, full)
	}
}

func TestMethod(t *testing.T) {
	m := curlew.NewMethod("a.Arith.Add", curlew.KindUnary, curlew.Idempotent)
	assert.Equal(t, m.Service()+" "+m.Name(), "a.Arith Add")
	assert.Equal(t, m.FullName(), "a.Arith/Add")
	assert.Equal(t, m.Idempotency(), curlew.Idempotent)
	assert.Equal(t, m.NewRequest(), nil)
	assert.Equal(t, m.NewReply(), nil)
	assert.True(t, m.Handler() == nil, "no handler")
	assert.Equal(t, curlew.NewMethod("Add", curlew.KindBidi).FullName(), "Add")
	typed := curlew.NewMethod("Add", curlew.KindUnary, curlew.MessageTypes(curlew.Unary[args, result]("", nil).RequestType(), nil))
	assert.Equal(t, typed.NewRequest(), any(&args{}))
	assert.Equal(t, curlew.Unary[args, result]("Add", nil).NewReply(), any(&result{}))
	for kind, many := range map[curlew.Kind][2]bool{
		curlew.KindUnary: {false, false}, curlew.KindClientStream: {true, false},
		curlew.KindServerStream: {false, true}, curlew.KindBidi: {true, true},
	} {
		assert.Equal(t, [2]bool{kind.ManyRequests(), kind.ManyReplies()}, many, kind)
	}
}

func TestMethodSchema(t *testing.T) {
	s, err := curlew.Unary[args, int]("Arith/Add", nil).Schema()
	assert.NoError(t, err)
	assert.Equal(t, s.Request.Fields().Len(), 2)
	assert.Equal(t, string(s.Reply.Fields().Get(0).Name()), "value")
	assert.True(t, s.RequestHash != 0 && s.ReplyHash != 0 && s.RequestHash != s.ReplyHash, "hashes")
	s, err = curlew.NewMethod("Arith/Add", curlew.KindUnary).Schema()
	assert.NoError(t, err)
	assert.True(t, s.Request == nil && s.RequestHash == 0, "types that are not known")
	_, err = curlew.Unary[args, chan int]("Arith/Add", nil).Schema()
	assert.Contains(t, err.Error(), "reply: ")
	_, err = curlew.Unary[struct{ C any }, args]("Arith/Add", nil).Schema()
	assert.Contains(t, err.Error(), "request: ")
}

func TestService(t *testing.T) {
	add := curlew.Unary("Add", func(context.Context, *args) (*result, error) { return &result{}, nil }, curlew.NoSideEffects)
	s := curlew.NewService("a.Arith", add)
	assert.NoError(t, s.Err())
	assert.Equal(t, s.Methods()[0].FullName(), "a.Arith/Add")
	assert.Equal(t, add.FullName(), "Add", "the method that was given")
	renamed := s.Rename("b.Arith")
	assert.NoError(t, renamed.Err())
	assert.Equal(t, renamed.Name()+" "+renamed.Methods()[0].FullName(), "b.Arith b.Arith/Add")
	assert.Equal(t, renamed.Methods()[0].Idempotency(), curlew.NoSideEffects)
	assert.Equal(t, s.Name()+" "+s.Methods()[0].FullName(), "a.Arith a.Arith/Add")

	bad := curlew.NewService("", nil, add, add, curlew.Unary[args, result]("Sub", nil), curlew.Unary("", add2), curlew.Unary("x/Y", add2))
	for _, part := range []string{
		`curlew: service "": `, "a service needs a name", "method 0 is nil", "method Add is there twice",
		"method Sub has no handler", "method 4 has no name", "method Y belongs to service x",
	} {
		assert.Contains(t, bad.Err().Error(), part)
	}
}

func add2(context.Context, *args) (*result, error) { return nil, errors.ErrUnsupported }

func TestChain(t *testing.T) {
	var order []string
	note := func(name string) curlew.Interceptor {
		return func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				order = append(order, name)
				return next(ctx, call)
			}
		}
	}
	h := curlew.Chain(func(context.Context, *curlew.Call) error { return errBroken }, note("outer"), note("inner"))
	assert.ErrorIs(t, h(context.Background(), new(curlew.Call)), errBroken)
	assert.Equal(t, strings.Join(order, " "), "outer inner")
}
