// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/examples/arith"
	"github.com/curlewrpc/curlew/examples/callback"
	"github.com/curlewrpc/curlew/examples/greeter"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
	usersv1 "github.com/curlewrpc/curlew/examples/proto/users/v1"
	"github.com/curlewrpc/curlew/examples/streams"
	"github.com/curlewrpc/curlew/examples/textstats"
	"github.com/curlewrpc/curlew/examples/users"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire/cors"
)

// host is the server of the demo and what clients must know of it.
type host struct {
	server  *server.Server
	address string      // host:port
	socket  string      // address of the Unix socket
	trust   *tls.Config // of clients
	journal journal
	calls   *callLog
	temp    string
}

func newHost(out *printer) (*host, error) {
	certificate, trust, err := newCertificate("localhost", "127.0.0.1")
	if err != nil {
		return nil, err
	}
	h := &host{trust: trust, journal: make(journal, 16), calls: &callLog{out: out}}
	h.server, err = server.New(
		server.WithTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}),
		server.AllowPlaintext(), // on the same port
		server.WithCORS(cors.Config{Origins: []string{"http://localhost:5173"}}), // where a web page is while it is written
		server.WithInterceptors(h.calls.intercept),
	)
	if err != nil {
		return nil, err
	}
	services := []*curlew.Service{
		greetv1.NewGreeterService(greeter.Greeter{}),
		usersv1.NewUserService(new(users.Store)),
		textstats.NewService(),
	}
	for _, receiver := range []any{
		arith.Calculator{}, new(arith.Arith), streams.Ticker{}, streams.Uploads{}, new(streams.Chat), callback.Deployer{}, h.journal,
	} {
		service, err := curlew.Reflect(receiver)
		if err != nil {
			return nil, err
		}
		services = append(services, service)
	}
	return h, h.server.Register(services...)
}

const preferred = "127.0.0.1:8080"

// listen binds addr, or what is free if it is empty, and a Unix socket.
func (h *host) listen(ctx context.Context, addr string) error {
	var err error
	if addr != "" {
		err = h.server.Listen(ctx, addr)
	} else if err = h.server.Listen(ctx, preferred); err != nil {
		err = h.server.Listen(ctx, "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("%w; give a free port by -addr host:port, or none for any", err)
	}
	if h.temp, err = os.MkdirTemp("", "curlew"); err != nil {
		return err
	}
	h.socket = "unix:" + filepath.ToSlash(filepath.Join(h.temp, "demo.sock"))
	if err := h.server.Listen(ctx, h.socket); err != nil {
		return fmt.Errorf("%w; the folder for temporary files must be writable and its path short", err)
	}
	for _, a := range h.server.Addrs() {
		if tcp, ok := a.(*net.TCPAddr); ok {
			h.address = callable(tcp)
		}
	}
	return nil
}

// callable returns the address by which a listener can be called from here.
func callable(a *net.TCPAddr) string {
	if a.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", a.Port)
	}
	return a.String()
}

func (h *host) remove() {
	if h.temp != "" {
		os.RemoveAll(h.temp)
	}
}

// keepServing serves on until ctx ends and tells what one can try.
func (h *host) keepServing(ctx context.Context, out *printer, served chan error) error {
	out.printf(`
Still serving on %[1]s, every protocol. In another terminal, try

  curl -d '{"A":7,"B":8}' http://%[1]s/Arith/Multiply
  curl -d '{"A":1}' http://%[1]s/Arith/Divide
  curl -d '{"name":"Ada"}' http://%[1]s/greet.v1.Greeter/Greet
  grpcurl -plaintext %[1]s list
  grpcurl -plaintext -d '{"A":7,"B":8}' %[1]s Arith/Multiply
  curl -d '[{"jsonrpc":"2.0","id":1,"method":"Arith.Multiply","params":[7,8]}]' http://%[1]s/rpc

and in the folder examples

  go run ./cmd/wordcount -addr %[1]s ../*.md
  go run ./cmd/chat -addr %[1]s -name Ada

Ctrl-C ends it.

`, h.address)
	h.calls.show.Store(true)
	select {
	case <-ctx.Done():
		out.printf("\nDraining: no new calls; those in flight have 30 s to end. Ctrl-C again does not wait.\n")
		return nil
	case err := <-served:
		served <- nil
		if err == nil {
			err = errors.New("it ended by itself")
		}
		return fmt.Errorf("the server: %w", err)
	}
}

// newCertificate makes a certificate for names that nobody else trusts, and the
// configuration of clients that do.
func newCertificate(names ...string) (tls.Certificate, *tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, &tls.Config{RootCAs: roots, ServerName: "localhost"}, nil
}
