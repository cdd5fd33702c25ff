// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"encoding/gob"
	"fmt"
	"reflect"
)

// Encoder makes a stream. gob sends the definition of a type once, before the
// first value that needs it, so what an Encoder returns must reach the peer in
// order and complete: after Encode comes Commit when the bytes are on their
// way, or Drop.
//
// It is for one goroutine at a time.
type Encoder struct {
	gob  *gob.Encoder
	buf  sink
	sent bool // the buffer is the peer's
}

// sink collects what gob.Encoder writes.
type sink []byte

func (s *sink) Write(p []byte) (int, error) {
	*s = append(*s, p...)
	return len(p), nil
}

// NewEncoder returns an Encoder of a new stream.
func NewEncoder() *Encoder {
	e := new(Encoder)
	e.gob = gob.NewEncoder(&e.buf)
	return e
}

// Encode encodes the values, each in at most limit bytes, and returns the next
// bytes of the stream, valid until the next Encode. If any value cannot be
// encoded, none is: then nothing needs to be sent.
func (e *Encoder) Encode(limit int, values ...any) (stream []byte, err error) {
	if e.sent {
		e.sent = false
		if cap(e.buf) > step {
			e.buf = nil
		}
		e.buf = e.buf[:0]
	}
	defer func() {
		if stream == nil { // also if a value's own method has ended the goroutine
			e.Drop()
		}
	}()
	for _, v := range values {
		start := len(e.buf)
		if err := e.encode(v); err != nil {
			return nil, err
		}
		if err := tooLarge(e.buf[start:], limit); err != nil {
			return nil, err
		}
	}
	return e.buf, nil
}

// encode encodes one value.
func (e *Encoder) encode(v any) (err error) {
	defer guard(&err, "encoding", v)
	if rv := reflect.ValueOf(v); !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return fmt.Errorf("gob: a nil %T", v)
	}
	return e.gob.Encode(v)
}

// Commit says that what Encode returned is on its way.
func (e *Encoder) Commit() { e.sent = true }

// Drop says that what Encode returned will not be sent. Its type definitions
// stay and go out before the next value: gob will not repeat them.
func (e *Encoder) Drop() {
	kept := e.buf[:0]
	for message, definition := range messages(e.buf) {
		if definition {
			kept = append(kept, message...) // moves to the front, never past what is read
		}
	}
	e.buf = kept
}

// tooLarge returns an error if a value among the messages is above the limit.
func tooLarge(b []byte, limit int) error {
	for message, definition := range messages(b) {
		if !definition && len(message) > limit {
			return &SizeError{uint64(len(message)), limit, "MaxSend"}
		}
	}
	return nil
}

// messages ranges over complete messages of our own making, each with its
// length, and says whether it defines a type.
func messages(b []byte) func(yield func(message []byte, definition bool) bool) {
	return func(yield func([]byte, bool) bool) {
		for len(b) > 0 {
			size, n, err := decodeUint(b)
			if err != nil || size > uint64(len(b)-n) {
				panic("gobstream: incomplete message")
			}
			id, _, err := decodeUint(b[n:])
			if err != nil {
				panic("gobstream: message without a type")
			}
			end := n + int(size)
			if !yield(b[:end], signed(id) < 0) {
				return
			}
			b = b[end:]
		}
	}
}
