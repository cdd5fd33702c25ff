// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// inBuffer returns a pooled buffer with the bytes.
func inBuffer(p []byte) *bufpool.Buf {
	b := bufpool.Get(len(p))
	copy(b.B, p)
	return b
}

// mirrorBuffers is mirror that hands buffers over, and has them handed over.
func mirrorBuffers(ctx context.Context, x wire.Exchange) {
	body, err := httpwire.ReadAll(ctx, x, x.Request().Length, 16<<20)
	if err != nil {
		body.Free()
		x.Reset(err)
		return
	}
	x.Respond(200, nil)
	if x.Request().Fields.Get("how") == "pieces" {
		if err := httpwire.Write(ctx, x, inBuffer(body.B[:len(body.B)/2])); err != nil {
			body.Free()
			return
		}
		body.B = body.B[len(body.B)/2:]
	}
	httpwire.End(x, body, wire.Fields{{Name: "x-after", Value: "all"}})
}

// exchangeBuffers makes one exchange of n bytes and checks that they come back.
func exchangeBuffers(t *testing.T, transport *Transport, n int, how string) {
	t.Helper()
	want := pattern(n)
	x, err := transport.Do(t.Context(), &wire.HTTPRequest{Method: "POST", Scheme: "http", Authority: "here", Path: "/",
		Length: int64(n), Fields: wire.Fields{{Name: "how", Value: how}}})
	assert.NoError(t, err)
	defer x.Reset(nil)
	if n > 0 {
		assert.NoError(t, httpwire.Write(t.Context(), x, inBuffer(want)))
	}
	assert.NoError(t, x.CloseWrite())
	_, _, err = x.Response(t.Context())
	assert.NoError(t, err)
	length := int64(-1)
	if n%3 == 0 {
		length = int64(n)
	}
	got, err := httpwire.ReadAll(t.Context(), x, length, 16<<20)
	defer got.Free()
	assert.NoError(t, err)
	assert.Equal(t, bytes.Equal(got.B, want), true, n, how)
	assert.Equal(t, x.Trailers().Get("x-after"), "all")
}

// Buffers that are handed over, of all sizes and several at once, bring what they
// hold, over a connection that writes from them and over one that does not.
func TestHandedOver(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer listener.Close()
	tcp, err := net.Dial("tcp", listener.Addr().String())
	assert.NoError(t, err)
	accepted, err := listener.Accept()
	assert.NoError(t, err)
	near, far := mem.Pipe()
	for name, ends := range map[string][2]net.Conn{"tcp": {tcp, accepted}, "mem": {near, far}} {
		t.Run(name, func(t *testing.T) {
			transport, _ := overConns(t, ends[0], ends[1], wire.Limits{}, protocol(mirrorBuffers))
			var all sync.WaitGroup
			for _, size := range []int{0, 1, shareAbove, shareAbove + 1, 64 << 10, maxDirect + 1, 300_000, 3 << 20} {
				for _, how := range []string{"whole", "pieces"} {
					all.Go(func() {
						for more := range 3 {
							exchangeBuffers(t, transport, size+more, how)
						}
					})
				}
			}
			all.Wait()
		})
	}
}
