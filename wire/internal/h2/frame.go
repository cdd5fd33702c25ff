// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import "encoding/binary"

// frameType is a type of RFC 9113, section 6.
type frameType uint8

const (
	frameData frameType = iota
	frameHeaders
	framePriority
	frameReset
	frameSettings
	framePushPromise
	framePing
	frameGoAway
	frameWindowUpdate
	frameContinuation
)

var frameNames = [...]string{
	"DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION",
}

func (t frameType) String() string {
	if int(t) < len(frameNames) {
		return frameNames[t]
	}
	return "unknown"
}

type flags uint8

const (
	flagAck        flags = 0x1 // of SETTINGS and PING
	flagEndStream  flags = 0x1 // of DATA and HEADERS
	flagEndHeaders flags = 0x4
	flagPadded     flags = 0x8
	flagPriority   flags = 0x20
)

const (
	headSize = 9
	// maxFrame is the largest payload that this side takes. A server says so to
	// clients that send large frames; to begin with it holds them to what they may
	// send to any.
	maxFrame = 257 << 10
	// maxSent is how much of a stream goes out before it is others' turn: a message
	// of 64 KiB goes into one frame. With few others it is maxAlone.
	maxSent  = 64<<10 + 512
	maxAlone = 256<<10 + 512
	// fewOpen is up to how many open streams there are few others.
	fewOpen = 8
	// minMaxFrame is the smallest limit that a peer may set, and what holds until
	// it sets one.
	minMaxFrame = 16 << 10

	initialWindow = 1<<16 - 1 // until a peer's SETTINGS say otherwise
	maxWindow     = 1<<31 - 1
	maxStreamID   = 1<<31 - 1
)

// frame is a received frame. Its payload is valid until the next is read.
type frame struct {
	typ     frameType
	flags   flags
	stream  uint32
	payload []byte
}

// parseHead parses a frame's head, if b holds one.
func parseHead(b []byte) (f frame, length int, ok bool) {
	if len(b) < headSize {
		return f, 0, false
	}
	length = int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	f.typ, f.flags = frameType(b[3]), flags(b[4])
	f.stream = binary.BigEndian.Uint32(b[5:]) & maxStreamID
	return f, length, true
}

// unpad removes the padding of a DATA or HEADERS frame.
func (f *frame) unpad() ([]byte, error) {
	p := f.payload
	if f.flags&flagPadded == 0 {
		return p, nil
	}
	if len(p) == 0 {
		return nil, connErrorf(codeFrameSize, "%s frame on stream %d too short for its padding", f.typ, f.stream)
	}
	pad := int(p[0])
	if p = p[1:]; pad > len(p) {
		return nil, connErrorf(codeProtocol, "%s frame on stream %d with more padding than payload", f.typ, f.stream)
	}
	return p[:len(p)-pad], nil
}

func appendHead(b []byte, length int, t frameType, fl flags, stream uint32) []byte {
	return append(b, byte(length>>16), byte(length>>8), byte(length), byte(t), byte(fl),
		byte(stream>>24), byte(stream>>16), byte(stream>>8), byte(stream))
}

// putHead writes a frame's head over the first bytes of b.
func putHead(b []byte, length int, t frameType, fl flags, stream uint32) {
	appendHead(b[:0], length, t, fl, stream)
}

func appendReset(b []byte, stream uint32, code errCode) []byte {
	b = appendHead(b, 4, frameReset, 0, stream)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

func appendWindowUpdate(b []byte, stream uint32, n int64) []byte {
	b = appendHead(b, 4, frameWindowUpdate, 0, stream)
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

func appendGoAway(b []byte, last uint32, code errCode, text string) []byte {
	b = appendHead(b, 8+len(text), frameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	return append(b, text...)
}

func appendPing(b []byte, fl flags, token string) []byte {
	return append(appendHead(b, 8, framePing, fl, 0), token...)
}
