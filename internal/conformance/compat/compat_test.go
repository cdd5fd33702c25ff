// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compat_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/conformance/compat"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

func TestPipe(t *testing.T) {
	var pipe bytes.Buffer
	sent := []*conformancev1.Header{{Name: "a", Value: []string{"1", "2"}}, {}}
	for _, m := range sent {
		if err := compat.Write(&pipe, m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range sent {
		got := new(conformancev1.Header)
		if err := compat.Read(&pipe, got); err != nil || !proto.Equal(got, want) {
			t.Errorf("read %v, %v, want %v", got, err, want)
		}
	}
	if err := compat.Read(&pipe, new(conformancev1.Header)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for _, bad := range []string{"\x00", "\x00\x00\x00\x05ab", "\xff\xff\xff\xff"} {
		if err := compat.Read(bytes.NewBufferString(bad), new(conformancev1.Header)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestHeader(t *testing.T) {
	var h curlew.Header
	compat.AddHeader(&h, []*conformancev1.Header{
		{Name: "X-Text", Value: []string{"one", "two"}},
		{Name: "x-data-bin", Value: []string{"AAEC", "/w=="}},
	})
	if got := h.Values("x-data-bin"); !slices.Equal(got, []string{"\x00\x01\x02", "\xff"}) {
		t.Errorf("binary values are %q", got)
	}
	got := compat.Header(&h)
	if len(got) != 2 || got[0].GetName() != "x-text" || !slices.Equal(got[0].GetValue(), []string{"one", "two"}) ||
		!slices.Equal(got[1].GetValue(), []string{"AAEC", "/w"}) {
		t.Errorf("back again: %v", got)
	}
}

func TestError(t *testing.T) {
	detail, err := anypb.New(&conformancev1.Header{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	message := "gone"
	want := &conformancev1.Error{Code: conformancev1.Code_CODE_NOT_FOUND, Message: &message, Details: []*anypb.Any{detail}}
	if got := compat.FromError(compat.Error(want)); !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	bare := curlew.NewError(curlew.Aborted, "").WithDetails(curlew.Detail{TypeURL: "a.B"})
	if got := compat.FromError(bare).GetDetails()[0].GetTypeUrl(); got != "type.googleapis.com/a.B" {
		t.Errorf("the type of a detail is %q", got)
	}
	if compat.FromError(nil) != nil {
		t.Error("no error became one")
	}
}
