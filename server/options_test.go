// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
)

func TestNewRefuses(t *testing.T) {
	for want, opt := range map[string]server.Option{
		"option 0 is nil":                            nil,
		"interceptor 0 is nil":                       server.WithInterceptors(nil),
		"WithMaxConcurrent(0, 5): the number":        server.WithMaxConcurrent(0, 5),
		"MaxQueue is negative: -1":                   server.WithMaxConcurrent(1, -1),
		`method "Add": write`:                        server.WithMethod("Add", server.MethodConfig{}),
		"WithLogger(nil): slog.New":                  server.WithLogger(nil),
		"WithFramings needs a framing":               server.WithFramings(),
		"WithFramings: framing 1 is nil":             server.WithFramings(native.New(), nil),
		"WithHTTPProtocols needs a protocol":         server.WithHTTPProtocols(),
		"WithHTTPProtocols: protocol 0 is nil":       server.WithHTTPProtocols(nil),
		"WithLimits: limit MaxStreams is negative":   server.WithLimits(wire.Limits{MaxStreams: -1}),
		"WithMaxConnections(0): the number":          server.WithMaxConnections(0),
		"WithTLS needs a tls.Config with":            server.WithTLS(&tls.Config{}),
		"AllowPlaintext without WithTLS":             server.AllowPlaintext(),
		"WithProxyProtocol needs the address ranges": server.WithProxyProtocol(),
		"a prefix is not valid":                      server.WithProxyProtocol(netip.Prefix{}),
		"WithShutdownTimeout(-1s): the time":         server.WithShutdownTimeout(-time.Second),
	} {
		_, err := server.New(opt)
		assert.True(t, err != nil, want)
		assert.Contains(t, err.Error(), want)
		assert.True(t, strings.HasPrefix(err.Error(), "server: "), err)
	}
	_, err := server.New(server.WithFramings(native.New()), server.WithHTTPHandler(http.NotFoundHandler()),
		server.WithMethod("A/B", server.MethodConfig{}), server.WithMethod("A/B", server.MethodConfig{}),
		server.WithMaxConcurrent(-1, 0))
	for _, part := range []string{"WithFramings replaces HTTP too", `WithMethod is given twice for "A/B"`, "WithMaxConcurrent(-1, 0)"} {
		assert.Contains(t, err.Error(), part, "all that is wrong is told at once")
	}
}

func TestRegisterRefuses(t *testing.T) {
	s := newServer(t, one(arith()))
	err := s.Register(arith())
	assert.Contains(t, err.Error(), "server: service Arith is registered already")
}

// TestOptionsReachTheCalls makes a call on a server that has many options.
func TestOptionsReachTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		note := func(what string) curlew.Interceptor {
			return func(next curlew.Handler) curlew.Handler {
				return func(ctx context.Context, call *curlew.Call) error {
					seen = append(seen, what)
					return next(ctx, call)
				}
			}
		}
		block := make(chan struct{})
		s := newServer(t, one(arith(
			curlew.Unary("Fail", func(context.Context, *pair) (*sum, error) { return nil, errors.New("secret") }),
			curlew.Unary("Block", func(ctx context.Context, in *pair) (*sum, error) { <-block; return add(ctx, in) }),
			curlew.Unary("Slow", func(ctx context.Context, in *pair) (*sum, error) { <-ctx.Done(); return nil, ctx.Err() }),
		)),
			server.WithInterceptors(note("server")),
			server.WithMethod("Arith/Add", server.MethodConfig{Interceptors: []curlew.Interceptor{note("method")}}),
			server.WithMethod("Arith/Slow", server.MethodConfig{Timeout: time.Second}),
			server.WithMethod("Arith.Fail", server.MethodConfig{MaxReceive: 1}),
			server.HidePlainErrors(),
			server.WithMaxConcurrent(1, 0),
		)
		r := run(t, t.Context(), s)
		c := r.connect(t)
		_, err := invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.NoError(t, err)
		assert.Equal(t, seen, []string{"server", "method"})
		_, err = invoke(t.Context(), c, "Arith/Slow", 1, 2)
		assert.ErrorIs(t, err, curlew.DeadlineExceeded)
		_, err = invoke(t.Context(), c, "Arith/Fail", 1, 2)
		assert.ErrorIs(t, err, curlew.ResourceExhausted, "a request above MaxReceive")
		_, err = invoke(t.Context(), c, "Arith/Fail", 0, 0)
		assert.Equal(t, err.(*curlew.Error).Message(), "unknown", "a hidden error")
		answers := goes(c, "Arith/Block", 1, 2)
		_, err = invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.ErrorIs(t, err, curlew.ResourceExhausted, "a call above WithMaxConcurrent")
		assert.True(t, err.(*curlew.Error).Retryable(), "it may be retried")
		close(block)
		assert.NoError(t, (<-answers).err)
		assert.NoError(t, s.Close())
		assert.NoError(t, <-r.served)
	})
}

func TestLimitsOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, one(arith()), server.WithMaxConnections(1), server.WithLimits(wire.Limits{MaxReceive: 2}))
		r := run(t, t.Context(), s)
		c := r.connect(t)
		_, err := invoke(t.Context(), c, "Arith/Add", 1, 0)
		assert.NoError(t, err)
		_, err = invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.ErrorIs(t, err, curlew.ResourceExhausted, "a request above MaxReceive")
		second, err := r.network.Dial(t.Context(), "server")
		assert.NoError(t, err)
		_, err = second.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF, "one connection too many")
		assert.NoError(t, second.Close())
		assert.NoError(t, s.Close())
		assert.NoError(t, <-r.served)
	})
}

// TestQuietLogger replaces slog's default, so it must not run in parallel.
func TestQuietLogger(t *testing.T) {
	var lines strings.Builder
	var mu sync.Mutex
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(lockedWriter{&mu, &lines}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	synctest.Test(t, func(t *testing.T) {
		s, err := server.New()
		assert.NoError(t, err)
		assert.NoError(t, s.Register(arith(curlew.Unary("Panic", func(context.Context, *pair) (*sum, error) { panic("boom") }))))
		r := run(t, t.Context(), s)
		c := r.connect(t)
		_, err = invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.NoError(t, err)
		_, err = invoke(t.Context(), c, "Arith/Panic", 1, 2)
		assert.ErrorIs(t, err, curlew.Internal)
		conn, err := r.network.Dial(t.Context(), "server")
		assert.NoError(t, err)
		_, err = conn.Write([]byte("\xff\xfe nonsense that is no protocol at all"))
		assert.NoError(t, err)
		synctest.Wait()
		conn.Close()
		assert.NoError(t, s.Close())
		assert.NoError(t, <-r.served)
	})
	mu.Lock()
	defer mu.Unlock()
	assert.Contains(t, lines.String(), "panic=boom")
	assert.Contains(t, lines.String(), "unknown protocol")
	assert.Equal(t, strings.Count(lines.String(), "level="), 2, "lines in\n"+lines.String())
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *strings.Builder
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}
