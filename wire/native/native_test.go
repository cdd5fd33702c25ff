// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
)

type message struct {
	Text string
	N    int
	Data []byte
}

// pair is a client's session to a server that serves services.
type pair struct {
	session  wire.Session
	caller   curlew.Caller
	server   *mem.Conn
	client   *mem.Conn
	drain    func()
	served   chan error
	dispatch *dispatch.Dispatcher
}

func connect(t *testing.T, limits wire.Limits, offers *curlew.Service, services ...*curlew.Service) *pair {
	t.Helper()
	d := dispatcher(t, services...)
	p := &pair{served: make(chan error, 1), dispatch: d}
	p.client, p.server = mem.Pipe()
	draining := make(chan struct{})
	p.drain = sync.OnceFunc(func() { close(draining) })
	logger := slog.New(slog.DiscardHandler)
	go func() {
		p.served <- native.New().Serve(context.Background(), &wire.Conn{
			Raw: p.server, Peer: &curlew.Peer{Addr: p.server.RemoteAddr()},
			Limits: limits.WithDefaults(), Logger: logger, Draining: draining,
		}, d)
	}()
	remote := &wire.Remote{Network: "mem", Address: "server", Limits: limits, Logger: logger}
	remote.Dial = func(context.Context, string, string) (net.Conn, error) { return p.client, nil }
	if offers != nil {
		remote.Services = dispatcher(t, offers)
	}
	session, err := native.New().Connect(t.Context(), remote)
	if err != nil {
		t.Fatalf("Connect: %v", err)
	}
	p.session, p.caller = session, wire.NewCaller(session)
	t.Cleanup(func() {
		session.Close(nil)
		if err := <-p.served; err != nil {
			t.Logf("Serve: %v", err)
		}
	})
	return p
}

func dispatcher(t *testing.T, services ...*curlew.Service) *dispatch.Dispatcher {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Register(services...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Shutdown(context.Background()) })
	return d
}

var (
	echo  = curlew.Unary[message, message]("Test/Echo", nil)
	count = curlew.ServerStream[message, message]("Test/Count", nil)
	sum   = curlew.ClientStream[message, message]("Test/Sum", nil)
	chat  = curlew.BidiStream[message, message]("Test/Chat", nil)
	block = curlew.Unary[message, message]("Test/Block", nil)
)

