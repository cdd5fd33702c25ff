// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
)

type vector struct {
	name  string
	bytes []byte
}

// vectors are made by the code that serves and calls.
func vectors() []vector {
	p := New(raw.New())
	c := newConn(p, nil, wire.Limits{}.WithDefaults(), nil)
	echo := curlew.NewMethod("echo.v1.Echo/Say", curlew.KindUnary)
	buf := func(s string) *bufpool.Buf { return &bufpool.Buf{B: []byte(s)} }
	call := func(id uint64, m *curlew.Method, timeout uint64, header curlew.Header, msg string, sent int) []byte {
		s := &clientStream{}
		s.c, s.id, s.method, s.codec = c, id, m, namedProto{}
		var call curlew.Call
		call.BeginClient(context.Background(), m, &curlew.CallOptions{Header: header}, nil, nil)
		ref, define := c.methodsOut.ref(m)
		return s.appendCall(nil, &call, ref, define, timeout, &outgoing{buf: buf(msg)}, sent)
	}
	piece := func(id uint64, msg string, off int) []byte {
		s := &stream{c: c, id: id}
		b := c.writer.Buffer()
		at := len(b.B)
		s.appendPiece(&outgoing{buf: buf(msg)}, off, len(msg)-off, false, true)
		return slices.Clone(c.writer.Buffer().B[at:])
	}
	data, start := beginFrame(nil, frameData, flagEnd, 3)
	data = endFrame(data, start)
	notFound := curlew.NewError(curlew.NotFound, "no such user").WithDetails(curlew.Detail{TypeURL: "t/x.Y", Value: []byte{1, 2}})
	trailer := curlew.NewHeader("took", "3ms")
	drain, start := beginFrame(nil, frameDrain, 0, 0)
	drain = endFrame(appendString(appendUvarint(drain, 7), "shutting down"), start)
	return []vector{
		{"magic", []byte(magic)},
		{"hello", appendHello(nil, func() settings { s := defaultSettings(); s.maxStreams = 0; return s }())},
		{"call, first of its method, 1 s, header traceparent and x-shard, message \"hi\"",
			call(1, echo, 1e6, curlew.NewHeader("traceparent", "00-1-2-01", "x-shard", "7"), "hi", 2)},
		{"the same call again", call(3, echo, 1e6, curlew.NewHeader("traceparent", "00-1-2-01", "x-shard", "7"), "hi", 2)},
		{"warm call with a deadline and message \"hi\"", call(5, echo, 1e6, curlew.Header{}, "hi", 2)},
		{"call with the first 2 of 5 bytes of a message", call(7, echo, 0, curlew.Header{}, "hello", 2)},
		{"the rest of it", piece(7, "hello", 2)},
		{"end of requests without a message", data},
		{"status, OK, with message \"hi\"", c.appendStatus(nil, 5, nil, nil, nil, buf("hi"), 0)},
		{"status, not found, with a detail and a trailer", c.appendStatus(nil, 7, nil, &trailer, notFound, nil, 0)},
		{"status, unavailable, not begun", c.appendStatus(nil, 9, nil, nil, curlew.NewError(curlew.Unavailable, "full").WithProgress(curlew.Refused), nil, 0)},
		{"credit of 65,536 for stream 5", appendControl(nil, frameCredit, 5, 65536)},
		{"ping 1", appendControl(nil, framePing, 0, 1)},
		{"pong 1", appendControl(nil, framePong, 0, 1)},
		{"drain after stream 7", drain},
	}
}

// namedProto passes bytes through under the name of the default codec.
type namedProto struct{ raw.Codec }

func (namedProto) Name() string { return "proto" }

// TestVectors checks the test vectors of docs/protocol.md.
func TestVectors(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(doc), "```vectors\n")
	block, _, end := strings.Cut(block, "```")
	if !ok || !end {
		t.Fatal("docs/protocol.md has no block of vectors")
	}
	var want strings.Builder
	for _, v := range vectors() {
		fmt.Fprintf(&want, "%s:\n    %s\n", v.name, hex.EncodeToString(v.bytes))
	}
	if block != want.String() {
		t.Errorf("the vectors in docs/protocol.md are not those of the code, which are\n%s", want.String())
	}
}

// TestVectorsParse reads the vectors back.
func TestVectorsParse(t *testing.T) {
	c := newConn(New(raw.New()), nil, wire.Limits{}.WithDefaults(), nil)
	for _, v := range vectors()[1:] {
		f, n, err := parseFrame(v.bytes)
		if err != nil || n != len(v.bytes) {
			t.Errorf("%s: %d of %d bytes, %v", v.name, n, len(v.bytes), err)
			continue
		}
		r := &reader{b: f.payload}
		switch f.typ {
		case frameHello:
			if s, err := parseHello(f.payload); err != nil || s.maxStreams != 0 || s.streamWindow != initialWindow {
				t.Errorf("%s: %+v, %v", v.name, s, err)
			}
		case frameCall:
			if call, err := c.parseCall(r); err != nil || call.method.name != "echo.v1.Echo/Say" {
				t.Errorf("%s: %+v, %v", v.name, call, err)
			}
		case frameStatus:
			if st, err := c.parseStatus(&f, r); err != nil || (st.err == nil) != (f.flags&flagMessage != 0) {
				t.Errorf("%s: %+v, %v", v.name, st, err)
			}
		}
	}
}

// TestOverhead holds the budget of a warm unary call: 24 bytes beside the
// messages.
func TestOverhead(t *testing.T) {
	v := vectors()
	if n := len(v[4].bytes) + len(v[8].bytes) - 2*len("hi"); n > 24 {
		t.Errorf("a warm unary call with a deadline has %d bytes beside its messages, want at most 24", n)
	}
}
