// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// CompressAbove is the size from which compressing a message may pay.
const CompressAbove = 1 << 10

// Gzip compresses and inflates. Its state is large, so it is kept for reuse;
// the zero value is ready. It is safe for concurrent use.
type Gzip struct {
	writers, readers sync.Pool
}

// Compress appends b compressed to buf.
func (g *Gzip) Compress(buf *bufpool.Buf, b []byte) error {
	z, ok := g.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if z, err = gzip.NewWriterLevel(buf, gzip.BestSpeed); err != nil {
			return err
		}
	} else {
		z.Reset(buf)
	}
	defer g.writers.Put(z)
	if _, err := z.Write(b); err != nil {
		return err
	}
	return z.Close()
}

// Inflate appends the contents of b to buf. Contents above limit are a TooLarge
// error; no more than that is inflated.
func (g *Gzip) Inflate(buf *bufpool.Buf, b []byte, limit int) error {
	source := bytes.NewReader(b)
	z, ok := g.readers.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer g.readers.Put(z)
	if err := z.Reset(source); err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	over, err := fill(buf, len(b), limit, z.Read)
	switch {
	case over:
		return TooLarge("more than "+strconv.Itoa(limit)+" inflated", limit, false)
	case err != nil:
		return fmt.Errorf("gzip: %w", err)
	}
	return nil
}

// Accepts reports whether the value of an accept-encoding field, or of one like
// it, names the encoding and does not rule it out by a quality of 0 (RFC 9110,
// section 12.5.3).
func Accepts(field, encoding string) bool {
	for item := range strings.SplitSeq(field, ",") {
		name, quality, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(quality)), "q=")
		return !ok || strings.Trim(q, "0.") != ""
	}
	return false
}
