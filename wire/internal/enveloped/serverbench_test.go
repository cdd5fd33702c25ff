// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package enveloped_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
)

// cheapExchange is an exchange that costs next to nothing: what is left is the
// protocol.
type cheapExchange struct {
	request wire.HTTPRequest
	body    string
	at      int
	sent    int
	ends    int
}

func (x *cheapExchange) Request() *wire.HTTPRequest { return &x.request }

func (x *cheapExchange) Complete() bool { return true }

func (x *cheapExchange) Read(_ context.Context, p []byte) (int, error) {
	if x.at == len(x.body) {
		return 0, io.EOF
	}
	n := copy(p, x.body[x.at:])
	x.at += n
	return n, nil
}

func (x *cheapExchange) Respond(int, wire.Fields) error { return nil }

func (x *cheapExchange) Write(_ context.Context, p []byte) (int, error) {
	x.sent += len(p)
	return len(p), nil
}

func (x *cheapExchange) End(last []byte, _ wire.Fields) error {
	x.sent += len(last)
	x.ends++
	return nil
}

func (x *cheapExchange) Flush() error          { return nil }
func (x *cheapExchange) Reset(error)           {}
func (x *cheapExchange) Attach(*wire.Incoming) {}

// direct is a dispatcher whose Go runs the call here and now.
type direct struct{ *dispatch.Dispatcher }

func (direct) Go(in *wire.Incoming) {
	ctx := in.HandlerContext()
	in.Call.BeginServer(ctx, in.Target.Method, &in.Header, in.Peer, in.Stream)
	err := curlew.ErrorOf(in.Target.Handler(ctx, &in.Call))
	var reply any
	if err == nil && !in.Target.Method.Kind().ManyReplies() {
		reply, _ = in.Call.Reply()
	}
	in.Stream.Finish(reply, err)
	in.Cancel(nil)
}

// served returns an exchange of gRPC for a method, and what serves it.
func served(tb testing.TB, method, body string) (*cheapExchange, func()) {
	d := direct{birds(tb)}
	s := grpc.NewServer([]curlew.Codec{proto.New()})
	x := &cheapExchange{request: dialectNamed("grpc").call(method, "", "te", "trailers", "user-agent", "grpc-go/1.85.0", "grpc-timeout", "5S").request, body: body}
	ctx := tb.Context()
	return x, func() {
		x.at = 0
		if s.Match(&x.request, d) == wire.Yes {
			s.Serve(ctx, x, d)
		}
	}
}

func BenchmarkServer(b *testing.B) {
	for _, bench := range []struct{ name, method, body string }{
		{"unary 64B", "Echo", texts(strings.Repeat("x", 62))},
		{"unary 64KiB", "Echo", texts(strings.Repeat("x", 64<<10))},
		{"stream of 100 64B", "Parrot", strings.Repeat(texts(strings.Repeat("x", 62)), 100)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			x, serve := served(b, bench.method, bench.body)
			b.SetBytes(int64(2 * len(bench.body)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				serve()
				n++
			}
			if bench.method == "Echo" {
				assert.Equal(b, x.ends, n)
			}
		})
	}
}

// TestServerAllocations: the stream with all of the call in it, and the header's
// fields; the rest are the message's own and the dispatcher's.
func TestServerAllocations(t *testing.T) {
	x, serve := served(t, "Echo", texts("curlew"))
	serve()
	allocs := testing.AllocsPerRun(1000, serve)
	if x.ends != 1002 {
		t.Fatalf("%d calls were answered", x.ends)
	}
	// Two for the message and its text.
	if allocs > 2+2 {
		t.Errorf("%v allocations, want at most 4", allocs)
	}
}
