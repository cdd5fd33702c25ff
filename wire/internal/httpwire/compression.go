// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
)

// CompressAbove is the size from which compressing a message may pay.
const CompressAbove = 1 << 10

// Identity is the name of no compression.
const Identity = "identity"

// Compressors are those that a protocol knows, at least one, in order of preference. The list
// never changes.
type Compressors []compress.Compressor

// OrGzip returns the given compressors, or gzip if there are none.
func OrGzip(c []compress.Compressor) Compressors {
	if len(c) == 0 {
		c = []compress.Compressor{compress.Gzip()}
	}
	return c
}

// Named returns the compressor with a name; nil if there is none.
func (c Compressors) Named(name string) compress.Compressor {
	for _, known := range c {
		if known.Name() == name {
			return known
		}
	}
	return nil
}

// Accepted returns the first compressor that a field such as accept-encoding
// names; nil if there is none.
func (c Compressors) Accepted(field string) compress.Compressor {
	if field == "" {
		return nil
	}
	for _, known := range c {
		if Accepts(field, known.Name()) {
			return known
		}
	}
	return nil
}

// Names returns the names, as fields list them: "gzip,zstd".
func (c Compressors) Names() string {
	names := make([]string, len(c))
	for i, known := range c {
		names[i] = known.Name()
	}
	return strings.Join(names, ",")
}

// Unknown is what to say of an encoding that is none of c.
func (c Compressors) Unknown(encoding string) string {
	return fmt.Sprintf("the encoding %q is not known; known here: %s", encoding, strings.ReplaceAll(c.Names(), ",", ", ")+", "+Identity)
}

// Compress returns b compressed; nil if that does not pay.
func Compress(c compress.Compressor, b []byte) *bufpool.Buf {
	packed := bufpool.Get(len(b))
	var err error
	if packed.B, err = c.Compress(packed.B[:0], b); err != nil || len(packed.B) >= len(b) {
		packed.Free()
		return nil
	}
	return packed
}

// Inflate returns the contents of b. Those above limit are a TooLarge error.
func Inflate(c compress.Compressor, b []byte, limit int) (*bufpool.Buf, error) {
	out := bufpool.Get(max(512, min(4*len(b), limit+1)))
	var err error
	if out.B, err = c.Decompress(out.B[:0], b, limit); err != nil {
		out.Free()
		if errors.Is(err, compress.ErrTooLarge) {
			err = TooLarge("more than "+strconv.Itoa(limit)+" inflated", limit, false)
		}
		return nil, err
	}
	return out, nil
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
