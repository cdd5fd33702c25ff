// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

// TestQuietTLSConnection: a TLS connection takes calls again after it was quiet,
// and a server that shuts down is heard by clients that are.
func TestQuietTLSConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serverTLS, clientTLS := certificate(t)
		ctx, cancel := context.WithCancel(t.Context())
		r := run(t, ctx, newServer(t, one(arith()), server.WithTLS(serverTLS)))
		c := connect(t, &wire.Remote{Network: "mem", Address: "server", Authority: "localhost", TLS: clientTLS, Dial: r.network.DialContext})
		for range 5 {
			got, err := invoke(ctx, c, "Arith/Add", 2, 3)
			assert.NoError(t, err)
			assert.Equal(t, got, 5)
			<-time.After(time.Second)
		}
		cancel()
		assert.NoError(t, <-r.served)
		_, err := invoke(t.Context(), c, "Arith/Add", 2, 3)
		assert.True(t, err != nil, "a call after the shutdown fails")
	})
}
