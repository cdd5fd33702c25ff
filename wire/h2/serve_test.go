// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h2"
)

// Serve returns when the connection has been drained, or has failed.
func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, drains := range []bool{true, false} {
			near, far := mem.Pipe()
			draining, served := make(chan struct{}), make(chan error, 1)
			logger := slog.New(slog.DiscardHandler)
			go func() {
				served <- h2.New(serves(echo)).Serve(context.Background(), &wire.Conn{
					Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()}, Limits: wire.Limits{}.WithDefaults(),
					Logger: logger, Draining: draining,
				}, nil)
			}()
			transport, err := h2.Dial(t.Context(), &wire.Remote{
				Address: "here", Logger: logger,
				Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil },
			})
			assert.NoError(t, err)
			x, err := transport.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Scheme: "http", Authority: "here", Path: "/", Length: -1})
			assert.NoError(t, err)
			if drains {
				close(draining)
				<-transport.Draining()
				assert.NoError(t, x.CloseWrite())
				body, err := readAll(t.Context(), x)
				assert.NoError(t, err)
				assert.Equal(t, body, "")
				assert.NoError(t, <-served)
			} else {
				near.Reset()
				assert.Equal(t, <-served != nil, true)
				_, _, err = x.Response(t.Context())
				assert.Equal(t, curlew.CodeOf(err), curlew.Unavailable)
			}
			x.Reset(nil)
			transport.Close(nil)
		}
	})
}
