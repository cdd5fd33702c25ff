// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compressors

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/curlewrpc/curlew/compress"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

// All returns every algorithm of the suite.
func All() []compress.Compressor {
	return []compress.Compressor{
		compress.Gzip(),
		&streaming{
			name:   "br",
			reader: func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
			writer: func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, brotli.BestSpeed), nil },
		},
		&streaming{
			name: "zstd",
			reader: func(r io.Reader) (io.Reader, error) {
				z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(8<<20))
				if err != nil {
					return nil, err
				}
				return z.IOReadCloser(), nil
			},
			writer: func(w io.Writer) (io.WriteCloser, error) {
				return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
			},
		},
		&streaming{
			name:   "deflate", // HTTP's word for the zlib format
			reader: func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
			writer: func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil },
		},
		&streaming{
			name:   "snappy",
			reader: func(r io.Reader) (io.Reader, error) { return snappy.NewReader(r), nil },
			writer: func(w io.Writer) (io.WriteCloser, error) { return snappy.NewBufferedWriter(w), nil },
		},
	}
}

// For returns the algorithm that the suite names, nil for identity.
func For(c conformancev1.Compression) (compress.Compressor, error) {
	var name string
	switch c {
	case conformancev1.Compression_COMPRESSION_UNSPECIFIED, conformancev1.Compression_COMPRESSION_IDENTITY:
		return nil, nil
	case conformancev1.Compression_COMPRESSION_GZIP:
		name = "gzip"
	case conformancev1.Compression_COMPRESSION_BR:
		name = "br"
	case conformancev1.Compression_COMPRESSION_ZSTD:
		name = "zstd"
	case conformancev1.Compression_COMPRESSION_DEFLATE:
		name = "deflate"
	case conformancev1.Compression_COMPRESSION_SNAPPY:
		name = "snappy"
	}
	for _, known := range All() {
		if known.Name() == name {
			return known, nil
		}
	}
	return nil, fmt.Errorf("the compression %v is not known here", c)
}

// streaming is an algorithm of a reader and a writer.
type streaming struct {
	name   string
	reader func(io.Reader) (io.Reader, error)
	writer func(io.Writer) (io.WriteCloser, error)
}

func (s *streaming) Name() string { return s.name }

func (s *streaming) Compress(dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	w, err := s.writer(out)
	if err != nil {
		return dst, err
	}
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	if err := w.Close(); err != nil {
		return dst, err
	}
	return out.Bytes(), nil
}

func (s *streaming) Decompress(dst, src []byte, limit int) ([]byte, error) {
	r, err := s.reader(bytes.NewReader(src))
	if err != nil {
		return dst, fmt.Errorf("%s: %w", s.name, err)
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	dst, err = compress.ReadAll(dst, r, limit)
	if err != nil && err != compress.ErrTooLarge {
		err = fmt.Errorf("%s: %w", s.name, err)
	}
	return dst, err
}
