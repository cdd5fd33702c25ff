// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import "fmt"

// magic begins a connection in both directions. Its first byte begins no TLS
// record, HTTP method, gob stream, JSON text or PROXY header, and the line end
// is mangled by whatever mistakes the connection for text.
const magic = "\xc7URLEW\r\n"

// version is the protocol's version, sent in HELLO.
const version = 1

// maxInt is the largest integer on the wire, exact in an IEEE 754 double.
const maxInt = 1<<53 - 1

// frameType is the low half of a frame's first byte (docs/protocol.md, "Frames").
type frameType uint8

const (
	frameHello      frameType = 1
	frameCall       frameType = 2
	frameData       frameType = 3
	frameHeader     frameType = 4
	frameStatus     frameType = 5
	frameCancel     frameType = 6
	frameCredit     frameType = 7
	framePing       frameType = 8
	framePong       frameType = 9
	frameDrain      frameType = 10
	frameClose      frameType = 11
	frameDescriptor frameType = 12
)

func (t frameType) String() string {
	names := [...]string{1: "HELLO", "CALL", "DATA", "HEADER", "STATUS", "CANCEL", "CREDIT", "PING", "PONG", "DRAIN", "CLOSE", "DESCRIPTOR"}
	if int(t) < len(names) && names[t] != "" {
		return names[t]
	}
	return fmt.Sprintf("frame type %d", uint8(t))
}

// flags are the high half of a frame's first byte.
type flags uint8

const (
	flagEnd        flags = 0x10 // the sender's last message: no more follow
	flagMessage    flags = 0x20 // the payload ends in message bytes
	flagMore       flags = 0x40 // the message goes on in the next DATA frame
	flagCompressed flags = 0x80 // the message is compressed
)

// Bits of a CALL's field byte, in the order of their fields.
const (
	callTimeout = 1 << iota
	callHeader
	callCodec
	callAttributes
	callOneWay
)

// Bits of a STATUS's field byte.
const (
	statusError = 1 << iota
	statusHeader
	statusTrailer
	statusRefused // the call was not begun
)

// Sizes that both sides know before any HELLO.
const (
	maxFrame       = 65 << 10 // largest payload of a frame: 64 KiB and what goes with them
	maxHeadSize    = 1 + 8 + 8
	initialWindow  = 65 << 10 // credit of a new stream: a message of 64 KiB needs no more
	initialConn    = 1 << 20  // credit of a new connection
	frameCost      = 32       // credit that a frame with message bytes costs beside them
	maxMethods     = 1024     // interned methods a direction
	maxHeaderNames = 256      // interned header names a direction
	maxName        = 1024     // bytes of a method's full name
	maxReason      = 4 << 10  // bytes of a reason
	maxBlock       = 16 << 10 // bytes of a header or trailer, by curlew.Header.Size
)

// frame is a parsed frame. Its payload aliases the read buffer.
type frame struct {
	typ     frameType
	flags   flags
	stream  uint64
	payload []byte
}

// parseFrame parses the frame at the start of b and returns the bytes that it
// takes: 0 if b does not hold all of it yet.
func parseFrame(b []byte) (f frame, n int, err error) {
	f, head, length, err := parseHead(b)
	if head == 0 || len(b)-head < length {
		return f, 0, err
	}
	f.payload = b[head : head+length]
	return f, head + length, nil
}

// parseHead parses the head of the frame at the start of b: its size is 0 if b
// does not hold all of it yet. length is that of the payload.
func parseHead(b []byte) (f frame, size, length int, err error) {
	if len(b) < 3 {
		return f, 0, 0, nil
	}
	f.typ, f.flags = frameType(b[0]&0x0f), flags(b[0]&0xf0)
	if f.typ < frameHello || f.typ > frameDescriptor {
		return f, 0, 0, protocolErrorf("unknown frame type %d", f.typ)
	}
	stream, n, err := uvarint(b[1:])
	if err == nil && n > 0 {
		f.stream = stream
		var long uint64
		var k int
		if long, k, err = uvarint(b[1+n:]); err == nil && k > 0 {
			if long > maxFrame {
				return f, 0, 0, protocolErrorf("%s frame of %d bytes, more than the %d allowed", f.typ, long, maxFrame)
			}
			return f, 1 + n + k, int(long), nil
		}
	}
	if err != nil {
		err = protocolErrorf("%s frame: %v", f.typ, err)
	}
	return f, 0, 0, err
}

// beginFrame appends a frame's head with room for its length, which endFrame
// fills in. The length is padded to three bytes, enough for maxFrame.
func beginFrame(b []byte, t frameType, fl flags, stream uint64) (_ []byte, start int) {
	b = append(b, byte(t)|byte(fl))
	b = appendUvarint(b, stream)
	return append(b, 0, 0), len(b) + 2
}

// endFrame fills in the length of the frame whose payload begins at start. A
// length that needs more than the two bytes left for it moves the payload.
func endFrame(b []byte, start int) []byte {
	n := len(b) - start
	switch {
	case n < 1<<7:
		b[start-2], b[start-1] = byte(n)|0x80, 0
	case n < 1<<14:
		b[start-2], b[start-1] = byte(n)|0x80, byte(n>>7)
	default:
		b = append(b, 0)
		copy(b[start+1:], b[start:])
		b[start-2], b[start-1], b[start] = byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)
	}
	return b
}

// appendHead appends the head of a frame whose payload's length is known.
func appendHead(b []byte, t frameType, fl flags, stream uint64, length int) []byte {
	b = append(b, byte(t)|byte(fl))
	return appendUvarint(appendUvarint(b, stream), uint64(length))
}

// appendControl appends a frame of varints.
func appendControl(b []byte, t frameType, stream uint64, values ...uint64) []byte {
	b, start := beginFrame(b, t, 0, stream)
	for _, v := range values {
		b = appendUvarint(b, v)
	}
	return endFrame(b, start)
}

// appendUvarint appends v as an unsigned LEB128 varint.
func appendUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendString appends a length and the bytes of s.
func appendString(b []byte, s string) []byte {
	b = appendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// uvarint reads a varint of at most 8 bytes and 53 bits. n is 0 if b ends
// inside it.
func uvarint(b []byte) (v uint64, n int, err error) {
	for i, c := range b {
		if i == 8 {
			return 0, 0, errVarint
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if v > maxInt {
				return 0, 0, errVarint
			}
			return v, i + 1, nil
		}
	}
	if len(b) >= 8 {
		return 0, 0, errVarint
	}
	return 0, 0, nil
}

// reader reads the fields of a payload. After its first error, which err
// keeps, everything reads as zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) uint() uint64 {
	v, n, err := uvarint(r.b)
	if err == nil && n == 0 {
		err = errShort
	}
	if err != nil {
		r.fail(err)
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes reads a length of at most limit and as many bytes.
func (r *reader) bytes(limit int) []byte {
	n := r.uint()
	switch {
	case n > uint64(limit):
		r.fail(fmt.Errorf("length %d, more than the %d allowed", n, limit))
	case n > uint64(len(r.b)):
		r.fail(errShort)
	}
	if r.err != nil {
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) string(limit int) string { return string(r.bytes(limit)) }

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err, r.b = err, nil
	}
}

// done returns the first error, also if bytes are left.
func (r *reader) done() error {
	if r.err == nil && len(r.b) > 0 {
		r.err = fmt.Errorf("%d bytes too many", len(r.b))
	}
	return r.err
}
