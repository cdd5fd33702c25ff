// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc_test

import (
	"context"
	"errors"
	"math/big"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

type Args struct{ A, B int }

type Reply struct{ C int }

// Arith is the service of the net/rpc documentation. Go's server and ours serve
// the same value.
type Arith struct{}

func (Arith) Multiply(a *Args, reply *int) error {
	*reply = a.A * a.B
	return nil
}

func (Arith) Divide(a Args, reply *Reply) error {
	if a.B == 0 {
		return errors.New("divide by zero")
	}
	reply.C = a.A / a.B
	return nil
}

func (Arith) Silent(_ int, _ *int) error { return errors.New("") }

// Everything has fields of all that gob and schema both carry.
type Everything struct {
	Text    string
	Bytes   []byte
	Numbers []int64
	Byname  map[string]Reply
	Pointer *Reply
	When    time.Time
	Span    time.Duration
	Self    *Everything
	Real    float64
	Yes     bool
}

func everything() *Everything {
	return &Everything{
		Text: "ünïcode", Bytes: []byte{0, 255}, Numbers: []int64{-1, 1 << 40}, Byname: map[string]Reply{"a": {1}, "b": {}},
		Pointer: &Reply{7}, When: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Span: time.Minute, Self: &Everything{Text: "inner"},
		Real: -0.5, Yes: true,
	}
}

// Echo returns what it is given.
type Echo struct{}

func (Echo) Everything(in *Everything, out *Everything) error {
	*out = *in
	return nil
}

func (Echo) Text(in string, out *string) error {
	*out = in
	return nil
}

func (Echo) Bytes(in []byte, out *[]byte) error {
	*out = in
	return nil
}

func reflected(t testing.TB, receivers ...any) []*curlew.Service {
	t.Helper()
	var services []*curlew.Service
	for _, r := range receivers {
		s, err := curlew.Reflect(r)
		assert.NoError(t, err)
		services = append(services, s)
	}
	return services
}

// unary is a service with one method, "Test/Do".
func unary[Req, Res any](f func(context.Context, *Req) (*Res, error)) *curlew.Service {
	return curlew.NewService("Test", curlew.Unary("Do", f))
}

// do describes that method to a client.
func do[Req, Res any]() *curlew.Method { return curlew.Unary[Req, Res]("Test/Do", nil) }

// echo returns its request.
func echo[M any](_ context.Context, m *M) (*M, error) { return m, nil }

// messages is a service of protobuf messages.
func messages() *curlew.Service {
	return curlew.NewService("proto.Messages",
		curlew.Unary("Double", func(_ context.Context, in *durationpb.Duration) (*durationpb.Duration, error) {
			return durationpb.New(2 * in.AsDuration()), nil
		}),
		curlew.Unary("Nothing", echo[emptypb.Empty]),
		curlew.Unary("Oneof", echo[structpb.Value]),
		curlew.Unary("Text", func(_ context.Context, _ *emptypb.Empty) (*wrapperspb.StringValue, error) {
			return wrapperspb.String("text"), nil
		}),
		curlew.ServerStream("Stream", func(context.Context, *durationpb.Duration, curlew.Sender[durationpb.Duration]) error { return nil }),
	)
}

// Numbers hold a type of math/big, which encodes itself.
type Numbers struct{ N *big.Int }
