// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
)

// TestInterop makes the same calls from Go's client to our server, from ours to
// Go's server, and from ours to ours.
func TestInterop(t *testing.T) {
	r := serve(t, wire.Limits{}, services(t)...)
	for name, c := range map[string]call{
		"Go's client":             r.goClient().Call,
		"Go's server":             ours(t, connect(t, jsonrpc.Version1, goServer(t))),
		"ours on both sides, 1.0": ours(t, r.session(jsonrpc.Version1, wire.Limits{})),
		"ours on both sides, 2.0": ours(t, r.session(jsonrpc.Version2, wire.Limits{})),
	} {
		t.Run(name, func(t *testing.T) {
			var product int
			assert.NoError(t, c("Arith.Multiply", &Args{7, 8}, &product))
			assert.Equal(t, product, 56)
			var quotient Reply
			assert.NoError(t, c("Arith.Divide", Args{56, 7}, &quotient), "arguments by value")
			assert.Equal(t, quotient, Reply{8})
			assert.Equal(t, fmt.Sprint(c("Arith.Divide", &Args{A: 1}, &quotient)), "divide by zero")
			assert.True(t, c("Arith.Nothing", &Args{}, &product) != nil, "an unknown method is an error")
			assert.True(t, c("Nobody.Multiply", &Args{}, &product) != nil, "an unknown service is an error")
			assert.True(t, c("Arith.Multiply", "text", &product) != nil, "arguments of another type are an error")
			var squares []int
			assert.NoError(t, c("Arith.Squares", 4, &squares))
			assert.Equal(t, squares, []int{0, 1, 4, 9})
			squares = []int{1}
			assert.NoError(t, c("Arith.Squares", 0, &squares), "an empty list is no error")
			assert.Equal(t, len(squares), 0)

			var beside sync.WaitGroup
			for i := range 50 {
				beside.Go(func() {
					var product int
					if err := c("Arith.Multiply", &Args{i, i}, &product); err != nil || product != i*i {
						t.Errorf("%d * %d = %d, %v", i, i, product, err)
					}
				})
			}
			beside.Wait()
		})
	}
}

func TestErrorsThatTravel(t *testing.T) {
	r := serve(t, wire.Limits{}, services(t)...)
	one, two := ours(t, r.session(jsonrpc.Version1, wire.Limits{})), ours(t, r.session(jsonrpc.Version2, wire.Limits{}))
	for code := curlew.Canceled; code.Valid(); code++ {
		e := facts(t, two("Test.Fail", &code, new(string)), code, curlew.OriginServer, curlew.Answered)
		assert.Equal(t, e.Message(), "so it is")
		assert.Equal(t, len(e.Details()), 1)
		d := new(durationpb.Duration)
		is, err := e.Details()[0].Read(d)
		assert.True(t, is && err == nil && d.AsDuration() == 7, "the detail is", d, err)

		e = facts(t, one("Test.Fail", &code, new(string)), curlew.Unknown, curlew.OriginServer, curlew.Answered)
		assert.Equal(t, e.Message(), "so it is")
		assert.Equal(t, len(e.Details()), 0)
	}
	for _, c := range []call{one, two} {
		facts(t, c("Arith.Multiply", &Args{1, 2}, new(string)), curlew.Internal, curlew.OriginLocal, curlew.Answered)
	}
	facts(t, two("Test.Stream", "x", new(string)), curlew.Unimplemented, curlew.OriginServer, curlew.Answered)
}

func TestProtobufMessages(t *testing.T) {
	r := serve(t, wire.Limits{}, services(t)...)
	for _, v := range []jsonrpc.Version{jsonrpc.Version1, jsonrpc.Version2} {
		c := ours(t, r.session(v, wire.Limits{}))
		d := new(durationpb.Duration)
		assert.NoError(t, c("proto.Messages/Double", durationpb.New(1500*time.Millisecond), d))
		assert.Equal(t, d.AsDuration(), 3*time.Second)
		for _, value := range []*structpb.Value{
			structpb.NewNumberValue(1), structpb.NewStringValue("x"), structpb.NewBoolValue(true),
			structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewNumberValue(1), structpb.NewStringValue("b")}}),
			structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewNumberValue(1)}}),
		} {
			got := new(structpb.Value)
			assert.NoError(t, c("proto.Messages.Value", value, got), v, value)
			assert.Equal(t, got, value)
		}
	}
}

