// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"
	"sync"
)

// PanicError says that a message's own method, called by encoding/gob,
// panicked.
type PanicError struct {
	Doing string // "decoding of *shop.Cart"
	Value any    // what it panicked with
	Stack []byte
}

// Error does not tell the value: it may be no business of the peer's.
func (e *PanicError) Error() string { return "gob: panic in the " + e.Doing }

// guard turns a panic of the function that defers it into an error.
func guard(err *error, doing string, message any) {
	if p := recover(); p != nil {
		*err = &PanicError{Doing: fmt.Sprintf("%s of %T", doing, message), Value: p, Stack: debug.Stack()}
	}
}

// decoder owns the stream's gob.Decoder. It is shown the type definitions as
// they came, and values in the order in which somebody wants them.
type decoder struct {
	gob     *gob.Decoder
	in      feed
	matcher matcher
	token   chan struct{} // held by the one who decodes: users' code may wait

	mu      sync.Mutex // guards defined
	defined []byte     // type definitions that gob has not seen
}

func (d *decoder) init(types *table) {
	d.gob = gob.NewDecoder(&d.in)
	d.matcher = matcher{types: types, left: maxWork}
	d.token = make(chan struct{}, 1)
}

// define keeps a type definition for the next decoding.
func (d *decoder) define(message []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.defined = append(appendUint(d.defined, uint64(len(message))), message...)
}

// Decode decodes the value into message, a pointer. Values may be decoded in
// any order, one at a time: others wait, until their ctx ends.
func (v *Value) Decode(ctx context.Context, message any) error {
	switch {
	case v.err != nil:
		return v.err
	case v.buf == nil:
		return errors.New("gob: the value is gone")
	}
	d := &v.reader.decoder
	select {
	case d.token <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-d.token }()
	if err := d.matcher.admit(reflect.TypeOf(message), v.id); err != nil {
		return err
	}
	return d.decode(v.buf.B, message)
}

// decode decodes the message b, without its length. d.token is held.
func (d *decoder) decode(b []byte, message any) (err error) {
	defer guard(&err, "decoding", message)
	d.mu.Lock()
	defined := d.defined
	d.defined = nil
	d.mu.Unlock()
	var length [maxUintLen]byte
	d.in.parts = [3][]byte{defined, appendUint(length[:0], uint64(len(b))), b}
	err = d.gob.Decode(message)
	d.in.parts = [3][]byte{}
	if len(b) > step {
		d.shrink()
	}
	return err
}

// shrink makes gob let go of the last message, which it would keep in memory
// until the next.
func (d *decoder) shrink() {
	d.in.parts[0] = []byte{3, byte(boolID) << 1, 0, 1} // true
	_ = d.gob.DecodeValue(reflect.Value{})
}

// feed gives gob.Decoder bytes. It has ReadByte, so that gob puts no buffer
// before it.
type feed struct{ parts [3][]byte }

func (f *feed) Read(p []byte) (int, error) {
	for i := range f.parts {
		if len(f.parts[i]) > 0 {
			n := copy(p, f.parts[i])
			f.parts[i] = f.parts[i][n:]
			return n, nil
		}
	}
	return 0, io.EOF
}

func (f *feed) ReadByte() (byte, error) {
	var b [1]byte
	_, err := f.Read(b[:])
	return b[0], err
}