// service is a test service. causes gets the cause of each Block that ends.
func service(causes chan error) *curlew.Service {
	return curlew.NewService("Test",
		curlew.Unary("Echo", func(ctx context.Context, m *message) (*message, error) {
			if m.Text == "fail" {
				return nil, errors.New("divide by zero")
			}
			call := curlew.CallFrom(ctx)
			call.ReplyHeader().Set("seen", call.Header().Get("tell"))
			call.ReplyTrailer().Set("after", "all")
			return m, nil
		}),
		curlew.ServerStream("Count", func(ctx context.Context, m *message, out curlew.Sender[message]) error {
			for i := range m.N {
				if err := out.Send(ctx, &message{N: i, Data: m.Data}); err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.ClientStream("Sum", func(ctx context.Context, in curlew.Receiver[message]) (*message, error) {
			total := &message{}
			for m, err := range in.All(ctx) {
				if err != nil {
					return nil, err
				}
				total.N += m.N
			}
			return total, nil
		}),
		curlew.BidiStream("Chat", func(ctx context.Context, b curlew.Bidi[message, message]) error {
			for m, err := range b.All(ctx) {
				if err != nil {
					return err
				}
				if err := b.Send(ctx, m); err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.Unary("Block", func(ctx context.Context, m *message) (*message, error) {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil, ctx.Err()
		}),
	)
}

func TestKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, wire.Limits{}, nil, service(nil))
		ctx := t.Context()
		var got message
		var header, trailer curlew.Header
		for range 3 {
			err := p.caller.Invoke(ctx, echo, &message{Text: "hello", N: 7}, &got,
				curlew.WithHeader("tell", "me"), curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
			if err != nil || got.Text != "hello" || got.N != 7 {
				t.Fatalf("Echo: %+v, %v", got, err)
			}
		}
		if header.Get("seen") != "me" || trailer.Get("after") != "all" {
			t.Errorf("header %v, trailer %v", header, trailer)
		}

		err := p.caller.Invoke(ctx, echo, &message{Text: "fail"}, &got)
		var e *curlew.Error
		if !errors.As(err, &e) || e.Message() != "divide by zero" || e.Origin() != curlew.OriginServer || e.Progress() != curlew.Answered {
			t.Errorf("Echo(fail): %#v", err)
		}

		in, err := curlew.OpenServerStream[message, message](ctx, p.caller, count, &message{N: 5000, Data: make([]byte, 100)})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for m, err := range in.All(ctx) {
			if err != nil || m.N != n {
				t.Fatalf("Count: message %d is %+v, %v", n, m, err)
			}
			n++
		}
		if n != 5000 {
			t.Errorf("Count: %d messages, want 5000", n)
		}

		up, err := curlew.OpenClientStream[message, message](ctx, p.caller, sum)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			if err := up.Send(ctx, &message{N: i, Data: make([]byte, 300)}); err != nil {
				t.Fatal(err)
			}
		}
		if total, err := up.CloseAndReceive(ctx); err != nil || total.N != 499500 {
			t.Errorf("Sum: %+v, %v", total, err)
		}

		talk, err := curlew.OpenBidi[message, message](ctx, p.caller, chat)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if err := talk.Send(ctx, &message{N: i}); err != nil {
				t.Fatal(err)
			}
			if m, err := talk.Receive(ctx); err != nil || m.N != i {
				t.Fatalf("Chat: %+v, %v", m, err)
			}
		}
		talk.CloseSend()
		if _, err := talk.Receive(ctx); err != io.EOF {
			t.Errorf("Chat after CloseSend: %v, want io.EOF", err)
		}
	})
}

func TestLargeMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, wire.Limits{}, nil, service(nil))
		for _, size := range []int{0, 1, 60 << 10, 65 << 10, 1 << 20, 4<<20 - 16} {
			data := bytes.Repeat([]byte{byte(size)}, size)
			var got message
			if err := p.caller.Invoke(t.Context(), echo, &message{Data: data}, &got); err != nil || !bytes.Equal(got.Data, data) {
				t.Fatalf("Echo of %d bytes: %d bytes, %v", size, len(got.Data), err)
			}
		}
		var got message
		err := p.caller.Invoke(t.Context(), echo, &message{Data: make([]byte, 4<<20)}, &got)
		if !errors.Is(err, curlew.ResourceExhausted) || !strings.Contains(err.Error(), "MaxReceive") {
			t.Errorf("Echo above the limit: %v", err)
		}
		if err := p.caller.Invoke(t.Context(), echo, &message{Text: "still"}, &got); err != nil {
			t.Errorf("Echo after one above the limit: %v", err)
		}
	})
}

func TestCancelAndDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		causes := make(chan error, 1)
		p := connect(t, wire.Limits{}, nil, service(causes))

		why := errors.New("the user has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		err := p.caller.Invoke(ctx, block, &message{}, new(message))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled Block: %v", err)
		}
		if cause := <-causes; !strings.Contains(cause.Error(), why.Error()) {
			t.Errorf("cause in the handler: %v, want %v in it", cause, why)
		}

		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err = p.caller.Invoke(ctx, block, &message{}, new(message))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Block beyond its deadline: %v", err)
		}
		if cause := <-causes; !errors.Is(cause, context.DeadlineExceeded) {
			t.Errorf("cause in the handler: %v", cause)
		}
	})
}

func TestManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, wire.Limits{}, nil, service(nil))
		var wg sync.WaitGroup
		for i := range 3000 {
			wg.Go(func() {
				var got message
				if err := p.caller.Invoke(t.Context(), echo, &message{N: i}, &got); err != nil || got.N != i {
					t.Errorf("call %d: %d, %v", i, got.N, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, wire.Limits{}, nil, service(nil))
		talk, err := curlew.OpenBidi[message, message](t.Context(), p.caller, chat)
		if err != nil {
			t.Fatal(err)
		}
		if err := talk.Send(t.Context(), &message{N: 1}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		p.drain()
		<-p.session.Draining()
		err = p.caller.Invoke(t.Context(), echo, &message{}, new(message))
		var e *curlew.Error
		if !errors.As(err, &e) || !e.Retryable() {
			t.Errorf("call to a draining server: %v, want a retryable error", err)
		}
		if m, err := talk.Receive(t.Context()); err != nil || m.N != 1 {
			t.Errorf("stream of a draining server: %+v, %v", m, err)
		}
		talk.CloseSend()
		if _, err := talk.Receive(t.Context()); err != io.EOF {
			t.Errorf("stream of a draining server: %v, want io.EOF", err)
		}
		if err := <-p.served; err != nil {
			t.Errorf("Serve after draining: %v", err)
		}
		p.served <- nil
	})
}

func TestBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := curlew.Unary[message, message]("Back/Ask", nil)
		offered := curlew.NewService("Back", curlew.Unary("Ask", func(ctx context.Context, m *message) (*message, error) {
			return &message{Text: "answer to " + m.Text}, nil
		}))
		served := curlew.NewService("Front", curlew.Unary("Do", func(ctx context.Context, m *message) (*message, error) {
			var got message
			err := curlew.CallFrom(ctx).Peer().Caller().Invoke(ctx, back, m, &got)
			return &got, err
		}))
		p := connect(t, wire.Limits{}, offered, served)
		var got message
		err := p.caller.Invoke(t.Context(), curlew.Unary[message, message]("Front/Do", nil), &message{Text: "it"}, &got)
		if err != nil || got.Text != "answer to it" {
			t.Errorf("call through the server back to the client: %+v, %v", got, err)
		}
	})
}

func TestDeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		causes := make(chan error, 1)
		p := connect(t, wire.Limits{}, nil, service(causes))
		<-time.After(time.Minute) // no calls: no pings, no deaths
		p.client.SetFaults(mem.Faults{Cut: mem.CutSilent}, mem.Faults{Cut: mem.CutSilent})
		<-time.After(time.Minute)
		start := time.Now()
		err := p.caller.Invoke(t.Context(), block, &message{}, new(message))
		if took := time.Since(start); !errors.Is(err, curlew.Unavailable) || took > 10*time.Second {
			t.Errorf("call to a peer behind a cut cable: %v after %v", err, took)
		}
		p.server.Close()
	})
}

func TestSchemaContradiction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type other struct {
			Title string
			N     int
			Data  []byte
		}
		p := connect(t, wire.Limits{}, nil, service(nil))
		wrong := curlew.Unary[other, message]("Test/Echo", nil)
		for i := range 2 {
			err := p.caller.Invoke(t.Context(), wrong, &other{Title: "x"}, new(message))
			if !errors.Is(err, curlew.FailedPrecondition) || !strings.Contains(fmt.Sprint(err), "Title") {
				t.Errorf("call %d with another type under the same numbers: %v", i, err)
			}
		}
	})
}

func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, wire.Limits{}, nil, service(nil))
		in, err := curlew.OpenServerStream[message, message](t.Context(), p.caller, count, &message{N: 1 << 30, Data: make([]byte, 1000)})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the server is stopped by back-pressure
		var got message
		for i := range 100 {
			if err := p.caller.Invoke(t.Context(), echo, &message{N: i, Data: make([]byte, 100<<10)}, &got); err != nil {
				t.Fatalf("call beside an unread stream: %v", err)
			}
		}
		for range 1000 {
			if _, err := in.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		in.Close()
	})
}

func TestOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan string, 1)
		p := connect(t, wire.Limits{}, nil, curlew.NewService("Log", curlew.Unary("Put", func(ctx context.Context, m *message) (*message, error) {
			got <- m.Text
			return m, nil
		})))
		put := curlew.Unary[message, message]("Log/Put", nil)
		if err := p.caller.Invoke(t.Context(), put, &message{Text: "line"}, nil, curlew.OneWay()); err != nil {
			t.Fatal(err)
		}
		if text := <-got; text != "line" {
			t.Errorf("one-way call brought %q", text)
		}
	})
}
