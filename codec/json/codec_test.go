// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package json_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
)

var _ curlew.Codec = (*json.Codec)(nil)

type args struct{ A, B int }

func Example() {
	type Product struct {
		Value int `json:"value"`
		Note  string
	}
	codec := json.New()
	b, _ := codec.Append(nil, &Product{Value: 56})
	fmt.Println(string(b))

	var p Product
	err := codec.Decode([]byte(`{"value":56,"Note":7}`), &p)
	fmt.Println(err)
	// Output:
	// {"value":56}
	// schema: json_test.Product.Note: byte 19: got a number, need a string
}

func TestRoundTrip(t *testing.T) {
	codec := json.New()
	dynamic := dynamicpb.NewMessage((&wrapperspb.StringValue{}).ProtoReflect().Descriptor())
	for _, c := range []struct {
		in, out any
		want    string
	}{
		{&args{7, 8}, new(args), `{"A":7,"B":8}`},
		{args{7, 8}, new(args), `{"A":7,"B":8}`},
		{wrapperspb.String("a"), new(wrapperspb.StringValue), `"a"`},
		{wrapperspb.String("b"), dynamic, `"b"`},
		{new(int), new(int), `{}`},
	} {
		b, err := codec.Append([]byte("x"), c.in)
		if err != nil || string(b) != "x"+c.want {
			t.Errorf("Append(%T) = %s, %v; want %s", c.in, b, err, c.want)
			continue
		}
		if err := codec.Decode(b[1:], c.out); err != nil {
			t.Error(err)
		}
		if again, err := codec.Append(nil, c.out); err != nil || string(again) != c.want {
			t.Errorf("after Decode: %s, %v; want %s", again, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	codec := json.New()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", second(codec.Append(nil, nil)), "nil interface"},
		{"nil struct", second(codec.Append(nil, (*args)(nil))), "got a nil *json_test.args"},
		{"nil message", second(codec.Append(nil, (*wrapperspb.BoolValue)(nil))), "got a nil *wrapperspb.BoolValue"},
		{"decode nil", codec.Decode([]byte(`{}`), (*args)(nil)), "got a nil *json_test.args"},
		{"decode into a value", codec.Decode([]byte(`{}`), args{}), "got a json_test.args, need a *json_test.args"},
		{"channel", second(codec.Append(nil, new(chan int))), "chan type"},
		{"message", codec.Decode([]byte(`"x"`), new(wrapperspb.BoolValue)), "google.protobuf.BoolValue"},
		{"nothing", codec.Decode(nil, new(args)), "the end of the input"},
		{"unknown", json.New(json.RefuseUnknown()).Decode([]byte(`{"C":1}`), new(args)), `has no field "C"`},
		{"unknown skipped", codec.Decode([]byte(`{"C":1}`), new(args)), ""},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, c.err, c.want)
		}
	}
}

func second(_ []byte, err error) error { return err }

// TestEmbeddedMessage checks that a struct with an embedded message is not
// taken for that message.
func TestEmbeddedMessage(t *testing.T) {
	type more struct {
		*wrapperspb.StringValue
		Extra int
	}
	want := &more{wrapperspb.String("a"), 5}
	codec := json.New()
	b, err := codec.Append(nil, want)
	if err != nil || string(b) != `{"StringValue":"a","Extra":5}` {
		t.Fatalf("%s, %v", b, err)
	}
	got := new(more)
	if err := codec.Decode(b, got); err != nil || got.Extra != 5 || !proto.Equal(got.StringValue, want.StringValue) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSupports(t *testing.T) {
	codec := json.New()
	if err := codec.Supports(curlew.Unary[args, wrapperspb.BoolValue]("S/M", nil)); err != nil {
		t.Error(err)
	}
	if err := codec.Supports(curlew.NewMethod("S/M", curlew.KindUnary)); err != nil {
		t.Error(err)
	}
	bad := curlew.Unary("S/M", func(context.Context, *args) (*struct{ F any }, error) { return nil, nil })
	if err := codec.Supports(bad); err == nil || !strings.Contains(err.Error(), ".F: interface type") {
		t.Error(err)
	}
}
