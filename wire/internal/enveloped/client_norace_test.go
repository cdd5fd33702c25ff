// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package enveloped_test

import (
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// instant is a transport that answers every exchange alike, and its one
// exchange.
type instant struct {
	wire.HTTPTransport
	fields, trailers wire.Fields
	body             string
	at               int
	peer             curlew.Peer
}

func (x *instant) Do(context.Context, *wire.HTTPRequest) (wire.ClientExchange, error) {
	x.at = 0
	return x, nil
}

func (x *instant) Write(_ context.Context, p []byte) (int, error) { return len(p), nil }
func (x *instant) CloseWrite() error                              { return nil }
func (x *instant) Trailers() wire.Fields                          { return x.trailers }
func (x *instant) Peer() *curlew.Peer                             { return &x.peer }
func (x *instant) Reset(error)                                    {}

func (x *instant) Response(context.Context) (int, wire.Fields, error) { return 200, x.fields, nil }

func (x *instant) Read(_ context.Context, p []byte) (int, error) {
	if x.at == len(x.body) {
		return 0, io.EOF
	}
	n := copy(p, x.body[x.at:])
	x.at += n
	return n, nil
}

// TestClientAllocations: what a unary call costs beside what is the caller's
// and the transport's: the time until its deadline, as text.
func TestClientAllocations(t *testing.T) {
	x := &instant{fields: fields("content-type", "application/grpc+proto"), trailers: fields("grpc-status", "0"), body: envelope(0, "")}
	s, err := client(asGRPC, func(context.Context, *wire.Remote) (wire.HTTPTransport, error) { return x, nil }).
		Connect(t.Context(), &wire.Remote{Codec: proto.New()})
	assert.NoError(t, err)
	m := curlew.Unary[wrapperspb.BytesValue, wrapperspb.BytesValue]("birds.Echo/Unary", nil)
	request, reply := wrapperspb.Bytes(make([]byte, 64)), new(wrapperspb.BytesValue)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	var o curlew.CallOptions
	var call curlew.Call
	allocs := testing.AllocsPerRun(100, func() {
		call = curlew.Call{}
		call.BeginClient(ctx, m, &o, request, reply)
		stream, err := s.Open(ctx, &call)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		if err := stream.Receive(ctx, reply); err != nil {
			t.Fatal(err)
		}
		stream.Peer()
		stream.Close()
		stream.(interface{ Recycle() }).Recycle()
	})
	assert.True(t, allocs <= 1, allocs, "allocations")
}
