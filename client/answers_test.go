// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
	"github.com/curlewrpc/curlew/wire/native"
)

// A server that answers in another protocol is named at once, with what it said.
func TestOtherProtocols(t *testing.T) {
	const http1 = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
	for _, test := range []struct {
		name     string
		protocol wire.Protocol
		answer   string
		says     string
	}{
		{"native to HTTP", native.New(), http1, `does not speak Curlew's native protocol: it began with "HTTP/1.1`},
		{"native to SSH", native.New(), "SSH-2.0-OpenSSH_9.9\r\n", `it began with "SSH-2.0`},
		{"native to Redis", native.New(), "-ERR unknown command\r\n", `it began with "-ERR`},
		{"gRPC to HTTP/1.1", grpc.NewClient(h2.Dial, proto.New()), http1, "it does not speak HTTP/2 on this port"},
		{"gRPC to SSH", grpc.NewClient(h2.Dial, proto.New()), "SSH-2.0-OpenSSH_9.9\r\n", `may not speak HTTP/2; it began with "SSH-2.0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := mem.New()
				l, err := network.Listen("a:1")
				assert.NoError(t, err)
				var serving sync.WaitGroup
				serving.Go(func() {
					for {
						conn, err := l.Accept()
						if err != nil {
							return
						}
						conn.Read(make([]byte, 64))
						conn.Write([]byte(test.answer))
						io.Copy(io.Discard, conn)
						conn.Close()
					}
				})
				defer serving.Wait()
				defer l.Close()
				c, err := client.New("a:1", client.WithDialer(network.DialContext), client.WithProtocol(test.protocol))
				assert.NoError(t, err)
				defer c.Close()
				begun := time.Now()
				err = c.Call(t.Context(), "Who.Is", number{}, new(number))
				assert.Contains(t, err.Error(), "a:1")
				assert.Contains(t, err.Error(), test.says)
				assert.ErrorIs(t, err, curlew.FailedPrecondition)
				assert.True(t, time.Since(begun) < time.Second, "waiting would not help")
			})
		})
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

// Connections after the first resume its TLS session, and the configuration
// that was given is not changed.
func TestSessionsAreResumed(t *testing.T) {
	serverTLS, clientTLS := certificates(t)
	s, err := server.New(server.WithTLS(serverTLS))
	assert.NoError(t, err)
	assert.NoError(t, s.Register(curlew.NewService("Who", curlew.Unary("Is", func(_ context.Context, n *number) (*number, error) { return n, nil }))))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	var mu sync.Mutex
	var conns []net.Conn
	c, err := client.New(l.Addr().String(), client.WithTLS(clientTLS), client.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, conn)
		return conn, err
	}))
	assert.NoError(t, err)
	for i := range 3 {
		var peer curlew.Peer
		err := c.Invoke(ctx, curlew.Unary[number, number]("Who/Is", nil, curlew.Idempotent), &number{1}, new(number), curlew.CapturePeer(&peer))
		assert.NoError(t, err)
		assert.Equal(t, peer.TLS.DidResume, i > 0)
		mu.Lock()
		conns[len(conns)-1].Close()
		mu.Unlock()
	}
	assert.True(t, clientTLS.ClientSessionCache == nil, "the given configuration is as it was")
	assert.NoError(t, c.Close())
	stop()
	assert.NoError(t, <-served)
}
