// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/transport/mem"
)

// writeCertificate writes a certificate for a host, signed by itself, and its
// key, and returns the names of the files.
func writeCertificate(t *testing.T, host string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{host},
		NotAfter:     time.Now().Add(time.Hour),
		IsCA:         true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private)
}

func TestTLS(t *testing.T) {
	certFile, keyFile := writeCertificate(t, "greeter.test")
	server, err := transport.ServerTLS(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	client, err := transport.ClientTLS(certFile)
	if err != nil {
		t.Fatal(err)
	}
	system, err := transport.ClientTLS("")
	if err != nil || system.RootCAs != nil {
		t.Fatalf("configuration with the system's roots: %v", err)
	}
	renamed := client.Clone()
	renamed.ServerName = "other.test"

	tests := []struct {
		name      string
		config    *tls.Config
		authority string
		offered   []string
		protocol  string // negotiated
		err       string
	}{
		{"first common protocol", client, "greeter.test:443", []string{"h3", "curlew/1", "h2"}, "curlew/1", ""},
		{"authority without port", client, "greeter.test", []string{"h2"}, "h2", ""},
		{"none offered", client, "greeter.test:443", nil, "", ""},
		{"none in common", client, "greeter.test:443", []string{"h3"}, "", "no application protocol"},
		{"wrong name", client, "other.test:443", []string{"h2"}, "", "other.test"},
		{"name in the configuration", renamed, "greeter.test:443", []string{"h2"}, "", "other.test"},
		{"unknown authority", system, "greeter.test:443", []string{"h2"}, "", "TLS handshake with greeter.test (mem:b)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			near, far := mem.Pipe()
			accepted := make(chan *tls.Conn, 1)
			go func() {
				conn := tls.Server(far, transport.WithProtocols(server, []string{"curlew/1", "h2"}))
				if conn.Handshake() != nil {
					far.Close()
				}
				accepted <- conn
			}()
			conn, err := transport.ClientHandshake(t.Context(), near, test.config, test.authority, test.offered)
			peer := <-accepted
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				if near.Close() == nil {
					t.Error("the connection was left open")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if ours, theirs := conn.ConnectionState().NegotiatedProtocol, peer.ConnectionState().NegotiatedProtocol; ours != test.protocol || theirs != test.protocol {
				t.Errorf("protocol %q here and %q there, want %q", ours, theirs, test.protocol)
			}
		})
	}
	if server.NextProtos != nil || client.ServerName != "" {
		t.Error("a configuration was changed")
	}
}

func TestTLSFiles(t *testing.T) {
	certFile, keyFile := writeCertificate(t, "greeter.test")
	_, otherKey := writeCertificate(t, "greeter.test")
	for _, files := range [][2]string{{certFile, "missing"}, {"missing", keyFile}, {certFile, otherKey}} {
		if _, err := transport.ServerTLS(files[0], files[1]); err == nil ||
			!strings.Contains(err.Error(), files[0]) || !strings.Contains(err.Error(), files[1]) {
			t.Errorf("ServerTLS%q: %v", files, err)
		}
	}
	for _, file := range []string{"missing", keyFile} {
		if _, err := transport.ClientTLS(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("ClientTLS(%q): %v", file, err)
		}
	}
}

// A peer that says nothing does not hold the client beyond its context.
func TestClientHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := mem.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := transport.ClientHandshake(ctx, near, &tls.Config{}, "greeter.test", nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ClientHandshake: %v", err)
		}
		if near.Close() == nil {
			t.Error("the connection was left open")
		}
	})
}
