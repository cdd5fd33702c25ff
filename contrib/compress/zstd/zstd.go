// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package zstd

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/curlewrpc/curlew/compress"
)

// window is how far back an encoder looks for what it has seen. It bounds the
// memory of one.
const window = 512 << 10

// New returns Zstandard at its fastest. Its state is large and kept for reuse,
// so use one value in many places.
func New() compress.Compressor { return new(compressor) }

type compressor struct {
	encoders, decoders sync.Pool
}

func (c *compressor) Name() string { return "zstd" }

func (c *compressor) Compress(dst, src []byte) ([]byte, error) {
	z, ok := c.encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		z, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window), zstd.WithZeroFrames(true))
		if err != nil {
			return dst, fmt.Errorf("zstd: %w", err)
		}
	}
	defer c.encoders.Put(z)
	return z.EncodeAll(src, dst), nil
}

// maxWindow is how far back a frame may have a decoder look (RFC 9659), and so
// what one costs at most beside the contents.
const maxWindow = 8 << 20

func (c *compressor) Decompress(dst, src []byte, limit int) ([]byte, error) {
	if len(src) == 0 {
		return dst, fmt.Errorf("zstd: %w", io.ErrUnexpectedEOF)
	}
	z, err := c.decoder(bytes.NewReader(src))
	if err != nil {
		return dst, fmt.Errorf("zstd: %w", err)
	}
	defer func() {
		if z.Reset(nil) == nil { // which lets go of src
			c.decoders.Put(z)
		}
	}()
	dst, err = compress.ReadAll(dst, z, limit)
	if err != nil && err != compress.ErrTooLarge {
		err = fmt.Errorf("zstd: %w", err)
	}
	return dst, err
}

// decoder returns a decoder that has no goroutines.
func (c *compressor) decoder(r io.Reader) (*zstd.Decoder, error) {
	if z, ok := c.decoders.Get().(*zstd.Decoder); ok {
		return z, z.Reset(r)
	}
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecodeBuffersBelow(0))
}
