// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

type valueKey struct{}

func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value any
		s := newServer(t, one(arith(curlew.Unary("Value", func(ctx context.Context, in *pair) (*sum, error) {
			value = ctx.Value(valueKey{})
			return add(ctx, in)
		}))))
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "given to Serve"))
		r := run(t, ctx, s)
		c := r.connect(t)
		got, err := invoke(t.Context(), c, "Arith/Value", 7, 8)
		assert.NoError(t, err)
		assert.Equal(t, got, 15)
		assert.Equal(t, value, any("given to Serve"))
		assert.Equal(t, len(s.Addrs()), 1)
		assert.Equal(t, s.Addrs()[0].String(), "server")

		assert.NoError(t, s.Register(curlew.NewService("Late", curlew.Unary("Add", add))), "while serving")
		got, err = invoke(t.Context(), c, "Late/Add", 1, 2)
		assert.NoError(t, err)
		assert.Equal(t, got, 3)
		assert.Equal(t, len(s.Services()), 2)

		cancel()
		assert.NoError(t, <-r.served)
		assert.Equal(t, len(s.Addrs()), 0)
	})
}

// waiting is a service whose unary method ends when told, or with its context if
// that comes first, and whose stream ends when its server drains.
type waiting struct {
	release chan struct{}
	causes  chan error
}

func newWaiting() *waiting { return &waiting{make(chan struct{}), make(chan error, 1)} }

func (w *waiting) service() *curlew.Service {
	return arith(
		curlew.Unary("Wait", func(ctx context.Context, in *pair) (*sum, error) {
			select {
			case <-w.release:
				return add(ctx, in)
			case <-ctx.Done():
				w.causes <- context.Cause(ctx)
				return nil, ctx.Err()
			}
		}),
		curlew.Unary("Deaf", func(ctx context.Context, in *pair) (*sum, error) {
			<-w.release
			return add(ctx, in)
		}),
		curlew.ServerStream("Tick", func(ctx context.Context, _ *pair, out curlew.Sender[sum]) error {
			if err := out.Send(ctx, &sum{1}); err != nil {
				return err
			}
			<-curlew.CallFrom(ctx).Draining()
			return out.Send(ctx, &sum{2})
		}),
	)
}

// answer is what a call that runs aside came to.
type answer struct {
	got int
	err error
}

func goes(c curlew.Caller, method string, a, b int) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		got, err := invoke(context.Background(), c, method, a, b)
		answers <- answer{got, err}
	}()
	synctest.Wait()
	return answers
}

func TestShutdownLetsCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting()
		r := run(t, t.Context(), newServer(t, one(w.service())))
		c := r.connect(t)
		answers := goes(c, "Arith/Wait", 1, 2)
		ticks, err := curlew.OpenServerStream[pair, sum](t.Context(), c,
			curlew.ServerStream[pair, sum]("Arith/Tick", nil), &pair{})
		assert.NoError(t, err)
		first, err := ticks.Receive(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, first.C, 1)

		ended := make(chan error, 1)
		go func() { ended <- r.Shutdown(context.Background()) }()
		second, err := ticks.Receive(t.Context())
		assert.NoError(t, err, "the stream sees the drain and says its last word")
		assert.Equal(t, second.C, 2)
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatal("Shutdown did not wait for the call:", err)
		case err := <-r.served:
			t.Fatal("Serve did not wait for the call:", err)
		default:
		}
		close(w.release)
		assert.Equal(t, <-answers, answer{3, nil})
		assert.NoError(t, <-ended)
		assert.NoError(t, <-r.served)
		assert.NoError(t, r.Shutdown(t.Context()), "again")
	})
}

// TestHardStop ends servers, in each way there is, while a call goes on that
// ends with its context.
func TestHardStop(t *testing.T) {
	for name, stop := range map[string]func(*running, context.CancelFunc) error{
		"context of Serve": func(r *running, cancel context.CancelFunc) error { cancel(); return <-r.served },
		"Close":            func(r *running, _ context.CancelFunc) error { return r.Close() },
		"Shutdown": func(r *running, _ context.CancelFunc) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return r.Shutdown(ctx)
		},
		"impatience": func(r *running, _ context.CancelFunc) error {
			patient := make(chan error)
			go func() { patient <- r.Shutdown(context.Background()) }()
			synctest.Wait()
			r.Close()
			return <-patient
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWaiting()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				r := run(t, ctx, newServer(t, one(w.service()), server.WithShutdownTimeout(5*time.Second)))
				c := r.connect(t)
				answers := goes(c, "Arith/Wait", 1, 2)
				err := stop(r, cancel)
				cut := assert.ErrorAs[*server.ShutdownError](t, err)
				assert.Equal(t, cut.Calls, map[string]int{"Arith/Wait": 1})
				assert.Equal(t, len(cut.Stuck), 0)
				assert.Contains(t, err.Error(), "cut calls: 1 of Arith/Wait")
				assert.ErrorIs(t, <-w.causes, curlew.Unavailable, "the cause of the handler's context")
				assert.ErrorIs(t, (<-answers).err, curlew.Unavailable, "the caller's error")
				if name != "context of Serve" {
					assert.ErrorIs(t, <-r.served, err, "Serve's error")
				}
			})
		})
	}
}

