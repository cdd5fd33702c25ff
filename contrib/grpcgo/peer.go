// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"crypto/tls"
	"net"
	"net/url"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/curlewrpc/curlew"
)

// peerOf returns p as grpc-go has it. Where there is no address, the peer's is
// the name of the protocol, because code for grpc-go counts on one.
func peerOf(p *curlew.Peer) *peer.Peer {
	q := new(peer.Peer)
	if p == nil {
		return q
	}
	q.Addr, q.LocalAddr = p.Addr, p.LocalAddr
	if q.Addr == nil {
		q.Addr = noAddr(p.Protocol)
	}
	if p.TLS != nil {
		q.AuthInfo = tlsInfo(*p.TLS)
	}
	return q
}

// noAddr stands for the address of a peer that has none.
type noAddr string

var _ net.Addr = noAddr("")

func (a noAddr) Network() string { return string(a) }
func (a noAddr) String() string  { return string(a) }

func tlsInfo(state tls.ConnectionState) credentials.TLSInfo {
	return credentials.TLSInfo{
		State:          state,
		CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity},
		SPIFFEID:       spiffeID(state),
	}
}

// spiffeID returns the SPIFFE ID of the peer's certificate: its one URI name,
// if that has the scheme spiffe.
func spiffeID(state tls.ConnectionState) *url.URL {
	if len(state.PeerCertificates) == 0 {
		return nil
	}
	uris := state.PeerCertificates[0].URIs
	if len(uris) != 1 || uris[0] == nil || uris[0].Scheme != "spiffe" {
		return nil
	}
	return uris[0]
}
