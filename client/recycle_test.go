// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

type numbered struct {
	N    int
	Text string
}

// TestRecycledCalls makes calls whose memory is used again at once, beside calls
// that are given up, fail, or lose their connection, and checks that none gets
// what belongs to another.
func TestRecycledCalls(t *testing.T) {
	t.Run("native", func(t *testing.T) { recycledCalls(t) })
	t.Run("grpc", func(t *testing.T) { recycledCalls(t, client.WithProtocol(grpc.NewClient(h2.Dial, proto.New()))) })
	t.Run("connect", func(t *testing.T) { recycledCalls(t, client.WithProtocol(connect.NewClient(h2.Dial, proto.New()))) })
}

func recycledCalls(t *testing.T, opts ...client.Option) {
	handler := func(ctx context.Context, m *numbered) (*numbered, error) {
		switch m.N % 7 {
		case 3:
			return nil, curlew.Errorf(curlew.NotFound, "no %d", m.N)
		case 5:
			<-ctx.Done()
			return nil, ctx.Err()
		}
		curlew.CallFrom(ctx).ReplyHeader().Add("n", fmt.Sprint(m.N))
		return &numbered{m.N, m.Text + "!"}, nil
	}
	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Register(curlew.NewService("S", curlew.Unary("Do", handler))); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	var last atomic.Pointer[net.Conn]
	c, err := client.New(l.Addr().String(), append(opts, client.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			last.Store(&conn)
		}
		return conn, err
	}))...)
	if err != nil {
		t.Fatal(err)
	}
	method := curlew.Unary[numbered, numbered]("S/Do", nil)
	var group sync.WaitGroup
	var good atomic.Int64
	for i := range 16 {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for k := range 300 {
				want := numbered{i*1000 + k, fmt.Sprint("text of ", i, " ", k)}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if want.N%7 == 5 || rng.IntN(10) == 0 {
					cancel()
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(rng.IntN(300))*time.Microsecond)
				}
				if i == 0 && k%50 == 49 {
					if conn := last.Load(); conn != nil {
						(*conn).Close()
					}
				}
				var got numbered
				var header curlew.Header
				var opts []curlew.CallOption
				if rng.IntN(4) == 0 {
					opts = append(opts, curlew.CaptureHeader(&header))
				}
				err := c.Invoke(ctx, method, &want, &got, opts...)
				cancel()
				if err != nil {
					continue
				}
				good.Add(1)
				if got.N != want.N || got.Text != want.Text+"!" {
					t.Errorf("the answer to %v is %v", want, got)
				}
				if len(opts) > 0 && header.Get("n") != fmt.Sprint(want.N) {
					t.Errorf("the header of %v is %v", want, header)
				}
			}
		})
	}
	group.Wait()
	if good.Load() < 1000 {
		t.Errorf("%d calls were answered, want most of 4,800 less a third", good.Load())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-served; err != nil {
		t.Logf("Serve: %v", err)
	}
}
