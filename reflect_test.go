// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// Arith has a method of each shape that fits.
type Arith struct{ base int }

func (a *Arith) Context(_ context.Context, in *args) (*result, error) {
	return &result{a.base + in.A + in.B}, nil
}
func (*Arith) NetRPC(in *args, out *result) error          { out.N = in.A * in.B; return nil }
func (*Arith) NetRPCByValue(in args, out *result) error    { out.N = in.A * in.B; return nil }
func (*Arith) NetRPCScalars(in int, out *int) error        { *out = -in; return nil }
func (*Arith) NetRPCMap(in int, out *map[string]int) error { (*out)["in"] = in; return nil }
func (*Arith) NetRPCSlice(in int, out *[]int) error        { *out = append(*out, in); return nil }
func (*Arith) NetRPCContext(ctx context.Context, in *args, out *result) error {
	out.N = len(curlew.CallFrom(ctx).Method().Name())
	return nil
}
func (*Arith) Values(_ context.Context, in args) (result, error) { return result{in.A - in.B}, nil }
func (*Arith) Scalars(_ context.Context, in int) (string, error) { return strings.Repeat("x", in), nil }
func (*Arith) Pointers(_ context.Context, in *int) (*string, error) {
	s := fmt.Sprint(*in)
	return &s, nil
}
func (*Arith) Slices(_ context.Context, in []int) ([]string, error) { return nil, nil }
func (*Arith) Proto(_ context.Context, in *wrapperspb.StringValue) (*wrapperspb.Int32Value, error) {
	return wrapperspb.Int32(int32(len(in.Value))), nil
}
func (*Arith) Count(ctx context.Context, in *args, out curlew.Sender[result]) error {
	return out.Send(ctx, &result{in.A})
}
func (*Arith) CountTo(ctx context.Context, in int, out curlew.Sender[int]) error {
	return out.Send(ctx, &in)
}
func (*Arith) Sum(ctx context.Context, in curlew.Receiver[args]) (*result, error) {
	m, err := in.Receive(ctx)
	if err != nil {
		return nil, err
	}
	return &result{m.A}, nil
}
func (*Arith) SumValue(ctx context.Context, in curlew.Receiver[int]) (int, error) {
	m, err := in.Receive(ctx)
	return *m, err
}
func (*Arith) Talk(ctx context.Context, both curlew.Bidi[args, result]) error {
	m, err := both.Receive(ctx)
	if err != nil {
		return err
	}
	return both.Send(ctx, &result{m.B})
}
func (*Arith) Fail(context.Context, *args) (*result, error)    { return nil, errBroken }
func (*Arith) FailNetRPC(*args, *result) error                 { return errBroken }
func (*Arith) Nothing(context.Context, *args) (*result, error) { return nil, nil }

// message is a protobuf message that vet lets one copy.
type message struct{ proto.Message }

// Misfits has a method of each shape that does not fit.
type Misfits struct{}

func (Misfits) Nothing()                               {}
func (Misfits) NoError(context.Context, *args) *result { return nil }

//lint:ignore ST1008 that is the misfit
func (Misfits) NoErrorLast(context.Context, *args) (error, *result)                { return nil, nil }
func (Misfits) ThreeResults(context.Context, *args) (*result, *result, error)      { return nil, nil, nil }
func (Misfits) Variadic(context.Context, ...int) (*result, error)                  { return nil, nil }
func (Misfits) NoContext(*args) (*result, error)                                   { return nil, nil }
func (Misfits) LateContext(*args, context.Context) (*result, error)                { return nil, nil }
func (Misfits) NoRequest(context.Context) (*result, error)                         { return nil, nil }
func (Misfits) TwoRequests(context.Context, *args, *args) (*result, error)         { return nil, nil }
func (Misfits) NoReply(context.Context, *args) error                               { return nil }
func (Misfits) ReplyByValue(args, result) error                                    { return nil }
func (Misfits) ManyParameters(context.Context, *args, *args, *result) error        { return nil }
func (Misfits) String() string                                                     { return "" }
func (Misfits) ProtoByValue(context.Context, message) (*result, error)             { return nil, nil }
func (Misfits) StreamPointer(context.Context, *args, *curlew.Sender[result]) error { return nil }
func (Misfits) SenderFirst(context.Context, curlew.Sender[result], *args) error    { return nil }
func (Misfits) SenderWithReply(context.Context, *args, curlew.Sender[int]) (*int, error) {
	return nil, nil
}
func (Misfits) SenderNoContext(*args, curlew.Sender[result]) error           { return nil }
func (Misfits) ReceiverNoReply(context.Context, curlew.Receiver[args]) error { return nil }
func (Misfits) BidiWithReply(context.Context, curlew.Bidi[args, result]) (*result, error) {
	return nil, nil
}
func (Misfits) TwoStreams(context.Context, curlew.Receiver[int], curlew.Sender[int]) error {
	return nil
}

