// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

func TestMain(m *testing.M) { assert.Main(m) }

// protocol is a wire.HTTPProtocol made of a function.
type protocol struct {
	serve func(ctx context.Context, x wire.Exchange)
}

func (protocol) Name() string { return "test" }

func (protocol) Match(*wire.HTTPRequest, wire.Dispatcher) wire.Match { return wire.Yes }

func (p protocol) Serve(ctx context.Context, x wire.Exchange, _ wire.Dispatcher) { p.serve(ctx, x) }

// serves returns the one protocol that does f.
func serves(f func(ctx context.Context, x wire.Exchange)) []wire.HTTPProtocol {
	return []wire.HTTPProtocol{protocol{f}}
}

// reader is either side's half of an exchange.
type reader interface {
	Read(ctx context.Context, p []byte) (int, error)
}

// readAll reads the exchange's body.
func readAll(ctx context.Context, x reader) (string, error) {
	var b strings.Builder
	buf := make([]byte, 10_000)
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
func serve(t *testing.T, f wire.Framing, limits wire.Limits) *rig {
	t.Helper()
	r := &rig{t: t, network: mem.New(), log: new(logBuffer)}
	l, err := r.network.Listen("here")
	assert.NoError(t, err)
	r.source, err = wire.NewListener(l, wire.ListenerConfig{
		Framings: []wire.Framing{f},
		Logger:   slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Limits:   limits,
	})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() {
		defer close(served)
		served <- r.source.Serve(context.Background(), nil)
	}()
	t.Cleanup(func() {
		r.source.Close()
		<-served
	})
	return r
}

// remote is the rig for a client of ours.
func (r *rig) remote() *wire.Remote {
	return &wire.Remote{Address: "here", Authority: "here", Dial: r.network.DialContext, Logger: slog.New(slog.DiscardHandler)}
}

// client is net/http's client of the rig.
func (r *rig) client() *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return r.network.Dial(ctx, "here") },
		Protocols:   new(http.Protocols),
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
