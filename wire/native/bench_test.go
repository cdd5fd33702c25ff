// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// BenchmarkEncode appends the two frames of a warm unary call.
func BenchmarkEncode(b *testing.B) {
	c := newConn(New(raw.New()), nil, wire.Limits{}.WithDefaults(), nil)
	m := curlew.NewMethod("echo.v1.Echo/Say", curlew.KindUnary)
	msg := bufpool.Get(64)
	defer msg.Free()
	into := make([]byte, 0, 4<<10)
	for name, header := range map[string]curlew.Header{"CALL": {}, "CALL with a header": curlew.NewHeader("traceparent", "00-1-2-01", "x-shard", "7")} {
		var call curlew.Call
		call.BeginClient(context.Background(), m, &curlew.CallOptions{Header: header}, nil, nil)
		s := &clientStream{}
		s.c, s.id, s.method, s.codec = c, 1, m, namedProto{}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				id, define := c.methodsOut.ref(m)
				s.appendCall(into, &call, id, define, 1e6, &outgoing{buf: msg}, len(msg.B))
			}
		})
	}
	b.Run("STATUS", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.appendStatus(into, 1, nil, nil, nil, msg, 0)
		}
	})
}

// BenchmarkParse parses frames as the read loop does.
func BenchmarkParse(b *testing.B) {
	frames := make(map[string][]byte)
	for _, v := range vectors() {
		frames[v.name] = v.bytes
	}
	c := newConn(New(raw.New()), nil, wire.Limits{}.WithDefaults(), nil)
	for _, test := range []struct{ name, vector string }{
		{"CALL with a header", `call, first of its method, 1 s, header traceparent and x-shard, message "hi"`},
		{"CALL", `warm call with a deadline and message "hi"`},
		{"STATUS", `status, OK, with message "hi"`},
		{"STATUS with an error", "status, not found, with a detail and a trailer"},
	} {
		in := frames[test.vector]
		parse := func() error {
			f, n, err := parseFrame(in)
			if err != nil || n != len(in) {
				b.Fatalf("%s: %d of %d bytes, %v", test.name, n, len(in), err)
			}
			r := &reader{b: f.payload}
			if f.typ == frameCall {
				_, err = c.parseCall(r)
			} else {
				_, err = c.parseStatus(&f, r)
			}
			return err
		}
		if err := parse(); err != nil { // defines names
			b.Fatalf("%s: %v", test.name, err)
		}
		in = frames[map[bool]string{true: "the same call again", false: test.vector}[test.name == "CALL with a header"]]
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parse()
			}
		})
	}
}

// BenchmarkIntern refers to methods and header names that are known.
func BenchmarkIntern(b *testing.B) {
	var methods methodSender
	var names nameSender
	var known []*curlew.Method
	for i := range 16 {
		known = append(known, curlew.NewMethod("echo.v1.Echo/Say"+string(rune('A'+i)), curlew.KindUnary))
	}
	b.Run("method", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			methods.ref(known[i%len(known)])
		}
	})
	b.Run("header", func(b *testing.B) {
		h := curlew.NewHeader("traceparent", "00-1-2-01", "x-shard", "7", "authorization", "Bearer 123")
		into := make([]byte, 0, 1<<10)
		var back nameReceiver
		first := names.appendHeader(nil, &h)
		back.header(&reader{b: first}, maxBlock)
		b.ReportAllocs()
		for b.Loop() {
			r := reader{b: names.appendHeader(into, &h)}
			if got := back.header(&r, maxBlock); got.Len() != 3 {
				b.Fatal(r.err)
			}
		}
	})
}

// BenchmarkWindows counts a message through both sides' windows.
func BenchmarkWindows(b *testing.B) {
	recv := mux.RecvWindow{Size: initialWindow, Granted: initialWindow}
	send := sendWindow{initialWindow}
	const cost = 128 + frameCost
	b.ReportAllocs()
	for b.Loop() {
		if send.room(128) != 128 {
			b.Fatal("no credit")
		}
		send.take(128)
		if !recv.Receive(cost) {
			b.Fatal("beyond the credit")
		}
		recv.Consume(cost)
		if n := recv.Refill(); n > 0 {
			send.add(uint64(n))
		}
	}
}
