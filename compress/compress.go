// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compress

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Compressor is an algorithm. It is safe for concurrent use.
type Compressor interface {
	// Name is what peers call it, "gzip": a content coding of HTTP, in lower case.
	Name() string
	// Compress appends src, compressed, to dst.
	Compress(dst, src []byte) ([]byte, error)
	// Decompress appends the contents of src to dst. Contents of more than limit
	// bytes are [ErrTooLarge]; not much more than that is ever made of them. An
	// error leaves what dst is grown to undefined, but returns it for reuse.
	Decompress(dst, src []byte, limit int) ([]byte, error)
}

// ErrTooLarge is what Decompress returns for contents above its limit.
var ErrTooLarge = errors.New("the contents are larger than the limit")

// Gzip returns gzip (RFC 1952), at its fastest. Its state is large and kept for
// reuse, so use one value in many places.
func Gzip() Compressor { return new(gzipCompressor) }

type gzipCompressor struct {
	writers, readers sync.Pool
}

func (g *gzipCompressor) Name() string { return "gzip" }

func (g *gzipCompressor) Compress(dst, src []byte) ([]byte, error) {
	out := &appender{dst}
	z, ok := g.writers.Get().(*gzip.Writer)
	if ok {
		z.Reset(out)
	} else {
		var err error
		if z, err = gzip.NewWriterLevel(out, gzip.BestSpeed); err != nil {
			return dst, err
		}
	}
	defer g.writers.Put(z)
	if _, err := z.Write(src); err != nil {
		return out.b, err
	}
	err := z.Close()
	return out.b, err
}

func (g *gzipCompressor) Decompress(dst, src []byte, limit int) ([]byte, error) {
	z, ok := g.readers.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer g.readers.Put(z)
	if err := z.Reset(bytes.NewReader(src)); err != nil {
		return dst, fmt.Errorf("gzip: %w", err)
	}
	dst, err := ReadAll(dst, z, limit)
	if err != nil && err != ErrTooLarge {
		err = fmt.Errorf("gzip: %w", err)
	}
	return dst, err
}

// ReadAll appends what r gives until io.EOF to dst. More than limit bytes are
// [ErrTooLarge]. It is for compressors that have a reader.
func ReadAll(dst []byte, r io.Reader, limit int) ([]byte, error) {
	start := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, 512)
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst)-start > limit:
			return dst, ErrTooLarge
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}

// appender is an io.Writer to a slice.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
