// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package transport_test

import (
	"io"
	"testing"
)

func TestTryWriteAllocatesNothing(t *testing.T) {
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			conn, peer := pair(t)
			w := newTryWriter(t, conn)
			message, received := make([]byte, 100), make([]byte, 100)
			if allocs := testing.AllocsPerRun(100, func() {
				w.TryWrite(message)
				io.ReadFull(peer, received)
			}); allocs >= 1 {
				t.Errorf("TryWrite allocates %v times", allocs)
			}
		})
	}
}
