// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package raw_test

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
)

var _ curlew.Codec = raw.Codec{}

func TestRoundTrip(t *testing.T) {
	codec := raw.New()
	in := []byte("hello")
	b, err := codec.Append([]byte("x"), &in)
	if err != nil || string(b) != "xhello" {
		t.Fatalf("%q, %v", b, err)
	}
	out := []byte("earlier")
	earlier := out
	if err := codec.Decode(b[1:], &out); err != nil {
		t.Fatal(err)
	}
	clear(b) // buffers are used again
	if string(out) != "hello" || string(earlier) != "earlier" {
		t.Errorf("got %q, and what was there before is now %q", out, earlier)
	}
}

func TestName(t *testing.T) {
	if a, b := raw.New().Name(), raw.Named("proto").Name(); a != "raw" || b != "proto" {
		t.Errorf("the names are %q and %q", a, b)
	}
}

func TestErrors(t *testing.T) {
	codec := raw.New()
	for _, message := range []any{nil, "text", []byte("text"), (*[]byte)(nil), new(int)} {
		if _, err := codec.Append(nil, message); err == nil || !strings.HasPrefix(err.Error(), "raw: ") {
			t.Errorf("Append(%T): %v", message, err)
		}
		if err := codec.Decode(nil, message); err == nil || !strings.HasPrefix(err.Error(), "raw: ") {
			t.Errorf("Decode(%T): %v", message, err)
		}
	}
}

func TestSupports(t *testing.T) {
	codec := raw.New()
	for _, c := range []struct {
		method *curlew.Method
		ok     bool
	}{
		{curlew.Unary[[]byte, []byte]("S/M", nil), true},
		{curlew.NewMethod("S/M", curlew.KindBidi), true},
		{curlew.Unary[[]byte, string]("S/M", nil), false},
	} {
		if err := codec.Supports(c.method); (err == nil) != c.ok {
			t.Errorf("%v", err)
		}
	}
}
