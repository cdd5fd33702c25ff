// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package streams

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/curlewrpc/curlew"
)

// [uploads]

// Chunk is a piece of what is uploaded.
type Chunk struct{ Data []byte }

// Receipt says what arrived.
type Receipt struct {
	Bytes  int64
	SHA256 string
}

// Uploads is a client stream: many requests, one reply.
type Uploads struct{}

// Put takes all chunks and says what they were.
func (Uploads) Put(ctx context.Context, chunks curlew.Receiver[Chunk]) (*Receipt, error) {
	hash, size := sha256.New(), int64(0)
	for chunk, err := range chunks.All(ctx) {
		if err != nil {
			return nil, err
		}
		hash.Write(chunk.Data)
		size += int64(len(chunk.Data))
	}
	return &Receipt{Bytes: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// [/uploads]
