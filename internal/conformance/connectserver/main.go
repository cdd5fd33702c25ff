// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command connectserver is the server under test of the Connect conformance
// suite: the runner starts it, tells it on standard input what to serve, and
// ends it by SIGTERM.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/internal/conformance/compat"
	"github.com/curlewrpc/curlew/internal/conformance/compressors"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "connectserver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var request conformancev1.ServerCompatRequest
	if err := compat.Read(in, &request); err != nil {
		return err
	}
	s, err := newServer(&request)
	if err != nil {
		return err
	}
	if err := s.Register(service()); err != nil {
		return err
	}
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	address, ok := s.Addrs()[0].(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("listening on %v", s.Addrs())
	}
	if err := compat.Write(out, &conformancev1.ServerCompatResponse{
		Host:    address.IP.String(),
		Port:    uint32(address.Port),
		PemCert: request.GetServerCreds().GetCert(),
	}); err != nil {
		return err
	}
	var cut *server.ShutdownError
	if err := s.Serve(ctx); !errors.As(err, &cut) {
		return err
	}
	return nil
}

// newServer returns the server that the runner wants: what it asks for is the
// least, so that all protocols and both versions of HTTP are always there.
func newServer(request *conformancev1.ServerCompatRequest) (*server.Server, error) {
	codecs := []curlew.Codec{proto.New(), json.New(json.RefuseUnknown())}
	packers := compressors.All()
	opts := []server.Option{
		server.WithHTTPProtocols(
			grpc.NewServer(codecs, packers...),
			grpcweb.NewServer(codecs, packers...),
			connect.NewServer(codecs, packers...),
		),
		server.WithLimits(wire.Limits{MaxReceive: int(request.GetMessageReceiveLimit())}),
		server.WithShutdownTimeout(time.Second),
	}
	if request.GetUseTls() {
		config, err := tlsConfig(request)
		if err != nil {
			return nil, err
		}
		opts = append(opts, server.WithTLS(config))
	}
	return server.New(opts...)
}

func tlsConfig(request *conformancev1.ServerCompatRequest) (*tls.Config, error) {
	certificate, err := tls.X509KeyPair(request.GetServerCreds().GetCert(), request.GetServerCreds().GetKey())
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if trusted := request.GetClientTlsCert(); len(trusted) > 0 {
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(trusted) {
			return nil, errors.New("the client's certificate is no PEM")
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}
