// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
	"github.com/curlewrpc/curlew/wire/native"
)

// exam is one look at one server.
type exam struct {
	report  *report
	timeout time.Duration // of each step
	tls     *tls.Config   // nil: plaintext

	network, host     string
	address           string // of the host, that answers
	certificateWanted bool   // the server asks for a client's certificate
}

// run goes through the steps, up to one after which no other makes sense.
func (e *exam) run(ctx context.Context) {
	addresses := e.resolve(ctx)
	if len(addresses) == 0 || !e.reach(ctx, addresses) {
		return
	}
	if e.tls != nil && !e.secure(ctx) {
		return
	}
	spoken := e.protocols(ctx)
	if len(spoken) == 0 {
		return
	}
	s, err := e.session(ctx, spoken[0])
	if err != nil {
		e.report.add("protocol", fail, "Look at the server's log: it speaks the protocol, and takes no connection of it.", "%v", err)
		return
	}
	defer s.Close(nil)
	e.report.Protocol = protocolNames[spoken[0]]
	e.services(ctx, wire.NewCaller(s), spoken)
}

// authority is the name by which the server is asked for.
func (e *exam) authority() string {
	_, port, err := net.SplitHostPort(e.address)
	if err != nil {
		return e.host
	}
	return net.JoinHostPort(e.host, port)
}

// overNative is a protocol beside http1 and http2.
const overNative = "native"

// protocolNames are what calls are made by over each.
var protocolNames = map[string]string{overNative: "the native protocol", http2: "gRPC", http1: "Connect over HTTP/1.1"}

// protocols finds what the server speaks, the best first.
func (e *exam) protocols(ctx context.Context) []string {
	var (
		all             sync.WaitGroup
		nativeErr       error
		second, primary saw
	)
	all.Go(func() {
		var s wire.Session
		if s, nativeErr = e.session(ctx, overNative); nativeErr == nil {
			nativeErr = s.Close(nil)
		}
	})
	all.Go(func() { second = e.sniff(ctx, e.offering(alpnHTTP2), hello2) })
	all.Go(func() { primary = e.sniff(ctx, e.offering(alpnHTTP1), e.hello1()) })
	all.Wait()
	var spoken []string
	if nativeErr == nil {
		spoken = append(spoken, overNative)
	}
	if second.protocol == http2 {
		spoken = append(spoken, http2)
	}
	if primary.protocol == http1 || second.protocol == http1 {
		spoken = append(spoken, http1)
	}
	switch {
	case len(spoken) == 0 || spoken[0] == http1 && e.wantsTLS(ctx):
		e.unknownProtocol(ctx, second, primary)
		return nil
	case spoken[0] == http1:
		// Whether that is enough depends on what the services step finds.
	default:
		e.report.add("protocol", ok, "", "the server speaks %s", strings.Join(spoken, ", "))
	}
	return spoken
}

// offering is the client's TLS with one protocol offered; nil for plaintext.
func (e *exam) offering(protocol string) *tls.Config {
	if e.tls == nil {
		return nil
	}
	c := transport.WithProtocols(e.tls, []string{protocol})
	c.ServerName = e.serverName()
	return c
}

// session makes a connection of a protocol.
func (e *exam) session(ctx context.Context, protocol string) (wire.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	remote := &wire.Remote{
		Network: e.network, Address: e.address, Authority: e.authority(),
		TLS: e.tls, Dial: transport.Dial,
		Limits: wire.Limits{}.WithDefaults(), Logger: slog.New(slog.DiscardHandler),
	}
	return speaker(protocol).Connect(ctx, remote)
}

// speaker returns what calls are made by.
func speaker(protocol string) wire.Protocol {
	switch protocol {
	case http2:
		return grpc.NewClient(h2.Dial, proto.New())
	case http1:
		return connect.NewClient(h1.Dial, proto.New())
	}
	return native.New(proto.New())
}

// wantsTLS reports whether the server, greeted in plain text, speaks TLS. Some
// such servers answer in plain text to say so.
func (e *exam) wantsTLS(ctx context.Context) bool {
	return e.tls == nil && e.shake(ctx, alpnHTTP2, alpnHTTP1).err == nil
}

// unknownProtocol says what a server is that speaks nothing that is known.
func (e *exam) unknownProtocol(ctx context.Context, seen ...saw) {
	best := seen[0]
	for _, s := range seen {
		if len(s.first) > 0 {
			best = s
			break
		}
	}
	var alert tls.AlertError
	for _, s := range seen {
		if errors.As(s.err, &alert) {
			e.report.add("protocol", fail, alertAdvice(s.err.Error()), "the server ends the connection: %v", alert)
			return
		}
	}
	if e.tls == nil && (slices.ContainsFunc(seen, saw.isTLS) || e.wantsTLS(ctx)) {
		e.report.add("protocol", fail, "Give --tls, and --ca with the authority's certificate if it is a private one.", "the server speaks TLS, and was asked without")
		return
	}
	advice := "Is the port right? It belongs to another kind of server."
	switch {
	case len(best.first) > 0:
	case e.certificateWanted:
		advice = "The server asks for a client's certificate: give --cert and --key."
	default:
		advice = "Is the port right? If it is, look at the server's log: it may hang, have reached its limit of connections, or wait for a protocol that is not known here (net/rpc servers do)."
	}
	e.report.add("protocol", fail, advice, "the server %s", best.describe(e.timeout))
}

// isTLS tells whether what was seen is a record of TLS: an alert or a handshake.
func (s saw) isTLS() bool {
	return len(s.first) > 2 && (s.first[0] == 0x15 || s.first[0] == 0x16) && s.first[1] == 3
}
