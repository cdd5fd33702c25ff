// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"strings"

	"golang.org/x/net/http2/hpack"

	"github.com/curlewrpc/curlew/wire"
)

// Pseudo-header fields (RFC 9113, section 8.3).
const (
	pseudoMethod = iota
	pseudoScheme
	pseudoAuthority
	pseudoPath
	pseudoStatus
	pseudos
)

// block is a header block while it is decoded. It belongs to the read loop.
// Whatever is wrong with the fields, all of them are decoded: the table must
// be the same at both ends.
type block struct {
	decoder *hpack.Decoder
	limit   int // of the list, in HPACK's measure

	stream uint32 // whose block is open; 0: none
	end    bool   // the HEADERS frame has END_STREAM
	self   bool   // the stream depends on itself
	fresh  bool   // the block opens the stream
	bytes  int    // of the block, so far
	pieces int    // frames of the block

	fields wire.Fields // without pseudo-header fields
	pseudo [pseudos]string
	// kept are the fields of the last block that ended its stream, and of the last
	// one that did not. Those that come again at their place need no check.
	kept    [2]wire.Fields
	last    [pseudos]string // likewise
	seen    uint8           // bits of pseudo
	size    int             // of the list
	wrong   string
	regular bool // a field that is no pseudo-header field has come
}

// maxTimes is how many times the limit of the list a block may be.
const maxTimes = 4

func (b *block) init(limit int) {
	b.limit = limit
	b.decoder = hpack.NewDecoder(maxTable, b.take)
	b.decoder.SetMaxStringLength(maxTimes * limit)
}

// begin begins a block.
func (b *block) begin(stream uint32, end bool) {
	b.stream, b.end, b.bytes, b.pieces = stream, end, 0, 0
	b.fields, b.pseudo, b.seen, b.size, b.wrong, b.regular = b.kept[b.kind()][:0], [pseudos]string{}, 0, 0, "", false
}

// add decodes a part of the block.
func (b *block) add(p []byte) error {
	b.bytes += len(p)
	b.pieces++
	if b.bytes > maxTimes*b.limit || b.pieces > 2+b.bytes/1024+8 {
		return connErrorf(codeCalm, "header block of %d bytes in %d frames on stream %d, for a list of %d at most", b.bytes, b.pieces, b.stream, b.limit)
	}
	if _, err := b.decoder.Write(p); err != nil {
		return connErrorf(codeCompression, "header block on stream %d: %v", b.stream, err)
	}
	return nil
}

// finish ends the block.
func (b *block) finish() error {
	if err := b.decoder.Close(); err != nil {
		return connErrorf(codeCompression, "header block on stream %d: %v", b.stream, err)
	}
	b.stream = 0
	b.kept[b.kind()] = b.fields
	return nil
}

// kind is the index of kept.
func (b *block) kind() int {
	if b.end {
		return 1
	}
	return 0
}

// forget keeps nothing between blocks.
func (b *block) forget() {
	b.fields, b.kept, b.pseudo, b.last = nil, [2]wire.Fields{}, [pseudos]string{}, [pseudos]string{}
}

// tooLarge reports whether the list is above the limit; then it is not
// complete.
func (b *block) tooLarge() bool { return b.size > b.limit }

// take takes in one field.
func (b *block) take(f hpack.HeaderField) {
	b.size += len(f.Name) + len(f.Value) + entrySize
	if b.wrong != "" || b.tooLarge() {
		return
	}
	if strings.HasPrefix(f.Name, ":") {
		b.takePseudo(f.Name, f.Value)
		return
	}
	b.regular = true
	if n := len(b.fields); n < cap(b.fields) && f.Name != "" {
		if before := &b.fields[:n+1][n]; before.Value == f.Value && before.Name == f.Name {
			b.fields = b.fields[:n+1]
			return
		}
	}
	if wrong := checkField(f.Name, f.Value); wrong != "" {
		b.wrong = wrong
		return
	}
	b.fields = append(b.fields, wire.Field{Name: f.Name, Value: f.Value})
}

func (b *block) takePseudo(name, value string) {
	which := pseudos
	switch name {
	case ":method":
		which = pseudoMethod
	case ":scheme":
		which = pseudoScheme
	case ":authority":
		which = pseudoAuthority
	case ":path":
		which = pseudoPath
	case ":status":
		which = pseudoStatus
	}
	switch {
	case which == pseudos:
		b.wrong = "an unknown pseudo-header field"
	case b.regular:
		b.wrong = "a pseudo-header field after other fields"
	case b.has(which):
		b.wrong = "a pseudo-header field twice: " + name
	case value != b.last[which] && !validValue(value):
		b.wrong = "bytes that are not allowed in " + name
	default:
		b.pseudo[which], b.last[which] = value, value
		b.seen |= 1 << which
	}
}

func (b *block) has(which int) bool { return b.seen&(1<<which) != 0 }

// checkField says what is wrong with a field (RFC 9113, section 8.2); "" if
// nothing is.
func checkField(name, value string) string {
	if !validName(name) {
		return "a field name that is empty or has bytes that are not allowed"
	}
	if !validValue(value) {
		return "a value with bytes that are not allowed: " + name
	}
	switch len(name) { // of those that are to be refused
	case 2:
		if name == "te" && value != "trailers" {
			return "te with another value than trailers"
		}
	case 7:
		if name == "upgrade" {
			return "a connection-specific field: upgrade"
		}
	case 10:
		if name == "connection" || name == "keep-alive" {
			return "a connection-specific field: " + name
		}
	case 16:
		if name == "proxy-connection" {
			return "a connection-specific field: proxy-connection"
		}
	case 17:
		if name == "transfer-encoding" {
			return "a connection-specific field: transfer-encoding"
		}
	}
	return ""
}

// validName reports whether s is a token (RFC 9110, section 5.6.2) without
// upper-case letters.
func validName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || tokens[c>>6]&(1<<(c&63)) == 0 {
			return false
		}
	}
	return s != ""
}

// tokens has a bit for each byte of a lower-case token:
// !#$%&'*+-.^_`|~, digits and letters.
var tokens = [2]uint64{
	1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.' | 0x3ff<<'0',
	1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | (1<<26-1)<<('a'-64) | 1<<('|'-64) | 1<<('~'-64),
}

// validValue reports whether s has no byte that could be taken for something
// else, and no white space around it (RFC 9113, section 8.2.1).
func validValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return s == "" || !isSpace(s[0]) && !isSpace(s[len(s)-1])
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
