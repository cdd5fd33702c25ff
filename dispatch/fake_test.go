// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

func TestMain(m *testing.M) { assert.Main(m) }

type pair struct{ A, B int }

type sum struct{ C int }

// add is the method that most tests call.
func add(_ context.Context, in *pair) (*sum, error) { return &sum{in.A + in.B}, nil }

func arith(methods ...*curlew.Method) *curlew.Service {
	return curlew.NewService("Arith", append(methods, curlew.Unary("Add", add))...)
}

// serving returns a dispatcher for the services, which the test shuts down.
func serving(t *testing.T, c dispatch.Config, services ...*curlew.Service) *dispatch.Dispatcher {
	t.Helper()
	d, err := dispatch.New(c)
	assert.NoError(t, err)
	assert.NoError(t, d.Register(services...))
	t.Cleanup(func() { assert.NoError(t, d.Shutdown(context.Background())) })
	return d
}

// incoming is a call as a protocol makes it, with the stream that serves it.
type incoming struct {
	wire.Incoming
	stream *stream
}

func newIncoming(t *testing.T, d *dispatch.Dispatcher, service, method string, request any) *incoming {
	t.Helper()
	target, err := d.Lookup(service, method, wire.Attributes{})
	assert.NoError(t, err)
	s := &stream{request: request, finished: make(chan struct{})}
	in := &incoming{stream: s}
	in.Context = context.Background()
	in.Target = target
	in.Stream = s
	in.Peer = &curlew.Peer{Protocol: "fake"}
	return in
}

// call serves one call and returns what its stream was finished with.
func call(t *testing.T, d *dispatch.Dispatcher, method string, request any) (any, *curlew.Error) {
	t.Helper()
	in := newIncoming(t, d, "Arith", method, request)
	d.Serve(&in.Incoming)
	return in.stream.reply, in.stream.err
}

// stream is a ServerStream that keeps what it is finished with.
type stream struct {
	request  any                    // what Receive gives
	receive  func() error           // before Receive, if not nil
	finish   []func() *curlew.Error // before the first, second ... Finish, if not nil
	finishes int

	once     sync.Once
	finished chan struct{} // closed by the first Finish that comes through
	reply    any
	err      *curlew.Error
}

func (s *stream) Receive(_ context.Context, m any) error {
	if s.receive != nil {
		if err := s.receive(); err != nil {
			return err
		}
	}
	if s.request == nil {
		return io.EOF
	}
	reflect.ValueOf(m).Elem().Set(reflect.ValueOf(s.request).Elem())
	return nil
}

func (s *stream) Finish(reply any, err *curlew.Error) *curlew.Error {
	s.finishes++
	if s.finishes <= len(s.finish) {
		if instead := s.finish[s.finishes-1](); instead != nil {
			reply, err = nil, instead
		}
	}
	s.once.Do(func() {
		s.reply, s.err = reply, err
		close(s.finished)
	})
	return err
}

func (s *stream) Send(context.Context, any) error                { return nil }
func (s *stream) CloseSend() error                               { return nil }
func (s *stream) Close() error                                   { return nil }
func (s *stream) Header(context.Context) (*curlew.Header, error) { return nil, errors.ErrUnsupported }
func (s *stream) Trailer() *curlew.Header                        { return new(curlew.Header) }
func (s *stream) SendHeader(context.Context) error               { return nil }

// logs returns a logger and what it has written.
func logs() (*slog.Logger, func() string) {
	var mu sync.Mutex
	var b bytes.Buffer
	w := writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return b.Write(p)
	})
	return slog.New(slog.NewTextHandler(w, nil)), func() string {
		mu.Lock()
		defer mu.Unlock()
		return b.String()
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
