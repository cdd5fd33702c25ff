// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest_test

import (
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/wiretest"
)

func TestNative(t *testing.T) {
	p := native.New()
	wiretest.Run(t, wiretest.Protocol{
		Name: "native", Framing: p, Client: p,
		Codecs: []curlew.Codec{proto.New()},
		Can:    wiretest.Everything,
	})
}