// TestMessagesThatFail: whatever goes wrong with one message, on whichever side,
// the connection goes on.
func TestMessagesThatFail(t *testing.T) {
	r := serve(t, wire.Limits{}, services(t)...)
	s := r.session(jsonrpc.Version2, wire.Limits{})
	c := ours(t, s)
	send := func(mood string) error { return c("Test.Bag", &Bag{Mood: moody{mood}}, new(Bag)) }
	receive := func(mood string) error { return c("Test.Bag", &Bag{Before: []string{mood}}, new(Bag)) }
	for range 2 {
		assert.Contains(t, facts(t, send("fail to leave"), curlew.InvalidArgument, curlew.OriginLocal, curlew.NotSent).Message(), "not today")
		facts(t, send("panic to leave"), curlew.Internal, curlew.OriginLocal, curlew.NotSent)
		assert.Contains(t, facts(t, send("fail to arrive"), curlew.InvalidArgument, curlew.OriginServer, curlew.Answered).Message(), "not here")
		facts(t, send("panic to arrive"), curlew.Internal, curlew.OriginServer, curlew.Answered)
		assert.Contains(t, facts(t, receive("fail to leave"), curlew.Internal, curlew.OriginServer, curlew.Answered).Message(), "not today")
		e := facts(t, receive("panic to leave"), curlew.Internal, curlew.OriginServer, curlew.Answered)
		assert.True(t, !strings.Contains(e.Message(), "swordfish"), "what a panic tells stays here")
		facts(t, receive("exit while leaving"), curlew.Internal, curlew.OriginServer, curlew.Answered)
		assert.Contains(t, facts(t, receive("fail to arrive"), curlew.Internal, curlew.OriginLocal, curlew.Answered).Message(), "not here")
		assert.Equal[any](t, assert.Panics(t, func() { _ = receive("panic to arrive") }), "swordfish", "it is the caller's own")
		assert.NoError(t, send("good"))
	}
	assert.Contains(t, r.log.String(), "swordfish")
	assert.Equal(t, s.Capacity(), 1024, "no call holds a place")
	for _, in := range []any{nil, (*Bag)(nil)} {
		facts(t, c("Test.Bag", in, new(Bag)), curlew.InvalidArgument, curlew.OriginLocal, curlew.NotSent)
	}
	for _, out := range []any{nil, (*Bag)(nil), Bag{}} {
		facts(t, c("Test.Bag", &Bag{}, out), curlew.Internal, curlew.OriginLocal, curlew.Answered)
	}
}

func TestWhatIsNotCarried(t *testing.T) {
	r := serve(t, wire.Limits{}, services(t)...)
	c := wire.NewCaller(r.session(jsonrpc.Version2, wire.Limits{}))
	for _, m := range []*curlew.Method{
		curlew.ServerStream[string, string]("Test/Text", nil),
		curlew.ClientStream[string, string]("Test/Text", nil),
		curlew.BidiStream[string, string]("Test/Text", nil),
	} {
		_, err := c.Open(t.Context(), m)
		assert.Contains(t, facts(t, err, curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent).Message(), "jsonrpc")
	}
	in := "x"
	err := c.Invoke(t.Context(), curlew.Unary[string, string]("Test/Text", nil), &in, new(string), curlew.WithCodec(raw.New()))
	facts(t, err, curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent)
	_, err = jsonrpc.New(jsonrpc.Version2).Connect(t.Context(), &wire.Remote{Address: r.address, Dial: r.network.DialContext, Codec: raw.New()})
	facts(t, err, curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent)
}

func TestLimits(t *testing.T) {
	r := serve(t, wire.Limits{MaxReceive: 1000, MaxHeader: 200, MaxSend: 2000, MaxBuffered: 100_000}, append(services(t),
		curlew.NewService("Long", curlew.Unary("Text", repeated)))...)
	for _, v := range []jsonrpc.Version{jsonrpc.Version1, jsonrpc.Version2} {
		s := r.session(v, wire.Limits{MaxReceive: 1500, MaxSend: 200_000})
		code, limit := curlew.Unknown, curlew.Unknown // what 1.0 tells
		if v == jsonrpc.Version2 {
			code, limit = curlew.ResourceExhausted, curlew.ResourceExhausted
		}
		caller := wire.NewCaller(s)
		text := func(n int, opts ...curlew.CallOption) error {
			in := strings.Repeat("x", n)
			return caller.Invoke(t.Context(), curlew.Unary[string, string]("Test/Text", nil), &in, new(string), opts...)
		}
		assert.NoError(t, text(900))
		e := facts(t, text(1300), code, curlew.OriginServer, curlew.Answered)
		assert.Contains(t, e.Message(), "that MaxReceive allows")
		assert.NoError(t, text(900), "the connection goes on")
		e = facts(t, text(1000), code, curlew.OriginServer, curlew.Answered)
		assert.Contains(t, e.Message(), "message of 1002 bytes, more than the 1000 that MaxReceive allows")
		assert.Contains(t, facts(t, text(201_000), curlew.ResourceExhausted, curlew.OriginLocal, curlew.NotSent).Message(), "MaxSend")
		facts(t, text(50, func(o *curlew.CallOptions) { o.MaxSend = 10 }), curlew.ResourceExhausted, curlew.OriginLocal, curlew.NotSent)

		reply := func(n int, opts ...curlew.CallOption) error {
			return caller.Invoke(t.Context(), curlew.Unary[int, string]("Long/Text", nil), &n, new(string), opts...)
		}
		assert.NoError(t, reply(1400))
		assert.Contains(t, facts(t, reply(1600), curlew.ResourceExhausted, curlew.OriginLocal, curlew.Answered).Message(), "1500")
		assert.NoError(t, reply(1600, func(o *curlew.CallOptions) { o.MaxReceive = 1700 }))
		facts(t, reply(1600), curlew.ResourceExhausted, curlew.OriginLocal, curlew.Answered)
		assert.Contains(t, facts(t, reply(2500), limit, curlew.OriginServer, curlew.Answered).Message(), "2000")
		assert.NoError(t, text(900), "the connection goes on")

		// Too large to be read past: the error comes, and the connection ends.
		assert.Contains(t, facts(t, text(150_000), code, curlew.OriginServer, curlew.Answered).Message(), "MaxReceive")
		<-s.Draining()
	}
	// Go's client puts the id last.
	in := strings.Repeat("x", 1300)
	c := r.goClient()
	assert.Contains(t, fmt.Sprint(c.Call("Test.Text", &in, new(string))), "MaxReceive")
	in = "short"
	assert.NoError(t, c.Call("Test.Text", &in, new(string)))
}