var misfits = map[string]string{
	"Nothing":         "it returns no error",
	"NoError":         "its last result is *curlew_test.result, not error",
	"NoErrorLast":     "its last result is *curlew_test.result, not error",
	"ThreeResults":    "it returns 2 values before its error, not one at most",
	"Variadic":        "it is variadic",
	"NoContext":       "its first parameter is not a context.Context",
	"LateContext":     "its context.Context is not the first parameter",
	"NoRequest":       "it takes 0 parameters beside a context and returns (reply, error), which wants one: the request",
	"TwoRequests":     "it takes 2 parameters beside a context and returns (reply, error), which wants one: the request",
	"NoReply":         "it has no reply; return (*Res, error), or take a pointer to the reply as second parameter",
	"ReplyByValue":    "its second parameter, the reply, is curlew_test.result, not a pointer",
	"ManyParameters":  "it takes 3 parameters beside a context and returns error, which wants two: the request and a pointer to the reply",
	"String":          "its last result is string, not error",
	"ProtoByValue":    "it passes the protobuf message curlew_test.message by value; use *curlew_test.message",
	"StreamPointer":   "it takes a pointer to a stream, *curlew.Sender[github.com/curlewrpc/curlew_test.result]; take the stream itself",
	"SenderFirst":     "a method with a Sender must be (ctx, *Req, Sender[Res]) error",
	"SenderWithReply": "a method with a Sender must be (ctx, *Req, Sender[Res]) error",
	"SenderNoContext": "its first parameter is not a context.Context",
	"ReceiverNoReply": "a method with a Receiver must be (ctx, Receiver[Req]) (*Res, error)",
	"BidiWithReply":   "a method with a Bidi must be (ctx, Bidi[Req, Res]) error",
	"TwoStreams":      "it takes two streams; take one Bidi[Req, Res]",
}

// reflected returns the methods of the service made of a receiver.
func reflected(t *testing.T, receiver any) (*curlew.Service, map[string]*curlew.Method) {
	t.Helper()
	s, err := curlew.Reflect(receiver)
	assert.NoError(t, err)
	methods := make(map[string]*curlew.Method)
	for _, m := range s.Methods() {
		methods[m.Name()] = m
	}
	return s, methods
}

func TestReflectShapes(t *testing.T) {
	s, methods := reflected(t, &Arith{base: 100})
	assert.Equal(t, s.Name(), "Arith")
	assert.Equal(t, len(s.Skipped()), 0)
	seven, four := 7, "xxxx"
	empty := []string(nil)
	for name, c := range map[string]struct {
		kind    curlew.Kind
		request any
		want    any // the reply, or what was sent
	}{
		"Context":       {curlew.KindUnary, &args{7, 8}, &result{115}},
		"NetRPC":        {curlew.KindUnary, &args{7, 8}, &result{56}},
		"NetRPCByValue": {curlew.KindUnary, &args{7, 8}, &result{56}},
		"NetRPCScalars": {curlew.KindUnary, &seven, new(int)},
		"NetRPCMap":     {curlew.KindUnary, &seven, &map[string]int{"in": 7}},
		"NetRPCSlice":   {curlew.KindUnary, &seven, &[]int{7}},
		"NetRPCContext": {curlew.KindUnary, &args{}, &result{len("NetRPCContext")}},
		"Values":        {curlew.KindUnary, &args{7, 8}, &result{-1}},
		"Scalars":       {curlew.KindUnary, new(int), &four},
		"Pointers":      {curlew.KindUnary, &seven, new(string)},
		"Slices":        {curlew.KindUnary, &[]int{1}, &empty},
		"Proto":         {curlew.KindUnary, wrapperspb.String("four"), wrapperspb.Int32(4)},
		"Count":         {curlew.KindServerStream, &args{A: 3}, &result{3}},
		"CountTo":       {curlew.KindServerStream, &seven, &seven},
		"Sum":           {curlew.KindClientStream, &args{A: 5}, &result{5}},
		"SumValue":      {curlew.KindClientStream, &seven, &seven},
		"Talk":          {curlew.KindBidi, &args{B: 6}, &result{6}},
	} {
		switch name {
		case "NetRPCScalars":
			*c.want.(*int) = -7
		case "Scalars":
			*c.request.(*int) = 4
		case "Pointers":
			*c.want.(*string) = "7"
		}
		t.Run(name, func(t *testing.T) {
			m := methods[name]
			assert.Equal(t, m.Kind(), c.kind)
			assert.Equal(t, fmt.Sprintf("%T", m.NewRequest()), fmt.Sprintf("%T", c.request))
			assert.Equal(t, fmt.Sprintf("%T", m.NewReply()), fmt.Sprintf("%T", c.want))
			stream := &fakeStream{in: []any{c.request}}
			for range 2 { // nothing of a call is left over for the next
				stream.received, stream.sent = 0, nil
				call, err := serve(m, stream)
				assert.NoError(t, err)
				if c.kind.ManyReplies() {
					assert.Equal(t, stream.sent, []any{c.want})
					continue
				}
				reply, err := call.Reply()
				assert.NoError(t, err)
				assert.Equal(t, reply, c.want)
			}
			if name == "Talk" {
				_, err := serve(m, &fakeStream{in: []any{errBroken}})
				assert.ErrorIs(t, err, errBroken)
			}
		})
	}
	for _, name := range []string{"Fail", "FailNetRPC"} {
		_, err := serve(methods[name], &fakeStream{in: []any{&args{}}})
		assert.True(t, err == errBroken, "the handler's own error")
		_, err = serve(methods[name], &fakeStream{in: []any{curlew.DataLoss}})
		assert.ErrorIs(t, err, curlew.DataLoss, "an error of decoding")
	}
	_, err := serve(methods["Nothing"], &fakeStream{in: []any{&args{}}})
	assert.ErrorIs(t, err, curlew.Internal)
	assert.Contains(t, err.Error(), "Arith/Nothing: the handler returned neither a reply nor an error")
	assert.Equal(t, s.Rename("math.Arith").Methods()[0].FullName(), "math.Arith/Context")
}

