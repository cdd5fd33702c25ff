// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compressors_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/conformance/compressors"
)

func TestRoundTrip(t *testing.T) {
	message := bytes.Repeat([]byte("a curlew calls "), 500)
	for _, c := range compressors.All() {
		t.Run(c.Name(), func(t *testing.T) {
			packed, err := c.Compress([]byte("kept"), message)
			if err != nil || !bytes.HasPrefix(packed, []byte("kept")) {
				t.Fatalf("compressed to %q, %v", packed, err)
			}
			packed = packed[len("kept"):]
			if len(packed) >= len(message) {
				t.Errorf("%d bytes became %d", len(message), len(packed))
			}
			got, err := c.Decompress([]byte("kept"), packed, len(message))
			if err != nil || string(got) != "kept"+string(message) {
				t.Errorf("decompressed %d bytes, %v", len(got), err)
			}
			if _, err := c.Decompress(nil, packed, len(message)-1); !errors.Is(err, compress.ErrTooLarge) {
				t.Errorf("above the limit: %v", err)
			}
			if _, err := c.Decompress(nil, []byte("this is not compressed"), 1<<20); err == nil {
				t.Error("what is not compressed was decompressed")
			}
		})
	}
}
