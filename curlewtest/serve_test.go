// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlewtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
)

func TestMain(m *testing.M) { assert.Main(m) }

type Args struct{ A, B int }

type Product struct{ Value int }

var multiply = curlew.Unary("Multiply", func(_ context.Context, a *Args) (*Product, error) {
	return &Product{a.A * a.B}, nil
})

var divide = curlew.Unary("Divide", func(_ context.Context, a *Args) (*Product, error) {
	if a.B == 0 {
		return nil, errors.New("divide by zero")
	}
	return &Product{a.A / a.B}, nil
})

var count = curlew.BidiStream("Count", func(ctx context.Context, s curlew.Bidi[Args, Product]) error {
	total := 0
	for a, err := range s.All(ctx) {
		if err != nil {
			return err
		}
		total += a.A
		if err := s.Send(ctx, &Product{total}); err != nil {
			return err
		}
	}
	return nil
})

func arith() *curlew.Service { return curlew.NewService("Arith", multiply, divide, count) }

func start(t *testing.T, opts ...server.Option) *Server {
	t.Helper()
	return startWith(t, arith(), opts...)
}

func startWith(t *testing.T, service *curlew.Service, opts ...server.Option) *Server {
	t.Helper()
	s, err := server.New(opts...)
	assert.NoError(t, err)
	assert.NoError(t, s.Register(service))
	return Start(t, s)
}

func product(ctx context.Context, c *client.Client) (int, error) {
	var p Product
	err := c.Call(ctx, "Arith.Multiply", Args{7, 8}, &p)
	return p.Value, err
}

// everywhere runs a test inside a bubble and outside one.
func everywhere(t *testing.T, test func(t *testing.T)) {
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, test) })
	t.Run("real time", func(t *testing.T) {
		assert.NoLeaks(t)
		test(t)
	})
}

func TestServe(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		c := Serve(t, arith())
		got, err := product(t.Context(), c)
		assert.NoError(t, err)
		assert.Equal(t, got, 56)
		err = c.Call(t.Context(), "Arith.Divide", &Args{1, 0}, new(Product))
		assert.Equal(t, err.Error(), "divide by zero")
		assert.Equal(t, assert.ErrorAs[*curlew.Error](t, err).Origin(), curlew.OriginServer)
		assert.NoError(t, c.Notify(t.Context(), "Arith.Multiply", Args{1, 2}))
		assert.NoError(t, (<-c.Go(t.Context(), "Arith.Multiply", Args{1, 2}, new(Product), nil).Done).Error)

		s, err := curlew.OpenBidi[Args, Product](t.Context(), c, curlew.BidiStream[Args, Product]("Arith/Count", nil))
		assert.NoError(t, err)
		for i := 1; i <= 3; i++ {
			assert.NoError(t, s.Send(t.Context(), &Args{A: i}))
			p, err := s.Receive(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, p.Value, i*(i+1)/2)
		}
		assert.NoError(t, s.CloseSend())
		_, err = s.Receive(t.Context())
		assert.True(t, err == io.EOF)
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		c := s.Client()
		assert.NoError(t, c.Connect(t.Context()))
		s.Delay(time.Second)
		begun := time.Now()
		_, err := product(t.Context(), c)
		assert.NoError(t, err)
		assert.Equal(t, time.Since(begun), 2*time.Second)
	})
}

func TestReset(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		begun := make(chan struct{}, 1)
		s := startWith(t, curlew.NewService("Arith", multiply,
			curlew.Unary("Wait", func(ctx context.Context, _ *Args) (*Product, error) {
				begun <- struct{}{}
				<-ctx.Done()
				return nil, context.Cause(ctx)
			})))
		c := s.Client()
		p := c.Go(t.Context(), "Arith.Wait", Args{}, new(Product), nil)
		<-begun
		s.Reset()
		err := (<-p.Done).Error
		assert.ErrorIs(t, err, curlew.Unavailable)
		assert.Equal(t, assert.ErrorAs[*curlew.Error](t, err).Origin(), curlew.OriginTransport)
		got, err := product(t.Context(), c)
		assert.NoError(t, err, "the next call gets a new connection")
		assert.Equal(t, got, 56)
	})
}

func TestCutAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		s.CutAfter(200)
		c := s.Client()
		var failed error
		for range 100 {
			if _, failed = product(t.Context(), c); failed != nil {
				break
			}
		}
		assert.ErrorIs(t, failed, curlew.Unavailable)
		s.Mend()
		_, err := product(t.Context(), c)
		assert.NoError(t, err)
	})
}

func TestUnplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		c := s.Client()
		assert.NoError(t, c.Connect(t.Context()))
		s.Unplug()
		begun := time.Now()
		_, err := product(t.Context(), c)
		assert.ErrorIs(t, err, curlew.Unavailable)
		assert.True(t, time.Since(begun) <= 10*time.Second, "a dead peer is noticed within 10 s")
		s.Mend()
		_, err = product(t.Context(), c)
		assert.NoError(t, err)
	})
}

func TestTLS(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		serverTLS, clientTLS := TLS(t)
		s := start(t, server.WithTLS(serverTLS))
		var peer curlew.Peer
		c := s.Client(client.WithTLS(clientTLS))
		err := c.Call(t.Context(), "Arith.Multiply", Args{7, 8}, new(Product), curlew.CapturePeer(&peer))
		assert.NoError(t, err)
		assert.Equal(t, peer.TLS.NegotiatedProtocol, "curlew/1")

		_, stranger := TLS(t)
		begun := time.Now()
		_, err = product(t.Context(), s.Client(client.WithTLS(stranger)))
		assert.Contains(t, err.Error(), "certificate")
		assert.True(t, time.Since(begun) < 5*time.Second, "it is known at once that waiting does not help")
		_, err = product(t.Context(), s.Client(client.WithTLS(clientTLS), client.WithAuthority("example.org")))
		assert.Contains(t, err.Error(), "example.org")
	})
}

// A handler calls services of the client that called it.
func TestSymmetricCalls(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		hello := curlew.NewService("Hello", curlew.Unary("Back", func(ctx context.Context, _ *Args) (*Product, error) {
			var p Product
			back := curlew.NewMethod("Mine/Multiply", curlew.KindUnary)
			return &p, curlew.CallFrom(ctx).Peer().Caller().Invoke(ctx, back, &Args{3, 4}, &p)
		}))
		served := startWith(t, hello)
		c := served.Client(client.WithServices(curlew.NewService("Mine", multiply)))
		var p Product
		assert.NoError(t, c.Call(t.Context(), "Hello.Back", Args{}, &p))
		assert.Equal(t, p.Value, 12)
		err := served.Client().Call(t.Context(), "Hello.Back", Args{}, &p)
		assert.ErrorIs(t, err, curlew.Unimplemented)
	})
}

// fakeTB is a test that is expected to fail.
type fakeTB struct {
	testing.TB
	cleanups []func()
	failures []string
}

func (f *fakeTB) Helper()          {}
func (f *fakeTB) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }
func (f *fakeTB) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}

func (f *fakeTB) end() {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
}

func TestHandlersThatStayAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, letGo := make(chan struct{}), make(chan struct{})
		stuck := curlew.NewService("Stuck", curlew.Unary("Hang", func(context.Context, *Args) (*Product, error) {
			close(begun)
			<-letGo
			return new(Product), nil
		}))
		fake := &fakeTB{TB: t}
		c := Serve(fake, stuck)
		c.Go(t.Context(), "Stuck.Hang", Args{}, new(Product), nil)
		<-begun
		fake.end()
		close(letGo)
		assert.Equal(t, len(fake.failures), 1)
		assert.Contains(t, fake.failures[0], "Stuck/Hang")
	})
}

func TestBadServices(t *testing.T) {
	for _, services := range [][]*curlew.Service{{nil}, {curlew.NewService("")}, {arith(), arith()}} {
		fake := &fakeTB{TB: t}
		assert.Panics(t, func() { Serve(fake, services...) })
		assert.True(t, strings.HasPrefix(fake.failures[0], "curlewtest: "), fake.failures[0])
		fake.end()
	}
}

// TestNoCalls: a server that nobody connects to ends as any other.
func TestNoCalls(t *testing.T) {
	for range 200 {
		t.Run("", func(t *testing.T) { Serve(t) })
	}
}
