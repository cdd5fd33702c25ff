// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

func TestMain(m *testing.M) { assert.Main(m) }

// fake is a framing for connections that begin with its magic. It tells its
// name, then sends back all that it gets, until the connection drains.
type fake struct {
	name, magic string
	alpn        []string
	served      func(ctx context.Context, conn *wire.Conn) // if not nil, instead
}

func (f fake) Name() string   { return f.name }
func (f fake) ALPN() []string { return f.alpn }

func (f fake) Match(prefix []byte) wire.Match {
	n := min(len(prefix), len(f.magic))
	switch {
	case string(prefix[:n]) != f.magic[:n]:
		return wire.No
	case n == len(f.magic):
		return wire.Yes
	default:
		return wire.Maybe
	}
}

func (f fake) Serve(ctx context.Context, conn *wire.Conn, _ wire.Dispatcher) error {
	if f.served != nil {
		f.served(ctx, conn)
		return nil
	}
	drained := make(chan struct{})
	defer func() { <-drained }()
	over := make(chan struct{})
	defer close(over)
	go func() {
		defer close(drained)
		select {
		case <-conn.Draining:
			io.WriteString(conn.Raw, "bye")
			conn.Raw.Close()
		case <-over:
		}
	}()
	if _, err := io.WriteString(conn.Raw, f.name+":"); err != nil {
		return err
	}
	_, err := io.Copy(conn.Raw, struct{ io.Reader }{conn})
	return err
}

// rig is a listener that serves on a network in memory.
type rig struct {
	t       *testing.T
	network *mem.Network
	source  *wire.Listener
	log     *logBuffer
	cancel  context.CancelCauseFunc
	served  chan error
}

// logBuffer is a log that goroutines may share.
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

// serve starts a listener that ends with the test.
func serve(t *testing.T, c wire.ListenerConfig) *rig {
	t.Helper()
	network := mem.New()
	l, err := network.Listen("here")
	assert.NoError(t, err)
	r := serveAt(t, l, c)
	r.network = network
	return r
}

func serveAt(t *testing.T, l net.Listener, c wire.ListenerConfig) *rig {
	t.Helper()
	r := &rig{t: t, log: new(logBuffer), served: make(chan error, 1)}
	c.Logger = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	r.source, err = wire.NewListener(l, c)
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

// dial connects.
func (r *rig) dial() *mem.Conn {
	r.t.Helper()
	conn, err := r.network.Dial(r.t.Context(), "here")
	assert.NoError(r.t, err)
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

// tell sends text on a new connection and returns what comes back until the
// end of either side.
func (r *rig) tell(text string) string {
	r.t.Helper()
	conn := r.dial()
	return exchange(r.t, conn, text)
}

// exchange sends text, then the end, and returns what comes back.
func exchange(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	_, err := io.WriteString(conn, text)
	assert.NoError(t, err)
	conn.(interface{ CloseWrite() error }).CloseWrite()
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// ended waits until Serve returns.
func (r *rig) ended() error {
	r.t.Helper()
	select {
	case err := <-r.served:
		return err
	case <-time.After(time.Minute):
		r.t.Fatal("Serve does not return")
		return nil
	}
}

// certificates returns the two configurations of a server named "here".
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"here"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	assert.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	assert.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "here"}
}
