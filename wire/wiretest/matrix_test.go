// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest_test

import (
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
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
	"github.com/curlewrpc/curlew/wire/wiretest"
)

func TestNative(t *testing.T) {
	p := native.New(proto.New(), json.New())
	wiretest.Run(t, wiretest.Protocol{
		Name: "native", Framing: p, Client: p, Beside: framings(),
		Codecs: []curlew.Codec{proto.New(), json.New()},
		Can:    wiretest.Everything,
	})
}

func TestNetRPC(t *testing.T) {
	p := netrpc.New()
	wiretest.Run(t, wiretest.Protocol{
		Name: "netrpc", Framing: p, Client: p, Beside: framings(),
		Can: wiretest.Multiplexed | wiretest.Binary,
	})
}

func TestNetRPCOverHTTP(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name: "netrpc", Framing: framings()[3], Client: netrpc.NewHTTP(""), Beside: framings(),
		Can: wiretest.Multiplexed | wiretest.Binary,
	})
}

func TestJSONRPC1(t *testing.T) {
	p := jsonrpc.New(jsonrpc.Version1)
	wiretest.Run(t, wiretest.Protocol{
		Name: "jsonrpc", Framing: p, Client: p, Beside: framings(),
		Can: wiretest.Multiplexed,
	})
}

func TestJSONRPC2(t *testing.T) {
	p := jsonrpc.New(jsonrpc.Version2)
	wiretest.Run(t, wiretest.Protocol{
		Name: "jsonrpc", Framing: p, Client: p, Beside: framings(),
		Can: wiretest.Multiplexed | wiretest.Codes | wiretest.Details | wiretest.OneWay,
	})
}

func TestConnect(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name:    "connect",
		Framing: framings()[3],
		Client:  connect.NewClient(h1.Dial, json.New()),
		Beside:  framings(),
		Codecs:  []curlew.Codec{proto.New()},
		Can: wiretest.Streams | wiretest.RequestMetadata | wiretest.ReplyMetadata | wiretest.Codes | wiretest.Details |
			wiretest.Deadlines | wiretest.Cancellation,
	})
}

func TestConnectOverHTTP2(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name:    "connect",
		Framing: framings()[4],
		Client:  connect.NewClient(h2.Dial, json.New()),
		Beside:  framings(),
		Codecs:  []curlew.Codec{proto.New()},
		Can:     overHTTP2,
		Kin:     true,
	})
}

func TestGRPCWeb(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name:    "grpcweb",
		Framing: framings()[3],
		Client:  grpcweb.NewClient(h1.Dial, proto.New()),
		Beside:  framings(),
		Codecs:  []curlew.Codec{json.New()},
		Can: wiretest.Streams | wiretest.RequestMetadata | wiretest.ReplyMetadata | wiretest.Codes | wiretest.Details |
			wiretest.Deadlines | wiretest.Cancellation | wiretest.Binary,
		Kin: true,
	})
}

func TestGRPCWebOverHTTP2(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name:    "grpcweb",
		Framing: framings()[4],
		Client:  grpcweb.NewClient(h2.Dial, proto.New()),
		Beside:  framings(),
		Codecs:  []curlew.Codec{json.New()},
		Can:     overHTTP2 | wiretest.Binary,
		Kin:     true,
	})
}

func TestGRPC(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name:    "grpc",
		Framing: framings()[4],
		Client:  grpc.NewClient(h2.Dial, proto.New()),
		Beside:  framings(),
		Codecs:  []curlew.Codec{json.New()},
		Can:     overHTTP2 | wiretest.Binary,
	})
}

// overHTTP2 is what HTTP/2 gives to every protocol over it.
const overHTTP2 = wiretest.Streams | wiretest.FullDuplex | wiretest.Multiplexed | wiretest.RequestMetadata | wiretest.ReplyMetadata |
	wiretest.Codes | wiretest.Details | wiretest.Deadlines | wiretest.Cancellation | wiretest.GoAway | wiretest.Liveness

// framings are all that share a port.
func framings() []wire.Framing {
	gob := netrpc.New()
	codecs := []curlew.Codec{json.New(), proto.New()}
	protocols := []wire.HTTPProtocol{
		jsonrpc.NewHTTP(""), grpc.NewServer(codecs), grpcweb.NewServer(codecs), connect.NewServer(codecs),
	}
	return []wire.Framing{
		native.New(proto.New(), json.New()),
		gob, jsonrpc.New(jsonrpc.Version2),
		h1.New(protocols, h1.WithTunnel(h1.Tunnel{Path: netrpc.ConnectPath, Reply: netrpc.ConnectReply, Framing: gob})),
		h2.New(protocols),
	}
}
