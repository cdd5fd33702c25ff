// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// This file is the one place that lists what a server speaks unless
// [WithFramings] or [WithHTTPProtocols] say otherwise.

// defaultFramings returns the protocols of every port.
func defaultFramings(o *options) []wire.Framing {
	gob := netrpc.New()
	return []wire.Framing{
		native.New(),
		gob,
		jsonrpc.New(jsonrpc.Version2),
		h1.New(o.httpProtocols,
			h1.WithHandler(o.httpHandler),
			h1.WithTunnel(h1.Tunnel{Path: netrpc.ConnectPath, Reply: netrpc.ConnectReply, Framing: gob})),
	}
}

// defaultHTTPProtocols returns the protocols over HTTP, of any version.
func defaultHTTPProtocols() []wire.HTTPProtocol {
	return []wire.HTTPProtocol{
		jsonrpc.NewHTTP(jsonrpc.DefaultPath),
		connect.NewServer([]curlew.Codec{json.New(), proto.New()}),
	}
}
