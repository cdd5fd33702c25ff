// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
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

type message struct {
	N    int
	Data []byte
}

var (
	callEcho  = curlew.Unary[message, message]("Test/Echo", nil)
	callCount = curlew.ServerStream[message, message]("Test/Count", nil)
)

func service() *curlew.Service {
	return curlew.NewService("Test",
		curlew.Unary("Echo", func(_ context.Context, m *message) (*message, error) { return m, nil }),
		curlew.ServerStream("Count", func(ctx context.Context, m *message, out curlew.Sender[message]) error {
			for range m.N {
				if err := out.Send(ctx, m); err != nil {
					return err
				}
			}
			return nil
		}),
	)
}

// overGRPC connects to a server of the service by gRPC and runs f.
func overGRPC(tb testing.TB, line string, f func(curlew.Caller)) {
	near, far := lines[line](tb)
	d, err := dispatch.New(dispatch.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	if err := d.Register(service()); err != nil {
		tb.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	served := make(chan error, 1)
	framing := h2.New([]wire.HTTPProtocol{grpc.NewServer([]curlew.Codec{proto.New()})})
	go func() {
		served <- framing.Serve(context.Background(), &wire.Conn{
			Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()},
			Limits: wire.Limits{}.WithDefaults(), Logger: logger, Draining: make(chan struct{}),
		}, d)
	}()
	remote := &wire.Remote{Network: line, Address: "server", Authority: "server", Logger: logger}
	remote.Dial = func(context.Context, string, string) (net.Conn, error) { return near, nil }
	session, err := grpc.NewClient(h2.Dial, proto.New()).Connect(tb.Context(), remote)
	if err != nil {
		tb.Fatal(err)
	}
	f(wire.NewCaller(session))
	session.Close(nil)
	<-served
	d.Shutdown(context.Background())
}

var sizes = []struct {
	name string
	n    int
}{{"64B", 64}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}}

// BenchmarkUnary makes unary gRPC calls end to end, by one caller and by 64.
func BenchmarkUnary(b *testing.B) {
	for _, line := range []string{"mem", "tcp"} {
		for _, callers := range []int{1, 64} {
			for _, size := range sizes {
				b.Run(fmt.Sprintf("%s/callers=%d/%s", line, callers, size.name), func(b *testing.B) {
					overGRPC(b, line, func(c curlew.Caller) { echoing(b, c, callers, size.n) })
				})
			}
		}
	}
}

func echoing(b *testing.B, c curlew.Caller, callers, size int) {
	request := &message{Data: make([]byte, size)}
	ctx := b.Context()
	call := func(reply *message) {
		if err := c.Invoke(ctx, callEcho, request, reply); err != nil || len(reply.Data) != size {
			b.Errorf("%d bytes, %v", len(reply.Data), err)
		}
	}
	for range 100 { // until the method is known to be short
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
			overGRPC(b, line, func(c curlew.Caller) {
				in, err := curlew.OpenServerStream[message, message](b.Context(), c, callCount, &message{N: 1 << 40, Data: make([]byte, 128)})
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
