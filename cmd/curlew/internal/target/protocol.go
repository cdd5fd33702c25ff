// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"
	"net"
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
)

// The protocols by name.
const (
	Auto    = "auto" // native if the server speaks it, else gRPC
	Native  = "native"
	GRPC    = "grpc"
	GRPCWeb = "grpc-web" // over HTTP/2 if the server speaks it, else HTTP/1.1
	Connect = "connect"  // the same
	JSONRPC = "jsonrpc"  // version 2.0, over a connection of its own
)

// Protocols returns the names of the protocols, the default first.
func Protocols() []string { return []string{Auto, Native, GRPC, GRPCWeb, Connect, JSONRPC} }

// HasSchema reports whether calls by the protocol carry messages that descriptors
// describe. JSON-RPC's are JSON, whatever it is.
func HasSchema(protocol string) bool { return protocol != JSONRPC }

func protocolOf(name string) (*firstOf, error) {
	codec := proto.New()
	switch name {
	case "", Auto:
		return &firstOf{options: []wire.Protocol{native.New(), grpc.NewClient(h2.Dial, codec)}}, nil
	case Native:
		return only(native.New()), nil
	case GRPC:
		return only(grpc.NewClient(h2.Dial, codec)), nil
	case GRPCWeb:
		return &firstOf{options: []wire.Protocol{grpcweb.NewClient(h2.Dial, codec), grpcweb.NewClient(h1.Dial, codec)}}, nil
	case Connect:
		return &firstOf{options: []wire.Protocol{connect.NewClient(h2.Dial, codec), connect.NewClient(h1.Dial, codec)}}, nil
	case JSONRPC:
		return only(jsonrpc.New(jsonrpc.Version2)), nil
	default:
		return nil, fmt.Errorf("--protocol %s: there is no such protocol; use one of %s", name, strings.Join(Protocols(), ", "))
	}
}

func only(p wire.Protocol) *firstOf { return &firstOf{options: []wire.Protocol{p}} }

// firstOf is the first of several protocols that a server speaks. It finds that
// out once for each server.
type firstOf struct {
	options []wire.Protocol
	failed  func(*failure) // of each failed connection; nil tells nobody

	mu    sync.Mutex
	found map[string]wire.Protocol // by address
}

// failure is why a connection could not be made.
type failure struct {
	remote  *wire.Remote
	reached bool // a connection was there; what was wrong is what was said on it
	err     error
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
	if found := p.found[r.Address]; found != nil {
		options = []wire.Protocol{found}
	}
	p.mu.Unlock()
	var errs []error
	reached := false
	for i, option := range options {
		session, ok, err := try(ctx, option, r, i < len(options)-1)
		if err == nil {
			p.remember(r.Address, option)
			return session, nil
		}
		reached = reached || ok
		errs = append(errs, err)
		if !ok || ctx.Err() != nil {
			break
		}
	}
	err := errs[len(errs)-1]
	if len(errs) > 1 {
		err = errors.Join(errs...)
	}
	if p.failed != nil {
		p.failed(&failure{r, reached, err})
	}
	return nil, err
}

// try connects by one protocol and reports whether the server was reached.
func try(ctx context.Context, option wire.Protocol, r *wire.Remote, hurry bool) (_ wire.Session, reached bool, _ error) {
	watched := *r
	watched.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := r.Dial(ctx, network, address)
		reached = err == nil
		return conn, err
	}
	if hurry {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	session, err := option.Connect(ctx, &watched)
	return session, reached, err
}

func (p *firstOf) remember(address string, option wire.Protocol) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		p.found = make(map[string]wire.Protocol)
	}
	p.found[address] = option
}

// spoken returns the name of the protocol that a server was found to speak.
func (p *firstOf) spoken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, found := range p.found {
		return found.Name()
	}
	return p.Name()
}
