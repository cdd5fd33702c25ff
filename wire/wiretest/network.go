// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/transport/mem"
)

// network joins a client to a server.
type network struct {
	name string
	// virtual networks live inside a testing/synctest bubble.
	virtual bool
	// faults befall the connections of a virtual network in both directions.
	faults mem.Faults
	// network is "tcp" or "unix" for a real one.
	network string
	tls     bool
	// piecemeal networks have connections that can only read and write.
	piecemeal bool
	// forKin networks are those for protocols whose kin is tested on all.
	forKin bool
}

// memory is the network of the cases that run on one network only.
func memory() network { return network{name: "mem", virtual: true, forKin: true} }

// networks are all networks of the matrix.
func networks() []network {
	return []network{
		memory(),
		{name: "mem-chopped", virtual: true, faults: mem.Faults{Chop: 1}, forKin: true},
		{name: "mem-distant", virtual: true, faults: mem.Faults{Latency: 20 * time.Millisecond}},
		{name: "tcp", network: "tcp"},
		{name: "tcp-piecemeal", network: "tcp", piecemeal: true},
		{name: "unix", network: "unix"},
		{name: "tls", network: "tcp", tls: true, forKin: true},
		{name: "mem-tls", virtual: true, tls: true},
	}
}

// line is a network with a listener on it.
type line struct {
	listener net.Listener
	network  string // for dial
	address  string
	target   string // for a client
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	memory   *mem.Network // nil on a real network
	server   *tls.Config  // nil for plaintext
	client   *tls.Config

	mu     sync.Mutex // guards the rest
	next   *line      // who dials gets there instead
	dialed func()     // runs after the next dial
}

// open listens on the network.
func (n network) open(t *testing.T) *line {
	t.Helper()
	l := &line{network: n.network}
	if n.tls {
		l.server, l.client = tlsConfigs(t)
	}
	var err error
	switch {
	case n.virtual:
		l.memory = mem.New()
		l.memory.SetFaults(n.faults, n.faults)
		l.dial = l.memory.DialContext
		l.listener, err = l.memory.Listen("server:1")
	case n.network == "unix":
		l.dial = new(net.Dialer).DialContext
		l.listener, err = net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	default:
		l.dial = new(net.Dialer).DialContext
		l.listener, err = net.Listen(n.network, "127.0.0.1:0")
	}
	if err != nil {
		t.Fatalf("listen on %s: %v", n.name, err)
	}
	if n.piecemeal {
		l.listener = piecemealListener{l.listener}
		dial := l.dial
		l.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return piecemeal{conn}, nil
		}
	}
	l.address = l.listener.Addr().String()
	l.target = l.address
	if n.network == "unix" {
		l.target = "unix://" + l.address
	}
	return l
}

// connect dials the line, or what took its place; what is asked for does not
// matter.
func (l *line) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	l.mu.Lock()
	next, dialed := l.next, l.dialed
	l.dialed = nil
	l.mu.Unlock()
	if next != nil {
		return next.connect(ctx, "", "")
	}
	conn, err := l.dial(ctx, l.network, l.address)
	if dialed != nil {
		dialed()
	}
	return conn, err
}

// redirect sends those who dial to another line.
func (l *line) redirect(next *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = next
}

// cutFirst has the next connection suffer the faults; the ones after it are
// whole.
func (l *line) cutFirst(toServer, toClient mem.Faults) {
	l.memory.SetFaults(toServer, toClient)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialed = func() { l.memory.SetFaults(mem.Faults{}, mem.Faults{}) }
}

// tlsConfigs returns a server's and a client's configuration that trust each
// other.
func tlsConfigs(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     []string{"wiretest"},
		IsCA:         true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	client = &tls.Config{RootCAs: roots, ServerName: "wiretest"}
	return server, client
}
