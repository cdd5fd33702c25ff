// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/curlewrpc/curlew"
)

// DialConn dials the remote and, if it has a TLS configuration, makes the
// handshake, offering alpn. The errors say which address and which step
// failed; their progress is NotSent.
func (r *Remote) DialConn(ctx context.Context, alpn ...string) (net.Conn, error) {
	raw, err := r.Dial(ctx, r.Network, r.Address)
	if err != nil {
		return nil, r.dialError("dial", err)
	}
	if r.TLS == nil {
		return raw, nil
	}
	config := r.TLS.Clone()
	if config.NextProtos == nil {
		config.NextProtos = alpn
	}
	if config.ServerName == "" {
		config.ServerName, _, err = net.SplitHostPort(r.Authority)
		if err != nil {
			config.ServerName = r.Authority
		}
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, r.dialError("TLS handshake", err)
	}
	return conn, nil
}

func (r *Remote) dialError(step string, err error) error {
	return curlew.Errorf(curlew.Unavailable, "%s %s: %w", step, r, err).
		WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
}

// String returns the address.
func (r *Remote) String() string {
	if r.Network == "" || r.Network == "tcp" {
		return r.Address
	}
	return fmt.Sprintf("%s:%s", r.Network, r.Address)
}
