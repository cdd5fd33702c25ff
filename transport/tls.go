// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"
)

// ServerTLS returns a configuration with one certificate chain and its key, in
// PEM files, for clients that speak TLS 1.2 or later.
func ServerTLS(certFile, keyFile string) (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

// ClientTLS returns a configuration that trusts the authorities in a PEM file;
// those of the system if the name is empty.
func ClientTLS(rootsFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if rootsFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(rootsFile)
	if err != nil {
		return nil, fmt.Errorf("TLS roots: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("TLS roots: there is no certificate in %s", rootsFile)
	}
	return config, nil
}

// WithProtocols returns a copy of config that offers protocols by ALPN, the
// preferred one first, in place of what config offers.
func WithProtocols(config *tls.Config, protocols []string) *tls.Config {
	config = config.Clone()
	config.NextProtos = slices.Clone(protocols)
	return config
}

// ClientHandshake makes conn a TLS connection and offers protocols by ALPN.
// Unless config names the server, authority does, "host" or "host:port". On an
// error conn is closed.
func ClientHandshake(ctx context.Context, conn net.Conn, config *tls.Config, authority string, protocols []string) (*tls.Conn, error) {
	config = WithProtocols(config, protocols)
	if config.ServerName == "" {
		config.ServerName = authority
		if host, _, err := net.SplitHostPort(authority); err == nil {
			config.ServerName = host
		}
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS handshake with %s (%s): %w", config.ServerName, conn.RemoteAddr(), err)
	}
	return secure, nil
}
