// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"errors"
	"fmt"
)

var (
	errShort   = errors.New("gob: message ends too soon")
	errBadUint = errors.New("gob: integer of more than 8 bytes")
)

// cursor reads one message. Its first error stays: after it, every read gives
// zero and moves nothing.
type cursor struct {
	b   []byte // what is left
	err error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("gob: "+format, args...)
	}
	c.b = nil
}

// uint reads an unsigned integer: one byte below 128, or the negated number of
// bytes and then the bytes, the highest first.
func (c *cursor) uint() uint64 {
	x, n, err := decodeUint(c.b)
	if err != nil {
		if c.err == nil {
			c.err = err
		}
		c.b = nil
		return 0
	}
	c.b = c.b[n:]
	return x
}

// int reads a signed integer: bit 0 says whether the others are complemented.
func (c *cursor) int() int64 { return signed(c.uint()) }

func signed(u uint64) int64 {
	if u&1 != 0 {
		return ^int64(u >> 1)
	}
	return int64(u >> 1)
}

// count reads the number of items that follow, of which each takes at least
// size bytes.
func (c *cursor) count(size int) int {
	n := c.uint()
	if n > uint64(len(c.b)/size) {
		c.fail("%d items in the %d bytes that are left", n, len(c.b))
		return 0
	}
	return int(n)
}

// bytes reads a count and that many bytes.
func (c *cursor) bytes() []byte {
	n := c.count(1)
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

// decodeUint decodes the integer at the head of b and returns the number of its
// bytes.
func decodeUint(b []byte) (x uint64, n int, err error) {
	if len(b) == 0 {
		return 0, 0, errShort
	}
	n = uintLen(b[0])
	switch {
	case n == 1:
		return uint64(b[0]), 1, nil
	case n == 0:
		return 0, 0, errBadUint
	case len(b) < n:
		return 0, 0, errShort
	}
	for _, octet := range b[1:n] {
		x = x<<8 | uint64(octet)
	}
	return x, n, nil
}

// uintLen returns the number of bytes of an unsigned integer by its first, 0 if
// none begins so.
func uintLen(first byte) int {
	switch {
	case first < 0x80:
		return 1
	case first >= 0xf8:
		return 1 + int(-int8(first))
	default:
		return 0
	}
}

// maxUintLen is the length of the longest unsigned integer.
const maxUintLen = 9

// appendUint appends x as gob does.
func appendUint(b []byte, x uint64) []byte {
	if x < 0x80 {
		return append(b, byte(x))
	}
	n := 8
	for x>>(8*(n-1)) == 0 {
		n--
	}
	b = append(b, byte(-n))
	for n--; n >= 0; n-- {
		b = append(b, byte(x>>(8*n)))
	}
	return b
}
