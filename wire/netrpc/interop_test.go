// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/rpc"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// call is what Go's client and ours have in common.
type call func(method string, args, reply any) error

// ours calls through a session of ours, by name as c.Call does.
func ours(t testing.TB, s wire.Session) call {
	caller := wire.NewCaller(s)
	return func(method string, args, reply any) error {
		return caller.Invoke(t.Context(), curlew.NewMethod(method, curlew.KindUnary), args, reply)
	}
}

// goServer serves the receivers by Go's own server until the test ends.
func goServer(t testing.TB, receivers ...any) *wire.Remote {
	t.Helper()
	server := rpc.NewServer()
	for _, r := range receivers {
		assert.NoError(t, server.Register(r))
	}
	network := mem.New()
	l, err := network.Listen("")
	assert.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { server.ServeConn(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return &wire.Remote{Address: l.Addr().String(), Dial: network.DialContext, Logger: slog.New(slog.DiscardHandler)}
}

// TestInterop makes the same calls from Go's client to our server, from ours to
// Go's server, and from ours to ours.
func TestInterop(t *testing.T) {
	w := serve(t, wire.Limits{}, reflected(t, Arith{}, Echo{})...)
	for name, c := range map[string]call{
		"Go's client":                 w.goClient().Call,
		"Go's server":                 ours(t, connect(t, netrpc.New(), goServer(t, Arith{}, Echo{}))),
		"ours on both sides":          ours(t, w.session(wire.Limits{})),
		"Go's client, over HTTP":      dialHTTP(t, w).Call,
		"Go's server, over HTTP":      ours(t, connect(t, netrpc.NewHTTP(""), goHTTPServer(t, Arith{}, Echo{}))),
		"ours on both sides, by HTTP": ours(t, connectHTTP(t, w)),
	} {
		t.Run(name, func(t *testing.T) {
			var product int
			assert.NoError(t, c("Arith.Multiply", &Args{7, 8}, &product))
			assert.Equal(t, product, 56)
			var quotient Reply
			assert.NoError(t, c("Arith.Divide", Args{56, 7}, &quotient), "arguments by value")
			assert.Equal(t, quotient, Reply{8})
			err := c("Arith.Divide", &Args{A: 1}, &quotient)
			assert.Equal(t, fmt.Sprint(err), "divide by zero")
			assert.True(t, c("Arith.Nothing", &Args{}, &product) != nil, "an unknown method is an error")
			assert.True(t, c("Nobody.Multiply", &Args{}, &product) != nil, "an unknown service is an error")
			assert.True(t, c("Arith.Multiply", &Reply{5}, &product) != nil, "arguments of another type are an error")

			var all Everything
			assert.NoError(t, c("Echo.Everything", everything(), &all))
			assert.Equal(t, &all, everything())
			for _, text := range []string{"", "x", strings.Repeat("long ", 100_000)} {
				got := ""
				assert.NoError(t, c("Echo.Text", text, &got))
				assert.Equal(t, got, text)
			}
			var empty []byte
			assert.NoError(t, c("Echo.Bytes", []byte{}, &empty))
			assert.Equal(t, len(empty), 0)

			var beside sync.WaitGroup
			for i := range 50 {
				beside.Go(func() {
					var product int
					if err := c("Arith.Multiply", &Args{i, i}, &product); err != nil || product != i*i {
						t.Errorf("%d * %d = %d, %v", i, i, product, err)
					}
				})
			}
			beside.Wait()
		})
	}
}

// TestEmptyErrorText: on the wire no text means no error, so an error needs one.
func TestEmptyErrorText(t *testing.T) {
	w := serve(t, wire.Limits{}, reflected(t, Arith{})...)
	assert.Equal(t, fmt.Sprint(w.goClient().Call("Arith.Silent", 1, new(int))), "unknown")
}

func TestErrorsAtOurClient(t *testing.T) {
	c := ours(t, connect(t, netrpc.New(), goServer(t, Arith{})))
	e := assert.ErrorAs[*curlew.Error](t, c("Arith.Divide", &Args{}, new(Reply)))
	assert.Equal(t, e.Message(), "divide by zero")
	assert.Equal(t, e.Code(), curlew.Unknown)
	assert.Equal(t, e.Origin(), curlew.OriginServer)
	assert.Equal(t, e.Progress(), curlew.Answered)
	e = assert.ErrorAs[*curlew.Error](t, c("Arith.Multiply", &Args{1, 2}, new(string)))
	assert.Equal(t, e.Code(), curlew.Internal, "a reply of another type:", e)
	assert.Equal(t, e.Origin(), curlew.OriginLocal)
	assert.Equal(t, e.Progress(), curlew.Answered)
}

// TestNamesWithPackages: a full name goes both ways, whichever separator a
// client writes.
func TestNamesWithPackages(t *testing.T) {
	w := serve(t, wire.Limits{}, messages())
	got := new(durationpb.Duration)
	for _, name := range []string{"proto.Messages.Double", "proto.Messages/Double", "Double"} {
		assert.NoError(t, w.goClient().Call(name, durationpb.New(7), got), name)
		assert.Equal(t, got.AsDuration(), 14)
	}
}

func TestProtobufMessages(t *testing.T) {
	w := serve(t, wire.Limits{}, messages())
	c := wire.NewCaller(w.session(wire.Limits{}))
	invoke := func(m *curlew.Method, in, out any) error { return c.Invoke(t.Context(), m, in, out) }
	d := new(durationpb.Duration)
	assert.NoError(t, invoke(curlew.Unary[durationpb.Duration, durationpb.Duration]("proto.Messages/Double", nil), durationpb.New(21), d))
	assert.Equal(t, d.AsDuration(), 42)
	assert.NoError(t, invoke(curlew.Unary[emptypb.Empty, emptypb.Empty]("proto.Messages/Nothing", nil), &emptypb.Empty{}, &emptypb.Empty{}))
	text := new(wrapperspb.StringValue)
	assert.NoError(t, invoke(curlew.Unary[emptypb.Empty, wrapperspb.StringValue]("proto.Messages/Text", nil), &emptypb.Empty{}, text))
	assert.Equal(t, text.Value, "text")

	for _, m := range []*curlew.Method{
		curlew.Unary[structpb.Value, structpb.Value]("proto.Messages/Oneof", nil), // types known: refused before anything is sent
		curlew.NewMethod("proto.Messages/Oneof", curlew.KindUnary),
	} {
		err := invoke(m, structpb.NewBoolValue(true), new(structpb.Value))
		e := assert.ErrorAs[*curlew.Error](t, err)
		assert.Equal(t, e.Code(), curlew.Unimplemented, e)
		assert.Equal(t, e.Progress(), curlew.NotSent)
		assert.Contains(t, e.Message(), "structpb.Value.Kind is an interface")
		assert.Contains(t, e.Message(), "netrpc")
	}
	// The server refuses such a method too, whatever is sent.
	err := w.goClient().Call("proto.Messages.Oneof", &Args{}, new(Reply))
	assert.Contains(t, fmt.Sprint(err), "structpb.Value.Kind is an interface")
	err = w.goClient().Call("proto.Messages.Stream", &Args{}, new(Reply))
	assert.Contains(t, fmt.Sprint(err), "is a server_stream method: the netrpc protocol carries unary calls only")
}

func TestTypesThatEncodeThemselves(t *testing.T) {
	w := serve(t, wire.Limits{}, unary(func(_ context.Context, in *Numbers) (*Numbers, error) {
		return &Numbers{new(big.Int).Mul(in.N, in.N)}, nil
	}))
	var got Numbers
	assert.NoError(t, w.goClient().Call("Test.Do", &Numbers{big.NewInt(1 << 40)}, &got))
	assert.Equal(t, got.N.String(), "1208925819614629174706176")
}

// handOver is what an HTTP server does for DialHTTP.
func (w *world) handOver(out http.ResponseWriter, r *http.Request) {
	conn, rw, err := http.NewResponseController(out).Hijack()
	if err != nil {
		w.t.Error(err)
		return
	}
	if _, err := conn.Write([]byte(netrpc.ConnectReply)); err != nil {
		return
	}
	prefix := make([]byte, rw.Reader.Buffered())
	_, _ = rw.Read(prefix)
	err = netrpc.New().Serve(r.Context(), &wire.Conn{
		Raw: conn, Prefix: prefix, Peer: &curlew.Peer{Addr: conn.RemoteAddr()}, Limits: wire.Limits{}.WithDefaults(),
		Logger: slog.New(slog.DiscardHandler),
	}, w.d)
	if err != nil {
		w.t.Error(err)
	}
}

// web serves h over HTTP at a real address until the test ends.
func web(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	var handlers, serving sync.WaitGroup
	server := &http.Server{Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		h.ServeHTTP(out, r)
	})}
	serving.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		server.Close()
		serving.Wait()
		handlers.Wait()
	})
	return l.Addr().String()
}

