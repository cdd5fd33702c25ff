// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Header is an ordered list of metadata fields: of a request, before a reply,
// or after one (a trailer). Keys are lower-case; a key may have several
// values. Values are printable ASCII, but for keys that end in "-bin", whose
// values are any bytes.
//
// The zero value is empty and ready. A Header is not safe for concurrent use.
type Header struct {
	fields []field
}

type field struct{ key, value string }

// NewHeader returns a header of the given keys and values in turn. It panics
// if their number is odd.
func NewHeader(keysAndValues ...string) Header {
	if len(keysAndValues)%2 != 0 {
		panic("curlew: NewHeader needs a value for each key")
	}
	var h Header
	for i := 0; i < len(keysAndValues); i += 2 {
		h.Add(keysAndValues[i], keysAndValues[i+1])
	}
	return h
}

// Len returns the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// Get returns the first value of key, "" if there is none.
func (h *Header) Get(key string) string {
	v, _ := h.Lookup(key)
	return v
}

// Lookup returns the first value of key and whether there is one.
func (h *Header) Lookup(key string) (string, bool) {
	key = lower(key)
	for i := range h.fields {
		if h.fields[i].key == key {
			return h.fields[i].value, true
		}
	}
	return "", false
}

// Values returns all values of key in order.
func (h *Header) Values(key string) []string {
	key = lower(key)
	var values []string
	for i := range h.fields {
		if h.fields[i].key == key {
			values = append(values, h.fields[i].value)
		}
	}
	return values
}

// Add appends a field.
func (h *Header) Add(key, value string) {
	h.fields = append(h.fields, field{lower(key), value})
}

// Set replaces all values of key by one.
func (h *Header) Set(key, value string) {
	h.Del(key)
	h.Add(key, value)
}

// Del removes all values of key.
func (h *Header) Del(key string) {
	key = lower(key)
	h.fields = slices.DeleteFunc(h.fields, func(f field) bool { return f.key == key })
}

// All ranges over the fields in order.
func (h *Header) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, f := range h.fields {
			if !yield(f.key, f.value) {
				return
			}
		}
	}
}

// Clone returns a copy that shares nothing with h.
func (h *Header) Clone() Header { return Header{fields: slices.Clone(h.fields)} }

// Size returns the bytes of all keys and values plus 32 for each field, the
// measure of header limits (RFC 9113, section 6.5.2).
func (h *Header) Size() int {
	n := 0
	for i := range h.fields {
		n += len(h.fields[i].key) + len(h.fields[i].value) + 32
	}
	return n
}

// Validate reports the first field that no protocol could carry: a key outside
// [a-z0-9._-], or a value outside printable ASCII for a key without "-bin".
func (h *Header) Validate() error {
	for i := range h.fields {
		if err := h.fields[i].validate(); err != nil {
			return err
		}
	}
	return nil
}

func (f *field) validate() error {
	if f.key == "" {
		return NewError(InvalidArgument, "header with an empty key")
	}
	for i := range len(f.key) {
		if c := f.key[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.') {
			return NewError(InvalidArgument, fmt.Sprintf("header key %q: %q is not in [a-z0-9._-]", f.key, c))
		}
	}
	if strings.HasSuffix(f.key, "-bin") {
		return nil
	}
	for i := range len(f.value) {
		if c := f.value[i]; c < ' ' || c > '~' {
			return NewError(InvalidArgument,
				fmt.Sprintf("header %q: byte 0x%02x at %d is not printable ASCII; binary values need a key that ends in -bin", f.key, c, i))
		}
	}
	return nil
}

// lower returns key in lower case, without allocating if it already is.
func lower(key string) string {
	for i := range len(key) {
		if c := key[i]; 'A' <= c && c <= 'Z' {
			return strings.ToLower(key)
		}
	}
	return key
}
