// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
)

// lines make the two ends of a connection.
var lines = map[string]func(testing.TB) (near, far net.Conn){
	"mem": func(testing.TB) (near, far net.Conn) {
		a, b := mem.Pipe()
		return a, b
	},
	"tcp": func(t testing.TB) (near, far net.Conn) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if far, err = listener.Accept(); err != nil {
			t.Fatal(err)
		}
		return near, far
	},
}

// benchmark connects to a server of service and runs a benchmark with callers
// through it.
func benchmark(b *testing.B, line string, bench func(*testing.B, curlew.Caller)) {
	near, far := lines[line](b)
	d, err := dispatch.New(dispatch.Config{})
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Register(service(nil)); err != nil {
		b.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	served := make(chan error, 1)
	go func() {
		served <- native.New().Serve(context.Background(), &wire.Conn{
			Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()},
			Limits: wire.Limits{}.WithDefaults(), Logger: logger, Draining: make(chan struct{}),
		}, d)
	}()
	remote := &wire.Remote{Network: line, Address: "server", Logger: logger}
	remote.Dial = func(context.Context, string, string) (net.Conn, error) { return near, nil }
	session, err := native.New().Connect(b.Context(), remote)
	if err != nil {
		b.Fatal(err)
	}
	bench(b, wire.NewCaller(session))
	session.Close(nil)
	<-served
	d.Shutdown(context.Background())
}

var sizes = []struct {
	name string
	n    int
}{{"64B", 64}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}}

// BenchmarkUnary makes unary calls end to end, by one caller and by 64.
func BenchmarkUnary(b *testing.B) {
	for _, line := range []string{"mem", "tcp"} {
		for _, callers := range []int{1, 64} {
			for _, size := range sizes {
				b.Run(fmt.Sprintf("%s/callers=%d/%s", line, callers, size.name), func(b *testing.B) {
					benchmark(b, line, func(b *testing.B, c curlew.Caller) { echoing(b, c, callers, size.n) })
				})
			}
		}
	}
}

func echoing(b *testing.B, c curlew.Caller, callers, size int) {
	request := &message{Data: make([]byte, size)}
	ctx := b.Context()
	call := func(reply *message) {
		if err := c.Invoke(ctx, echo, request, reply); err != nil || len(reply.Data) != size {
			b.Errorf("%d bytes, %v", len(reply.Data), err)
		}
	}
	for range 100 { // until the method is known, and known to be short
		call(new(message))
	}
	b.ReportAllocs()
	b.SetBytes(int64(2 * size))
	if callers == 1 {
		reply := new(message)
		for b.Loop() {
			call(reply)
		}
		return
	}
	b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		reply := new(message)
		for pb.Next() {
			call(reply)
		}
	})
}

// BenchmarkServerStream receives the messages of one long stream.
func BenchmarkServerStream(b *testing.B) {
	for _, line := range []string{"mem", "tcp"} {
		b.Run(line, func(b *testing.B) {
			benchmark(b, line, func(b *testing.B, c curlew.Caller) {
				in, err := curlew.OpenServerStream[message, message](b.Context(), c, count, &message{N: 1 << 40, Data: make([]byte, 128)})
				if err != nil {
					b.Fatal(err)
				}
				defer in.Close()
				b.ReportAllocs()
				for b.Loop() {
					if _, err := in.Receive(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkChat sends a message and waits for it to come back, on one stream.
func BenchmarkChat(b *testing.B) {
	for _, line := range []string{"mem", "tcp"} {
		b.Run(line, func(b *testing.B) {
			benchmark(b, line, func(b *testing.B, c curlew.Caller) {
				talk, err := curlew.OpenBidi[message, message](b.Context(), c, chat)
				if err != nil {
					b.Fatal(err)
				}
				m := &message{Data: make([]byte, 128)}
				b.ReportAllocs()
				for b.Loop() {
					if err := talk.Send(b.Context(), m); err != nil {
						b.Fatal(err)
					}
					if _, err := talk.Receive(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				talk.CloseSend()
				if _, err := talk.Receive(b.Context()); err != io.EOF {
					b.Fatal(err)
				}
			})
		})
	}
}
