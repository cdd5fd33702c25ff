// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// encodeText returns b in base64, padded: a body in base64 is a sequence of such
// pieces (PROTOCOL-WEB, "grpc-web-text").
func encodeText(b []byte) *bufpool.Buf {
	text := bufpool.Get(base64.StdEncoding.EncodedLen(len(b)))
	base64.StdEncoding.Encode(text.B, b)
	return text
}

// textBody is a body that comes in base64: pieces, each of which may end with
// padding.
type textBody struct {
	from  httpwire.Body
	text  []byte // read and not decoded: less than a group of four
	plain []byte // decoded and not taken
	in    [2 << 10]byte
	out   [2 << 10]byte
}

// Read implements [httpwire.Body].
func (t *textBody) Read(ctx context.Context, p []byte) (int, error) {
	for len(t.plain) == 0 {
		have := copy(t.in[:], t.text)
		n, err := t.from.Read(ctx, t.in[have:])
		t.text = t.in[:have+n]
		switch {
		case n > 0 || err == nil: // an error comes again
		case err == io.EOF && have > 0:
			return 0, fmt.Errorf("the base64 ends inside a group of four: %w", io.ErrUnexpectedEOF)
		default:
			return 0, err
		}
		if err := t.decode(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.plain)
	t.plain = t.plain[n:]
	return n, nil
}

// decode decodes the whole groups in text.
func (t *textBody) decode() error {
	groups := t.text[:len(t.text)/4*4]
	t.text = t.text[len(groups):]
	t.plain = t.out[:0]
	for len(groups) > 0 {
		end := len(groups)
		if i := bytes.IndexByte(groups, '='); i >= 0 {
			end = (i/4 + 1) * 4
		}
		var err error
		if t.plain, err = base64.StdEncoding.Strict().AppendDecode(t.plain, groups[:end]); err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "the body is not base64: %w", err)
		}
		groups = groups[end:]
	}
	return nil
}
