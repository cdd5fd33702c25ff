// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

func TestMain(m *testing.M) { assert.Main(m) }

// protocol is a wire.HTTPProtocol made of functions.
type protocol struct {
	name  string
	match func(r *wire.HTTPRequest) wire.Match // nil: Yes
	serve func(ctx context.Context, x wire.Exchange)
}

func (p protocol) Name() string { return p.name }

func (p protocol) Match(r *wire.HTTPRequest, _ wire.Dispatcher) wire.Match {
	if p.match == nil {
		return wire.Yes
	}
	return p.match(r)
}

func (p protocol) Serve(ctx context.Context, x wire.Exchange, _ wire.Dispatcher) { p.serve(ctx, x) }

// serves returns the one protocol that does f.
func serves(f func(ctx context.Context, x wire.Exchange)) []wire.HTTPProtocol {
	return []wire.HTTPProtocol{protocol{name: "test", serve: f}}
}

// answer responds with a text.
func answer(x wire.Exchange, status int, text string) {
	x.Respond(status, wire.Fields{{Name: "content-type", Value: "text/plain"}})
	x.Write(context.Background(), []byte(text))
	x.End(nil, nil)
}

// readAll reads the exchange's body.
func readAll(ctx context.Context, x wire.Exchange) (string, error) {
	var b strings.Builder
	buf := make([]byte, 100)
	for {
		n, err := x.Read(ctx, buf)
		b.Write(buf[:n])
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
	}
}

// rig is a framing that serves on a network in memory.
type rig struct {
	t       *testing.T
	network *mem.Network
	source  *wire.Listener
	cancel  context.CancelCauseFunc
	served  chan error
	log     *logBuffer
}

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

// serve serves f until the test ends.
func serve(t *testing.T, f wire.Framing, limits ...wire.Limits) *rig {
	t.Helper()
	return serveOn(t, f, func(l net.Listener) net.Listener { return l }, limits...)
}

// serveOn is serve with what a function makes of the listener.
func serveOn(t *testing.T, f wire.Framing, on func(net.Listener) net.Listener, limits ...wire.Limits) *rig {
	t.Helper()
	r := &rig{t: t, network: mem.New(), served: make(chan error, 1), log: new(logBuffer)}
	inMemory, err := r.network.Listen("here")
	assert.NoError(t, err)
	l := on(inMemory)
	config := wire.ListenerConfig{
		Framings: []wire.Framing{f},
		Logger:   slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if len(limits) > 0 {
		config.Limits = limits[0]
	}
	r.source, err = wire.NewListener(l, config)
	assert.NoError(t, err)
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	go func() {
		defer close(r.served)
		r.served <- r.source.Serve(ctx, nil)
	}()
	t.Cleanup(func() {
		r.source.Close()
		<-r.served
	})
	return r
}

// remote is the rig for a client.
func (r *rig) remote() *wire.Remote {
	return &wire.Remote{Address: "here", Authority: "here", Dial: r.network.DialContext, Logger: slog.New(slog.DiscardHandler)}
}

// peer is a client that writes and reads bytes.
type peer struct {
	*mem.Conn
	t *testing.T
	r *bufio.Reader
}

func (r *rig) dial() *peer {
	r.t.Helper()
	conn, err := r.network.Dial(r.t.Context(), "here")
	assert.NoError(r.t, err)
	r.t.Cleanup(func() { conn.Close() })
	return &peer{conn, r.t, bufio.NewReader(conn)}
}

func (p *peer) send(text string) {
	p.t.Helper()
	_, err := io.WriteString(p, text)
	assert.NoError(p.t, err)
}

// response reads a response with its body.
func (p *peer) response() (*http.Response, string) {
	p.t.Helper()
	response, err := http.ReadResponse(p.r, nil)
	assert.NoError(p.t, err)
	body, err := io.ReadAll(response.Body)
	assert.NoError(p.t, err)
	return response, string(body)
}

// gone checks that the server closes the connection without another word.
func (p *peer) gone() {
	p.t.Helper()
	rest, err := io.ReadAll(p.r)
	assert.Equal(p.t, string(rest), "", "what comes before the end", err)
}

// after returns a channel that is closed in a while.
func after(d time.Duration) <-chan time.Time { return time.After(d) }
