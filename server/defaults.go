// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"slices"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
	"github.com/curlewrpc/curlew/wire/jsonhttp"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// This file is the one place that lists what a server speaks unless
// [WithFramings] or [WithHTTPProtocols] say otherwise, and the services that it
// has beside the registered ones.

// defaultFramings returns the protocols of every port.
func defaultFramings(o *options) []wire.Framing {
	gob := netrpc.New()
	return []wire.Framing{
		native.New(),
		h2.New(o.httpProtocols, h2.WithHandler(o.httpHandler)),
		gob,
		jsonrpc.New(jsonrpc.Version2),
		h1.New(o.httpProtocols,
			h1.WithHandler(o.httpHandler),
			h1.WithTunnel(h1.Tunnel{Path: netrpc.ConnectPath, Reply: netrpc.ConnectReply, Framing: gob})),
	}
}

// defaultHTTPProtocols returns the protocols over HTTP, of any version. services
// returns what has routes.
func defaultHTTPProtocols(services func() []*curlew.Service, more []compress.Compressor) []wire.HTTPProtocol {
	asProto, asJSON := proto.New(), json.New()
	compressors := append(slices.Clone(more), compress.Gzip())
	return []wire.HTTPProtocol{
		grpc.NewServer([]curlew.Codec{asProto, asJSON}, compressors...),
		grpcweb.NewServer([]curlew.Codec{asProto, asJSON}, compressors...),
		jsonrpc.NewHTTP(jsonrpc.DefaultPath),
		connect.NewServer([]curlew.Codec{asJSON, asProto}, compressors...),
		jsonhttp.NewServer(services, asJSON, compressors...),
	}
}

// builtIn returns the services that a server has without their being
// registered. list returns all services, these too.
func builtIn(o *options, list func() []*curlew.Service) []*curlew.Service {
	services := []*curlew.Service{o.health.Service()}
	if o.reflection != hidden {
		services = append(services, reflection.New(list, health.File())...)
	}
	return services
}