func dialHTTP(t testing.TB, w *world) *rpc.Client {
	t.Helper()
	c, err := rpc.DialHTTP("tcp", web(t, http.HandlerFunc(w.handOver)))
	assert.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func tcp(address string) *wire.Remote {
	return &wire.Remote{Network: "tcp", Address: address, Dial: new(net.Dialer).DialContext, Logger: slog.New(slog.DiscardHandler)}
}

func goHTTPServer(t testing.TB, receivers ...any) *wire.Remote {
	t.Helper()
	server := rpc.NewServer()
	for _, r := range receivers {
		assert.NoError(t, server.Register(r))
	}
	mux := http.NewServeMux()
	mux.Handle(netrpc.ConnectPath, server)
	return tcp(web(t, mux))
}

func connectHTTP(t testing.TB, w *world) wire.Session {
	t.Helper()
	return connect(t, netrpc.NewHTTP("/rpc"), tcp(web(t, http.HandlerFunc(w.handOver))))
}

func TestConnectRefused(t *testing.T) {
	for name, test := range map[string]struct {
		path, reply, want string
	}{
		"no such path":     {"/x", "HTTP/1.1 404 Not Found\r\n\r\n", `unexpected answer "HTTP/1.1 404 Not Found"`},
		"another 200":      {"/x", "HTTP/1.1 200 OK\r\n\r\n", `unexpected answer "HTTP/1.1 200 OK"`},
		"no HTTP":          {"/x", "SSH-2.0\n\n", `unexpected answer "SSH-2.0"`},
		"an endless head":  {"/x", strings.Repeat("x", 8<<10), "does not end"},
		"hangs up":         {"/x", "HTTP/1.0 200", `after "HTTP/1.0 200": EOF`},
		"a path with a LF": {"/x\n\nGET /", "", "has a space or a line end"},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := mem.Pipe()
			var answering sync.WaitGroup
			answering.Go(func() {
				if test.reply != "" {
					_, _ = far.Read(make([]byte, 100))
				}
				_, _ = far.Write([]byte(test.reply))
				far.Close()
			})
			defer answering.Wait()
			r := &wire.Remote{Address: "somewhere", Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
			_, err := netrpc.NewHTTP(test.path).Connect(t.Context(), r)
			e := assert.ErrorAs[*curlew.Error](t, err)
			assert.Contains(t, e.Message(), test.want)
			assert.Contains(t, e.Message(), "somewhere")
			assert.Equal(t, e.Progress(), curlew.NotSent)
			assert.Equal(t, e.Code(), curlew.Unavailable)
		})
	}
}
