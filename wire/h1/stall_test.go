// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

// TestStalledClient: a client that takes nothing of a response holds the server
// up for a while, one that takes it slowly for as long as it likes.
func TestStalledClient(t *testing.T) {
	for _, slow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const length = 1 << 20
			written := make(chan error, 1)
			p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
				x.Respond(200, wire.Fields{{Name: "content-type", Value: "text/plain"}})
				_, err := x.Write(ctx, make([]byte, length))
				written <- err
				x.End(nil, nil)
			}))).dial()
			begun := time.Now()
			p.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if slow {
				got := 0
				for piece := make([]byte, 10<<10); ; {
					n, err := io.ReadFull(p.Conn, piece)
					got += n
					if err != nil {
						break
					}
					<-after(20 * time.Second)
				}
				assert.True(t, got > length, got, "bytes came")
				assert.NoError(t, <-written)
				assert.True(t, time.Since(begun) > 30*time.Minute)
				return
			}
			err := <-written
			assert.True(t, err != nil, "an answer that nobody takes was written")
			assert.Contains(t, err.Error(), "the client has taken nothing of the response for 30s")
			took := time.Since(begun) // counted from the last bytes that were taken, or earlier
			assert.True(t, took >= 30*time.Second && took <= time.Minute, "it took", took)
		})
	}
}
