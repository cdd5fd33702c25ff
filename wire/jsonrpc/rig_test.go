// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	gorpc "net/rpc"
	gojson "net/rpc/jsonrpc"
	"runtime"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
)

type Args struct{ A, B int }

type Reply struct{ C int }

// Arith is the service of the net/rpc documentation. Go's server and ours serve
// the same value.
type Arith struct{}

func (Arith) Multiply(a *Args, reply *int) error {
	*reply = a.A * a.B
	return nil
}

func (Arith) Divide(a Args, reply *Reply) error {
	if a.B == 0 {
		return errors.New("divide by zero")
	}
	reply.C = a.A / a.B
	return nil
}

func (Arith) Squares(n int, reply *[]int) error {
	for i := range n {
		*reply = append(*reply, i*i)
	}
	return nil
}

// Item has fields of several names and types.
type Item struct {
	Embedded
	Name   string `json:"name"`
	Count  int64  `json:"count,omitempty"`
	Secret string `json:"-"`
	_      int
	Tags   []string
}

type Embedded struct{ ID int }

// moody's methods do what the test wants.
type moody struct{ mood string }

func (m moody) MarshalJSON() ([]byte, error) {
	switch m.mood {
	case "fail to leave":
		return nil, errors.New("not today")
	case "panic to leave":
		panic("swordfish")
	case "exit while leaving":
		runtime.Goexit()
	}
	return json.Marshal(m.mood)
}

func (m *moody) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &m.mood); err != nil {
		return err
	}
	switch m.mood {
	case "fail to arrive":
		return errors.New("not here")
	case "panic to arrive":
		panic("swordfish")
	}
	return nil
}

type Bag struct {
	Before []string
	Mood   moody
}

// rig is a server and the network around it.
type rig struct {
	t       testing.TB
	network *mem.Network
	address string
	source  *wire.Listener
	d       *dispatch.Dispatcher
	log     logBuffer
	served  chan error
}

// logBuffer is a log that a test can look at.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// echo returns its request.
func echo[M any](_ context.Context, m *M) (*M, error) { return m, nil }

// services are what most tests call.
func services(t testing.TB) []*curlew.Service {
	t.Helper()
	arith, err := curlew.Reflect(Arith{})
	assert.NoError(t, err)
	return []*curlew.Service{
		arith,
		curlew.NewService("Test",
			curlew.Unary("Item", echo[Item]),
			curlew.Unary("Text", echo[string]),
			curlew.Unary("Bag", func(_ context.Context, in *Bag) (*Bag, error) {
				if len(in.Before) > 0 { // a mood to return
					return &Bag{Mood: moody{in.Before[0]}}, nil
				}
				return in, nil
			}),
			curlew.Unary("Fail", func(_ context.Context, code *curlew.Code) (*string, error) {
				d, err := curlew.NewDetail(durationpb.New(7))
				assert.NoError(t, err)
				return nil, curlew.NewError(*code, "so it is").WithDetails(d)
			}),
			curlew.Unary("Wait", func(ctx context.Context, _ *string) (*string, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}),
			curlew.ServerStream("Stream", func(context.Context, *string, curlew.Sender[string]) error { return nil }),
		),
		curlew.NewService("proto.Messages",
			curlew.Unary("Double", func(_ context.Context, in *durationpb.Duration) (*durationpb.Duration, error) {
				return durationpb.New(2 * in.AsDuration()), nil
			}),
			curlew.Unary("Value", echo[structpb.Value]),
			curlew.Unary("Struct", echo[structpb.Struct]),
		),
	}
}

// serve serves in memory until the test ends.
func serve(t testing.TB, limits wire.Limits, services ...*curlew.Service) *rig {
	t.Helper()
	r := &rig{t: t, network: mem.New(), served: make(chan error, 1)}
	logger := slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	r.d, err = dispatch.New(dispatch.Config{Logger: logger})
	assert.NoError(t, err)
	assert.NoError(t, r.d.Register(services...))
	l, err := r.network.Listen("")
	assert.NoError(t, err)
	r.address = l.Addr().String()
	r.source, err = wire.NewListener(l, wire.ListenerConfig{
		Framings: []wire.Framing{jsonrpc.New(jsonrpc.Version2)}, Limits: limits, Logger: logger,
	})
	assert.NoError(t, err)
	go func() { r.served <- r.source.Serve(context.Background(), r.d) }()
	t.Cleanup(r.stop)
	return r
}

func (r *rig) stop() {
	r.source.Close()
	assert.NoError(r.t, <-r.served)
	r.served <- nil
	assert.NoError(r.t, r.d.Shutdown(context.Background()))
	if r.t.Failed() {
		r.t.Log(r.log.String())
	}
}

func (r *rig) dial() *mem.Conn {
	r.t.Helper()
	conn, err := r.network.Dial(context.Background(), r.address)
	assert.NoError(r.t, err)
	return conn
}

// say sends text to a new connection, closes this side of it, and returns all
// that the server answers.
func (r *rig) say(text string) string {
	r.t.Helper()
	conn := r.dial()
	defer conn.Close()
	var sending sync.WaitGroup
	sending.Go(func() {
		_, _ = conn.Write([]byte(text)) // the server may hang up before
		_ = conn.CloseWrite()
	})
	answer, _ := io.ReadAll(conn)
	sending.Wait()
	return string(answer)
}

// session is our client's session with the server.
func (r *rig) session(v jsonrpc.Version, limits wire.Limits) wire.Session {
	r.t.Helper()
	return connect(r.t, v, &wire.Remote{Address: r.address, Dial: r.network.DialContext, Limits: limits})
}

func connect(t testing.TB, v jsonrpc.Version, remote *wire.Remote) wire.Session {
	t.Helper()
	remote.Logger = slog.New(slog.DiscardHandler)
	s, err := jsonrpc.New(v).Connect(t.Context(), remote)
	assert.NoError(t, err)
	t.Cleanup(func() { s.Close(nil) })
	return s
}

// dialer dials one connection that exists already.
func dialer(conn net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return conn, nil }
}

// call is what Go's client and ours have in common.
type call func(method string, args, reply any) error

func ours(t testing.TB, s wire.Session) call {
	caller := wire.NewCaller(s)
	return func(method string, args, reply any) error {
		return caller.Invoke(t.Context(), curlew.NewMethod(method, curlew.KindUnary), args, reply)
	}
}

func (r *rig) goClient() *gorpc.Client {
	c := gojson.NewClient(r.dial())
	r.t.Cleanup(func() { c.Close() })
	return c
}

// goServer serves Arith by Go's own server until the test ends.
func goServer(t testing.TB) *wire.Remote {
	t.Helper()
	server := gorpc.NewServer()
	assert.NoError(t, server.Register(Arith{}))
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
			running.Go(func() { server.ServeCodec(gojson.NewServerCodec(conn)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return &wire.Remote{Address: l.Addr().String(), Dial: network.DialContext}
}

func facts(t *testing.T, err error, code curlew.Code, origin curlew.Origin, progress curlew.Progress) *curlew.Error {
	t.Helper()
	e := assert.ErrorAs[*curlew.Error](t, err)
	assert.Equal(t, e.Code(), code, e)
	assert.Equal(t, e.Origin(), origin, e)
	assert.Equal(t, e.Progress(), progress, e)
	return e
}
