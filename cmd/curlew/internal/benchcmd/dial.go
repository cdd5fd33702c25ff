// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/load"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
	"github.com/curlewrpc/curlew/wire"
)

// dial makes the connections that the calls use: each is a client of its own, so
// that their number is what was asked for.
func (b *command) dial(ctx context.Context, address string, callers int) ([]*target.Client, error) {
	const maxMessage = 256 << 20
	to := b.to
	options := []client.Option{
		client.WithPool(client.Pool{MaxConnections: 1}),
		client.WithDefaultTimeout(0),
		client.WithLimits(wire.Limits{MaxReceive: maxMessage, MaxStreams: max(callers, 1024)}),
	}
	if target.HasSchema(to.Protocol) {
		name := "proto"
		if to.Codec != "" {
			name = to.Codec
		}
		options = append(options, client.WithCodec(codec(name)))
	}
	conns := make([]*target.Client, 0, b.connections)
	for range min(b.connections, callers) {
		conn, err := to.Dial(ctx, address, options...)
		if err != nil {
			for _, conn := range conns {
				conn.Close() // no call was made
			}
			return nil, err
		}
		conns = append(conns, conn)
		if to.Protocol == target.Auto { // the others need not look again
			to.Protocol = conn.Protocol
		}
	}
	return conns, nil
}

// methods makes the methods ready to be called.
func (b *command) methods(ctx context.Context, address string, specs []spec, callers int, conns []*target.Client) ([]load.Method, error) {
	options, err := b.callOptions()
	if err != nil {
		return nil, err
	}
	describe, err := b.describe(ctx, address, specs)
	if err != nil {
		return nil, err
	}
	var methods []load.Method
	for _, s := range specs {
		one := &bench{messages: s.messages, conns: conns, options: options, to: &b.to}
		if err := describe(one, s.name); err != nil {
			return nil, err
		}
		if one.requests, err = s.requests(); err != nil {
			return nil, err
		}
		if err := one.prepare(callers); err != nil {
			return nil, err
		}
		methods = append(methods, load.Method{
			Name: one.method.FullName(), Kind: one.method.Kind().String(), Weight: s.weight, Do: one.call,
		})
	}
	return methods, nil
}

// callOptions are the options of each call but for the codec, which the
// connections have.
func (b *command) callOptions() ([]curlew.CallOption, error) {
	if _, err := b.to.CallOptions(); err != nil {
		return nil, err
	}
	if b.to.Compression == "" {
		return nil, nil
	}
	return []curlew.CallOption{curlew.WithCompression(b.to.Compression)}, nil
}

// describe returns what looks methods up, and gives a bench its method, encoder
// and check.
func (b *command) describe(ctx context.Context, address string, specs []spec) (func(*bench, string) error, error) {
	if !target.HasSchema(b.to.Protocol) {
		if b.check {
			return nil, errors.New("--check: JSON-RPC's replies have no types to be checked by; leave it out")
		}
		return func(one *bench, name string) error {
			one.method = curlew.NewMethod(name, curlew.KindUnary)
			one.encode = compact
			return nil
		}, nil
	}
	known, err := b.source(ctx, address, specs)
	if err != nil {
		return nil, err
	}
	asJSON := b.to.Codec == "json"
	return func(one *bench, name string) error {
		d, err := known.Method(name)
		if err != nil {
			return err
		}
		one.method, one.encode = target.Method(d), encoderOf(known, d, asJSON)
		if b.check {
			one.check = checkerOf(known, d, asJSON)
		}
		return nil
	}, nil
}

// source opens what describes the methods. The server is asked on a connection
// of its own, whose messages are decoded as usual.
func (b *command) source(ctx context.Context, address string, specs []spec) (*source.Source, error) {
	symbol := ""
	if len(specs) == 1 {
		symbol = specs[0].name
	}
	if b.from.Given() {
		return b.from.Open(ctx, nil, symbol)
	}
	to := b.to
	conn, err := to.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close() // it has told what it was asked
	return b.from.Open(ctx, conn, symbol)
}

func compact(text []byte) ([]byte, error) {
	if !json.Valid(text) {
		return nil, fmt.Errorf("%q is no JSON", text)
	}
	return text, nil
}
