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
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/netrpc"
	"github.com/curlewrpc/curlew/wire/wiretest"
)

func TestNative(t *testing.T) {
	p := native.New(proto.New(), json.New())
	wiretest.Run(t, wiretest.Protocol{
		Name: "native", Framing: p, Client: p,
		Codecs: []curlew.Codec{proto.New(), json.New()},
		Can:    wiretest.Everything,
	})
}

func TestNetRPC(t *testing.T) {
	p := netrpc.New()
	wiretest.Run(t, wiretest.Protocol{
		Name: "netrpc", Framing: p, Client: p,
		Can: wiretest.Multiplexed | wiretest.Binary,
	})
}

func TestConnect(t *testing.T) {
	wiretest.Run(t, wiretest.Protocol{
		Name:    "connect",
		Framing: h1.New([]wire.HTTPProtocol{connect.NewServer(json.New(), proto.New())}),
		Client:  connect.NewClient(h1.Dial, json.New()),
		Codecs:  []curlew.Codec{proto.New()},
		Can: wiretest.RequestMetadata | wiretest.ReplyMetadata | wiretest.Codes | wiretest.Details |
			wiretest.Deadlines | wiretest.Cancellation,
	})
}
