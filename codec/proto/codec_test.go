// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proto_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
)

var _ curlew.Codec = (*proto.Codec)(nil)

type args struct{ A, B int }

func Example() {
	type Args struct{ A, B int }
	codec := proto.New()
	b, _ := codec.Append(nil, &Args{A: 7, B: 8})
	fmt.Printf("% x\n", b)

	var got Args
	err := codec.Decode(b, &got)
	fmt.Println(got, err)
	// Output:
	// 08 07 10 08
	// {7 8} <nil>
}

// TestPlainAndGenerated checks that a plain int and a generated message with
// one field are the same bytes.
func TestPlainAndGenerated(t *testing.T) {
	codec := proto.New()
	n := 150
	for _, in := range []any{&n, n, wrapperspb.Int64(150)} {
		b, err := codec.Append([]byte("x"), in)
		if err != nil || string(b) != "x\x08\x96\x01" {
			t.Fatalf("Append(%T) = %x, %v", in, b, err)
		}
		var plain int
		var generated wrapperspb.Int64Value
		if err := codec.Decode(b[1:], &plain); err != nil || plain != 150 {
			t.Errorf("%d, %v", plain, err)
		}
		if err := codec.Decode(b[1:], &generated); err != nil || generated.Value != 150 {
			t.Errorf("%d, %v", generated.Value, err)
		}
	}
}

func TestErrors(t *testing.T) {
	codec := proto.New()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", second(codec.Append(nil, nil)), "nil interface"},
		{"nil struct", second(codec.Append(nil, (*args)(nil))), "got a nil *proto_test.args"},
		{"nil message", second(codec.Append(nil, (*wrapperspb.BoolValue)(nil))), "got a nil *wrapperspb.BoolValue"},
		{"decode nil", codec.Decode(nil, (*args)(nil)), "got a nil *proto_test.args"},
		{"decode into nothing", codec.Decode(nil, nil), "nil interface"},
		{"function", second(codec.Append(nil, new(func()))), "func type"},
		{"truncated", codec.Decode([]byte{8}, new(args)), "ends in the middle"},
		{"not UTF-8", second(codec.Append(nil, &struct{ S string }{"\xff"})), "not valid UTF-8"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, c.err, c.want)
		}
	}
}

func second(_ []byte, err error) error { return err }

func TestSupports(t *testing.T) {
	codec := proto.New()
	if err := codec.Supports(curlew.Unary[args, wrapperspb.BoolValue]("S/M", nil)); err != nil {
		t.Error(err)
	}
	err := codec.Supports(curlew.Unary[args, struct{ C chan int }]("S/M", nil))
	if err == nil || !strings.Contains(err.Error(), ".C: chan type") {
		t.Error(err)
	}
}
