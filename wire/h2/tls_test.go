// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h2"
)

// certificate makes a certificate for "here", and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"here"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	assert.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	assert.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Over TLS by ALPN; and what a server says that has not been told of HTTP/2.
func TestTLS(t *testing.T) {
	cert, pool := certificate(t)
	network := mem.New()
	l, err := network.Listen("here")
	assert.NoError(t, err)
	source, err := wire.NewListener(l, wire.ListenerConfig{
		Framings: []wire.Framing{h2.New(serves(echo))}, Logger: slog.New(slog.DiscardHandler),
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
	})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- source.Serve(context.Background(), nil) }()
	t.Cleanup(func() {
		source.Close()
		<-served
	})
	r := &rig{network: network}
	remote := r.remote()
	remote.TLS = &tls.Config{RootCAs: pool}
	status, body, _, _, err := post(t.Context(), dial(t, remote), "/x", "hello")
	assert.NoError(t, err)
	assert.Equal(t, status, 200)
	assert.Equal(t, body, "hello")

	other, err := network.Listen("other")
	assert.NoError(t, err)
	go func() {
		conn, err := tls.NewListener(other, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}).Accept()
		if err == nil {
			conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	remote = r.remote()
	remote.Address = "other"
	remote.TLS = &tls.Config{RootCAs: pool, NextProtos: []string{"h2", "http/1.1"}}
	_, err = h2.Dial(t.Context(), remote)
	assert.Contains(t, err.Error(), "NextProtos")
	assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent)
}
