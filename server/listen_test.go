// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
)

// listening serves s at addresses that it binds; the test closes it.
func listening(t *testing.T, s *server.Server, addrs ...string) []net.Addr {
	t.Helper()
	assert.NoError(t, s.Listen(t.Context(), addrs...))
	bound := s.Addrs()
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.NoError(t, <-served)
	})
	return bound
}

// socketPath returns a path for a Unix socket. Systems take only short ones,
// shorter than those of t.TempDir may be.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "curlew")
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "s")
}

func TestListenAtSeveralAddresses(t *testing.T) {
	socket := socketPath(t)
	addrs := listening(t, newServer(t, one(arith())), "127.0.0.1:0", "unix://"+socket, "127.0.0.1:0")
	assert.Equal(t, len(addrs), 3)
	assert.Equal(t, addrs[1].String(), socket)
	for _, addr := range addrs {
		c := connect(t, &wire.Remote{Network: addr.Network(), Address: addr.String()})
		got, err := invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.NoError(t, err)
		assert.Equal(t, got, 3)
	}
}

func TestListenAndServe(t *testing.T) {
	s := newServer(t, one(arith()))
	ctx, cancel := context.WithCancel(t.Context())
	socket := socketPath(t)
	served := make(chan error, 1)
	assert.NoError(t, s.Listen(ctx, "127.0.0.1:0"))
	addr := s.Addrs()[0].String()
	go func() { served <- s.ListenAndServe(ctx, "unix://"+socket) }()
	got, err := invoke(ctx, connect(t, &wire.Remote{Address: addr, Network: "tcp"}), "Arith/Add", 1, 2)
	assert.NoError(t, err)
	assert.Equal(t, got, 3)
	cancel()
	assert.NoError(t, <-served)
	_, err = net.Dial("unix", socket)
	assert.True(t, err != nil, "the socket is gone")
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer l.Close()
	taken := l.Addr().String()
	s := newServer(t, nil)
	socket := socketPath(t)
	err = s.ListenAndServe(t.Context(), "unix://"+socket, taken)
	for _, part := range []string{taken, "the address is in use; stop the process that has it, or choose another"} {
		assert.Contains(t, err.Error(), part)
	}
	assert.Equal(t, len(s.Addrs()), 0, "addresses bound after one failed")
	_, err = net.Dial("unix", socket)
	assert.True(t, err != nil, "the other address is free again")
	assert.NoError(t, s.Close())
}

func TestCloseOfAServerThatOnlyListened(t *testing.T) {
	s := newServer(t, nil)
	socket := socketPath(t)
	assert.NoError(t, s.Listen(t.Context(), "unix://"+socket))
	assert.NoError(t, s.Close())
	_, err := net.Dial("unix", socket)
	assert.True(t, err != nil, "the socket is gone")
}

func TestListenRefuses(t *testing.T) {
	s := newServer(t, nil)
	defer s.Close()
	for addr, want := range map[string]string{
		"localhost":                       "missing port in address",
		"unix://" + t.TempDir() + "/no/s": "no such file",
		"ftp://x:1":                       "unknown scheme",
	} {
		err := s.Listen(t.Context(), addr)
		assert.True(t, err != nil, addr)
		assert.Contains(t, err.Error(), want)
	}
	err := s.Listen(t.Context())
	assert.Contains(t, err.Error(), `Listen needs an address, such as ":8080"`)
}

func TestTLS(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	socket := socketPath(t)
	strict := listening(t, newServer(t, one(arith()), server.WithTLS(serverTLS)), "127.0.0.1:0", "unix://"+socket)
	lax := listening(t, newServer(t, one(arith()), server.WithTLS(serverTLS), server.AllowPlaintext()), "127.0.0.1:0")
	for _, c := range []struct {
		name string
		addr net.Addr
		tls  *tls.Config
		ok   bool
	}{
		{"TLS", strict[0], clientTLS, true},
		{"plaintext refused", strict[0], nil, false},
		{"plaintext on a Unix socket", strict[1], nil, true},
		{"TLS on a Unix socket", strict[1], clientTLS, true},
		{"plaintext allowed", lax[0], nil, true},
		{"TLS beside plaintext", lax[0], clientTLS, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			remote := &wire.Remote{Network: c.addr.Network(), Address: c.addr.String(), Authority: "localhost", TLS: c.tls}
			session, err := native.New().Connect(t.Context(), withDefaults(remote))
			if err == nil {
				_, err = invoke(t.Context(), wire.NewCaller(session), "Arith/Add", 1, 2)
				assert.NoError(t, session.Close(nil))
			}
			assert.Equal(t, err == nil, c.ok, err)
		})
	}
}

func TestProxyProtocol(t *testing.T) {
	peers := make(chan string, 1)
	services := one(arith(curlew.Unary("Peer", func(ctx context.Context, in *pair) (*sum, error) {
		peers <- curlew.CallFrom(ctx).Peer().Addr.String()
		return add(ctx, in)
	})))
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			_, err = conn.Write([]byte("PROXY TCP4 203.0.113.7 10.0.0.2 56324 443\r\n"))
		}
		return conn, err
	}
	trusting := listening(t, newServer(t, services, server.WithProxyProtocol(netip.MustParsePrefix("127.0.0.0/8"))), "127.0.0.1:0")
	c := connect(t, &wire.Remote{Network: "tcp", Address: trusting[0].String(), Dial: dial})
	_, err := invoke(t.Context(), c, "Arith/Peer", 1, 2)
	assert.NoError(t, err)
	assert.Equal(t, <-peers, "203.0.113.7:56324")

	wary := listening(t, newServer(t, services, server.WithProxyProtocol(netip.MustParsePrefix("10.0.0.0/8"))), "127.0.0.1:0")
	_, err = native.New().Connect(t.Context(), withDefaults(&wire.Remote{Network: "tcp", Address: wary[0].String(), Dial: dial}))
	assert.True(t, err != nil, "a header from somebody who is not trusted is no protocol")
	c = connect(t, &wire.Remote{Network: "tcp", Address: wary[0].String()})
	_, err = invoke(t.Context(), c, "Arith/Peer", 1, 2)
	assert.NoError(t, err)
	assert.Contains(t, <-peers, "127.0.0.1:")
}

// certificate returns the two sides' configurations for "localhost".
func certificate(t *testing.T) (serverTLS, clientTLS *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	assert.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	assert.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots}
}