func TestReflectMisfits(t *testing.T) {
	_, err := curlew.Reflect(Misfits{})
	assert.True(t, err != nil, "an error if nothing fits")
	assert.Contains(t, err.Error(), "curlew: Reflect(curlew_test.Misfits): no method fits")
	for name, reason := range misfits {
		assert.Contains(t, err.Error(), "\n\t"+name+": "+reason)
	}
	assert.Equal(t, strings.Count(err.Error(), "\n\t"), len(misfits))
}

// Mixed has promoted methods, some that fit and some that do not.
type Mixed struct {
	Misfits
	*Arith
}

func (*Mixed) ByPointer(*args, *result) error { return nil }
func (Mixed) Add(*args, *result) error        { return nil }

func TestReflectMixed(t *testing.T) {
	s, methods := reflected(t, &Mixed{Arith: &Arith{}})
	assert.True(t, methods["Add"] != nil && methods["ByPointer"] != nil && methods["Context"] != nil, "own and promoted methods")
	assert.True(t, methods["Nothing"] == nil, "a name that two embedded types have")
	skipped := make(map[string]string)
	for _, one := range s.Skipped() {
		skipped[one.Method] = one.Reason
	}
	assert.Equal(t, skipped["NoReply"], misfits["NoReply"])
	assert.Equal(t, len(s.Rename("Other").Skipped()), len(skipped))

	s, methods = reflected(t, Mixed{Arith: &Arith{}})
	assert.True(t, methods["Add"] != nil && methods["ByPointer"] == nil, "a value has only methods on values")
	last := s.Skipped()[len(s.Skipped())-1]
	assert.Equal(t, last, curlew.Skipped{Method: "ByPointer", Reason: "its receiver is a pointer; pass a *curlew_test.Mixed to Reflect"})
}

type pointers struct{}

func (*pointers) Add(*args, *result) error { return nil }

type channels struct{}

func (channels) Add(*args, *result) error                                        { return nil }
func (channels) Subscribe(context.Context, *args) (*struct{ C chan int }, error) { return nil, nil }
func (channels) Any(context.Context, any) (*result, error)                       { return nil, nil }

type generic[T any] struct{}

func (generic[T]) Add(*T, *result) error { return nil }

type number int

func (n number) Add(in *int, out *int) error { *out = int(n) + *in; return nil }

func TestReflectRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		receiver any
		want     []string
	}{
		"nil":             {nil, []string{"curlew: Reflect: the receiver is nil"}},
		"nil pointer":     {(*Arith)(nil), []string{"the receiver is a nil *curlew_test.Arith"}},
		"no name":         {struct{ Arith }{}, []string{"has no name to call the service by"}},
		"no methods":      {result{}, []string{"Reflect(curlew_test.result): it has no exported methods"}},
		"needs pointer":   {pointers{}, []string{"Add: its receiver is a pointer; pass a *curlew_test.pointers to Reflect"}},
		"not expressible": {channels{}, []string{"method Subscribe: reply: ", "chan type chan int", "method Any: request: ", "interface type"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := curlew.Reflect(c.receiver)
			assert.True(t, s == nil && err != nil, "an error")
			for _, want := range c.want {
				assert.Contains(t, err.Error(), want)
			}
		})
	}
}

func TestReflectReceivers(t *testing.T) {
	for want, receiver := range map[string]any{
		"generic": generic[args]{}, "number": number(5), "pointers": &pointers{}, "channelless": channelless{},
	} {
		s, _ := reflected(t, receiver)
		assert.Equal(t, s.Name(), want)
	}
	five := 5
	_, methods := reflected(t, number(37))
	call, err := serve(methods["Add"], &fakeStream{in: []any{&five}})
	assert.NoError(t, err)
	reply, err := call.Reply()
	assert.NoError(t, err)
	assert.Equal(t, *reply.(*int), 42)
}

type channelless struct{ generic[args] }
