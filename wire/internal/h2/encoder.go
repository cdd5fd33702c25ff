// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"strings"

	"golang.org/x/net/http2/hpack"
)

const (
	// maxTable bounds the dynamic tables, in HPACK's measure.
	maxTable = 4096
	// entrySize is what HPACK adds to a field's name and value.
	entrySize = 32
	// tries is how many values of a name may stand in the table without any of
	// them being used again; from then on they are thought to change every time.
	tries = 3
)

// encoder encodes fields by HPACK (RFC 7541). It is guarded by the writer's
// lock: the order of encoding is that on the wire.
type encoder struct {
	entries  []entry  // the table, a ring whose size is a power of two
	digests  []uint32 // of the entries
	inserted uint32   // how many ever
	oldest   uint32   // number of the oldest in the table; inserted+1 if it is empty
	size     int
	limit    int  // of size
	announce bool // limit has changed
	emptied  bool // and has been smaller in between: the table is emptied
}

type entry struct {
	name, value string
	used        bool // again
}

func newEncoder() encoder { return encoder{oldest: 1, limit: maxTable} }

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
	if !changes(name) {
		if n := e.find(name, value); n != 0 {
			return appendVarint(b, 7, 0x80, e.index(n))
		}
	}
	if name[0] != ':' && checkField(name, value) != "" {
		if !validName(name) || checkField(name, "") != "" {
			return b
		}
		value = clean(value)
	}
	index := e.nameIndex(name)
	if changes(name) || len(name)+len(value)+entrySize > e.limit/4 || !e.worth(name) {
		return appendLiteral(b, 4, 0, index, name, value, false)
	}
	b = appendLiteral(b, 6, 0x40, index, name, value, true)
	e.insert(name, value)
	return b
}

// static appends a field of the static table.
func static(b []byte, index byte) []byte { return append(b, 0x80|index) }

// digest tells most fields apart.
func digest(name, value string) uint32 {
	d := uint32(len(name)) | uint32(len(value))<<8 | uint32(name[len(name)-1])<<16
	if value != "" {
		d ^= uint32(value[0])<<20 ^ uint32(value[len(value)-1])<<24
	}
	return d
}

// find returns the number of the field's entry; 0 if it has none.
func (e *encoder) find(name, value string) uint32 {
	d, mask := digest(name, value), uint32(len(e.entries)-1)
	for n := e.inserted; n >= e.oldest; n-- {
		if e.digests[n&mask] == d {
			if f := &e.entries[n&mask]; f.value == value && f.name == name {
				f.used = true
				return n
			}
		}
	}
	return 0
}

// nameIndex returns the index of an entry with the name; 0 if there is none.
func (e *encoder) nameIndex(name string) uint64 {
	if i := staticName(name); i != 0 {
		return uint64(i)
	}
	for n := e.inserted; n >= e.oldest; n-- {
		if e.entries[n&uint32(len(e.entries)-1)].name == name {
			return e.index(n)
		}
	}
	return 0
}

// worth reports whether the next value of a name is worth an entry: not if the
// table has several that have not been used again.
func (e *encoder) worth(name string) bool {
	unused := 0
	for n := e.inserted; n >= e.oldest; n-- {
		if f := &e.entries[n&uint32(len(e.entries)-1)]; f.name == name {
			if f.used {
				return true
			}
			unused++
		}
	}
	return unused < tries
}

// index is the index of the n-th insertion.
func (e *encoder) index(n uint32) uint64 { return staticEntries + 1 + uint64(e.inserted-n) }

func (e *encoder) insert(name, value string) {
	size := len(name) + len(value) + entrySize
	e.evict(size)
	if have := int(e.inserted + 1 - e.oldest); have == len(e.entries) {
		e.grow()
	}
	e.inserted++
	at := e.inserted & uint32(len(e.entries)-1)
	e.entries[at], e.digests[at] = entry{name: name, value: value}, digest(name, value)
	e.size += size
}

func (e *encoder) grow() {
	entries, digests := e.entries, e.digests
	size := max(8, 2*len(entries))
	e.entries, e.digests = make([]entry, size), make([]uint32, size)
	for n := e.oldest; n <= e.inserted; n++ {
		from, to := n&uint32(len(entries)-1), n&uint32(size-1)
		e.entries[to], e.digests[to] = entries[from], digests[from]
	}
}

// evict makes room for size bytes.
func (e *encoder) evict(size int) {
	for e.size+size > e.limit && e.oldest <= e.inserted {
		f := &e.entries[e.oldest&uint32(len(e.entries)-1)]
		e.size -= len(f.name) + len(f.value) + entrySize
		*f = entry{}
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
