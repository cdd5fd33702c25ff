// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlewtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// TLS returns the TLS configurations of a server with the given names and of
// its clients, with an authority made for the occasion. The server also asks
// for a client's certificate and checks it if there is one, and the client has
// one, named "client". No names means "localhost", 127.0.0.1 and ::1.
func TLS(t testing.TB, names ...string) (server, client *tls.Config) {
	t.Helper()
	if len(names) == 0 {
		names = []string{"localhost", "127.0.0.1", "::1"}
	}
	authority, err := newCertificate(nil, "authority")
	if err != nil {
		t.Fatalf("curlewtest: %v", err)
	}
	var leaves [2]tls.Certificate
	for i, names := range [][]string{names, {"client"}} {
		if leaves[i], err = newCertificate(&authority, names...); err != nil {
			t.Fatalf("curlewtest: %v", err)
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority.Leaf)
	server = &tls.Config{Certificates: leaves[:1], ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	client = &tls.Config{Certificates: leaves[1:], RootCAs: pool}
	return server, client
}

// newCertificate returns a certificate with its key, signed by the authority,
// or one for an authority if there is none.
func newCertificate(authority *tls.Certificate, names ...string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: names[0]},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
	}
	parent, signer := template, key
	if authority == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	} else {
		parent, signer = authority.Leaf, authority.PrivateKey.(*ecdsa.PrivateKey)
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		for _, name := range names {
			if ip := net.ParseIP(name); ip != nil {
				template.IPAddresses = append(template.IPAddresses, ip)
			} else {
				template.DNSNames = append(template.DNSNames, name)
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