func TestShutdownTimeout(t *testing.T) {
	for want, opts := range map[time.Duration][]server.Option{
		30 * time.Second: nil,
		5 * time.Second:  {server.WithShutdownTimeout(5 * time.Second)},
		0:                {server.WithShutdownTimeout(0)},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWaiting()
			ctx, cancel := context.WithCancel(t.Context())
			r := run(t, ctx, newServer(t, one(w.service()), opts...))
			goes(r.connect(t), "Arith/Wait", 1, 2)
			begin := time.Now()
			cancel()
			err := <-r.served
			assert.Contains(t, err.Error(), "hard stop, because the shutdown timeout of "+want.String()+" has passed")
			assert.Equal(t, time.Since(begin), want)
		})
	}
}

func TestStuckHandlerIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting()
		r := run(t, t.Context(), newServer(t, one(w.service())))
		goes(r.connect(t), "Arith/Deaf", 1, 2)
		begin := time.Now()
		err := r.Close()
		assert.Equal(t, time.Since(begin), time.Second, "the time that handlers have to see the end")
		cut := assert.ErrorAs[*server.ShutdownError](t, err)
		assert.Equal(t, cut.Stuck, map[string]int{"Arith/Deaf": 1})
		assert.Contains(t, err.Error(), "still running, because their handlers ignore their context: 1 of Arith/Deaf")
		assert.ErrorIs(t, <-r.served, err)
		assert.ErrorIs(t, r.Shutdown(context.Background()), err, "later, at once")
		close(w.release)
	})
}

func TestCloseOfAnIdleServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.NoError(t, newServer(t, nil).Close(), "one that never served")
		r := run(t, t.Context(), newServer(t, one(arith())))
		c := r.connect(t)
		_, err := invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.NoError(t, err)
		assert.NoError(t, r.Close(), "nothing was cut")
		assert.NoError(t, <-r.served)
	})
}

func TestServeSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, nil)
		err := s.Serve(t.Context())
		assert.Contains(t, err.Error(), "nothing to serve")

		a, b := newSource(), newSource()
		served := make(chan error, 1)
		go func() { served <- s.Serve(t.Context(), a, b) }()
		a.end <- nil
		b.end <- nil
		assert.NoError(t, <-served, "all sources ended by themselves")

		good, broken := newSource(), newSource()
		go func() { served <- s.Serve(t.Context(), good, broken) }()
		broken.end <- errBroken
		<-good.drained
		good.end <- nil
		err = <-served
		assert.ErrorIs(t, err, errBroken)

		late := newSource()
		assert.NoError(t, s.Serve(t.Context(), late), "after the shutdown")
		<-late.closed
		err = s.Listen(t.Context(), "127.0.0.1:0")
		assert.Contains(t, err.Error(), "it has been shut down")
	})
}

// TestSourceThatOutlastsTheStop has a source that neither drains nor closes.
func TestSourceThatOutlastsTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, one(arith()))
		stubborn := &stubborn{newSource()}
		served := make(chan error, 1)
		go func() { served <- s.Serve(t.Context(), stubborn) }()
		synctest.Wait()
		err := s.Close()
		assert.ErrorAs[*server.ShutdownError](t, err)
		assert.Contains(t, err.Error(), "a source has not ended")
		assert.ErrorIs(t, <-served, err, "Serve returns too")
		refused := httptest.NewRecorder()
		s.ServeHTTP(refused, httptest.NewRequest("POST", "/Arith/Add", strings.NewReader(`{}`)))
		assert.Equal(t, refused.Code, http.StatusServiceUnavailable, "a call after the hard stop")
		stubborn.end <- nil
	})
}

type stubborn struct{ *source }

func (s *stubborn) Serve(context.Context, wire.Dispatcher) error { return <-s.end }
