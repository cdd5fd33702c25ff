// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"hash/maphash"
	"strings"

	"golang.org/x/net/http2/hpack"
)

const (
	// maxTable bounds the dynamic tables, in HPACK's measure.
	maxTable = 4096
	// entrySize is what HPACK adds to a field's name and value.
	entrySize = 32
	// maxEntries is how many fields a table can have.
	maxEntries = maxTable / entrySize
	// tries is how many values of a name may go into the table without any of
	// them being used again; from then on they are thought to change every time.
	tries = 3
	// buckets is the size of the encoder's indexes.
	buckets = 128
)

// encoder encodes fields by HPACK (RFC 7541). Its indexes hold one entry a
// bucket: what they have lost is sent again as a literal, no more. It is guarded
// by the writer's lock: the order of encoding is that on the wire.
type encoder struct {
	seed     maphash.Seed
	fields   [][2]string // a ring of maxEntries: the table
	byField  []uint32    // by hash of name and value: the number of an insertion
	byName   []nameEntry // by hash of the name
	inserted uint32      // how many ever
	oldest   uint32      // number of the oldest in the table; inserted+1 if it is empty
	size     int
	limit    int  // of size
	announce bool // limit has changed
	emptied  bool // and has been smaller in between: the table is emptied
}

// nameEntry is a name with one of its entries in the table.
type nameEntry struct {
	at     uint32
	misses uint8
}

func newEncoder() encoder {
	return encoder{seed: maphash.MakeSeed(), oldest: 1, limit: maxTable}
}

// setLimit takes in the peer's limit for the table.
func (e *encoder) setLimit(n uint32) {
	limit := int(min(n, maxTable))
	if limit == e.limit {
		return
	}
	if e.announce && limit > e.limit {
		e.emptied = true // the peer must learn of the smaller limit, too
		e.limit = 0
		e.evict(0)
	}
	e.limit, e.announce = limit, true
	e.evict(0)
}

// begin begins a header block.
func (e *encoder) begin(b []byte) []byte {
	if e.announce { // RFC 7541, section 4.2
		if e.emptied {
			b = appendVarint(b, 5, 0x20, 0)
		}
		b = appendVarint(b, 5, 0x20, uint64(e.limit))
		e.announce, e.emptied = false, false
	}
	return b
}

// field appends one field, unless HTTP/2 cannot carry it. The name is not empty.
func (e *encoder) field(b []byte, name, value string) []byte {
	hash := maphash.String(e.seed, name)
	byName := hash % buckets
	if e.byName == nil {
		e.byName, e.byField, e.fields = make([]nameEntry, buckets), make([]uint32, buckets), make([][2]string, maxEntries)
	}
	byField := (hash*31 + maphash.String(e.seed, value)) % buckets
	if at := e.byField[byField]; at >= e.oldest && at != 0 {
		if f := e.at(at); f[1] == value && f[0] == name {
			e.byName[byName].misses = 0
			return appendVarint(b, 7, 0x80, e.index(at))
		}
	}
	if name[0] != ':' && checkField(name, value) != "" {
		if !validName(name) || checkField(name, "") != "" {
			return b // HTTP/2 cannot carry it
		}
		value = clean(value)
	}
	known := &e.byName[byName]
	index := uint64(staticName(name))
	if known.at != 0 && known.at >= e.oldest && e.at(known.at)[0] == name {
		if index == 0 {
			index = e.index(known.at)
		}
	} else {
		known.misses = 0
	}
	if changes(name) || known.misses >= tries || len(name)+len(value)+entrySize > e.limit/4 {
		return appendLiteral(b, 4, 0, index, name, value, false)
	}
	b = appendLiteral(b, 6, 0x40, index, name, value, true)
	e.insert(name, value)
	known.at, known.misses = e.inserted, known.misses+1
	e.byField[byField] = e.inserted
	return b
}

// static appends a field of the static table.
func static(b []byte, index byte) []byte { return append(b, 0x80|index) }

func (e *encoder) at(n uint32) *[2]string { return &e.fields[n%maxEntries] }

// index is the index of the n-th insertion.
func (e *encoder) index(n uint32) uint64 { return staticEntries + 1 + uint64(e.inserted-n) }

func (e *encoder) insert(name, value string) {
	size := len(name) + len(value) + entrySize
	e.evict(size)
	e.inserted++
	*e.at(e.inserted) = [2]string{name, value}
	e.size += size
}

// evict makes room for size bytes.
func (e *encoder) evict(size int) {
	for e.size+size > e.limit && e.oldest <= e.inserted {
		f := e.at(e.oldest)
		e.size -= len(f[0]) + len(f[1]) + entrySize
		*f = [2]string{}
		e.oldest++
	}
}

// clean returns a value without what cannot stand in one.
func clean(value string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, value), " ")
}

// changes reports whether a field's value is another one every time.
func changes(name string) bool {
	switch name {
	case "grpc-timeout", "connect-timeout-ms", "content-length", "date", "traceparent", "grpc-trace-bin", "x-request-id",
		"grpc-message", "grpc-status-details-bin":
		return true
	}
	return false
}

// appendLiteral appends a literal field, whose name is at index or, if that is
// 0, written out. Huffman's code pays only if the field is sent once.
func appendLiteral(b []byte, bits, kind byte, index uint64, name, value string, short bool) []byte {
	b = appendVarint(b, bits, kind, index)
	if index == 0 {
		b = appendString(b, name, short)
	}
	return appendString(b, value, short)
}

func appendString(b []byte, s string, short bool) []byte {
	if short {
		if n := hpack.HuffmanEncodeLength(s); n < uint64(len(s)) {
			return hpack.AppendHuffmanString(appendVarint(b, 7, 0x80, n), s)
		}
	}
	return append(appendVarint(b, 7, 0, uint64(len(s))), s...)
}

// appendVarint appends an integer with a prefix of the given bits (RFC 7541,
// section 5.1), below those of first.
func appendVarint(b []byte, bits, first byte, n uint64) []byte {
	most := uint64(1)<<bits - 1
	if n < most {
		return append(b, first|byte(n))
	}
	b = append(b, first|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}
