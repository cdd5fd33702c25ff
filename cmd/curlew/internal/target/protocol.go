// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// The protocols by name.
const (
	Auto    = "auto" // native if the server speaks it, else gRPC
	Native  = "native"
	GRPC    = "grpc"
	GRPCWeb = "grpc-web" // over HTTP/2 if the server speaks it, else HTTP/1.1
	Connect = "connect"  // the same
	JSONRPC = "jsonrpc"  // version 2.0, over a connection of its own

	JSONRPC1 = "jsonrpc1" // version 1.0, as Go's net/rpc/jsonrpc speaks it

	// Gobs; these are offered by commands only that can make Go values.
	NetRPC     = "netrpc"      // as rpc.Dial speaks it
	NetRPCHTTP = "netrpc-http" // as rpc.DialHTTP does
)

// Protocols returns the names of the protocols that all commands offer, the
// default first.
func Protocols() []string { return []string{Auto, Native, GRPC, GRPCWeb, Connect, JSONRPC, JSONRPC1} }

// HasSchema reports whether calls by the protocol carry messages that descriptors
// describe. JSON-RPC's are JSON, whatever it is.
func HasSchema(protocol string) bool { return protocol != JSONRPC && protocol != JSONRPC1 }

// HasGobs reports whether calls by the protocol carry Go values.
func HasGobs(protocol string) bool { return protocol == NetRPC || protocol == NetRPCHTTP }

// protocol returns the protocol of the flags, which is one that the command
// offers.
func (f *Flags) protocol() (*firstOf, error) {
	name, codec := f.Protocol, proto.New()
	if offered := append(Protocols(), f.more...); name != "" && !slices.Contains(offered, name) {
		return nil, fmt.Errorf("--protocol %s: there is no such protocol here; use one of %s", name, strings.Join(offered, ", "))
	}
	switch name {
	case "", Auto:
		return newFirstOf(option{Native, native.New()}, option{GRPC, grpc.NewClient(h2.Dial, codec)}), nil
	case Native:
		return newFirstOf(option{Native, native.New()}), nil
	case GRPC:
		return newFirstOf(option{GRPC, grpc.NewClient(h2.Dial, codec)}), nil
	case GRPCWeb:
		return newFirstOf(option{GRPCWeb, grpcweb.NewClient(h2.Dial, codec)}, option{GRPCWeb, grpcweb.NewClient(h1.Dial, codec)}), nil
	case Connect:
		return newFirstOf(option{Connect, connect.NewClient(h2.Dial, codec)}, option{Connect, connect.NewClient(h1.Dial, codec)}), nil
	case JSONRPC:
		return newFirstOf(option{JSONRPC, jsonrpc.New(jsonrpc.Version2)}), nil
	case JSONRPC1:
		return newFirstOf(option{JSONRPC1, jsonrpc.New(jsonrpc.Version1)}), nil
	case NetRPC:
		return newFirstOf(option{NetRPC, netrpc.New()}), nil
	default:
		return newFirstOf(option{NetRPCHTTP, netrpc.NewHTTP("")}), nil
	}
}

// firstOf is the first of several protocols that a server speaks. It finds that
// out once for each server.
type firstOf struct {
	options []option
	failed  func(*failure) // of each failed connection; nil tells nobody

	mu     sync.Mutex
	found  map[string]option // by address
	trying *failure          // a connection that is being made, as far as it is
}

// option is a protocol by one of the names that users know.
type option struct {
	name string
	wire.Protocol
}

func newFirstOf(options ...option) *firstOf {
	return &firstOf{options: options, found: make(map[string]option)}
}

// failure is why a connection could not be made.
type failure struct {
	remote  *wire.Remote
	reached bool    // a connection was there; what was wrong is what was said on it
	errs    []error // of each protocol that was tried
}

// patience bounds how long a server that was reached may take to understand a
// protocol, if there is another one to try.
const patience = 2 * time.Second

// Name implements wire.Protocol.
func (p *firstOf) Name() string { return p.options[0].Name() }

// Connect implements wire.Protocol.
func (p *firstOf) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	p.mu.Lock()
	options := p.options
	if found, ok := p.found[r.Address]; ok {
		options = []option{found}
	}
	p.mu.Unlock()
	f := &failure{remote: r}
	for i, o := range options {
		session, reached, err := p.try(ctx, o, r, i < len(options)-1)
		if err == nil {
			p.remember(r.Address, o)
			return session, nil
		}
		f.reached = f.reached || reached
		f.errs = append(f.errs, err)
		if !reached || ctx.Err() != nil {
			break
		}
	}
	if p.failed != nil {
		p.failed(f)
	}
	return nil, f
}

// try connects by one protocol and reports whether the server was reached.
func (p *firstOf) try(ctx context.Context, o option, r *wire.Remote, hurry bool) (_ wire.Session, reached bool, _ error) {
	p.note(&failure{remote: r})
	watched := *r
	watched.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := r.Dial(ctx, network, address)
		if err == nil {
			reached = true
			p.note(&failure{remote: r, reached: true})
		}
		return conn, err
	}
	if hurry {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	session, err := o.Connect(ctx, &watched)
	return session, reached, err
}

func (p *firstOf) remember(address string, o option) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found[address] = o
}

func (p *firstOf) note(f *failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trying = f
}

// unfinished returns how far a connection got that was not made before err; nil
// if none was tried.
func (p *firstOf) unfinished(err error) *failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trying == nil {
		return nil
	}
	return &failure{p.trying.remote, p.trying.reached, []error{err}}
}

// spoken returns the name of the protocol that a server was found to speak.
func (p *firstOf) spoken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, found := range p.found {
		return found.name
	}
	return p.options[0].name
}
