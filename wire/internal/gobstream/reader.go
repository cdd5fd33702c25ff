// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

const (
	readBuffer = 4 << 10
	// step is how much of a message is allocated at a time, so that a length
	// alone makes nobody allocate.
	step = 64 << 10
)

// SizeError says that a message is larger than allowed.
type SizeError struct {
	Size   uint64
	Limit  int
	Option string // what sets the limit
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("message of %d bytes, more than the %d that %s allows", e.Size, e.Limit, e.Option)
}

// Reader takes a stream apart into values. One goroutine calls Next; the values
// are used by any.
type Reader struct {
	in      *bufio.Reader
	maxSkip int
	types   table
	decoder decoder
}

// NewReader returns a Reader of in. A value that is larger than the limit given
// to Next, but not than maxSkip bytes, is read past; a larger one ends the
// stream.
func NewReader(in io.Reader, maxSkip int) *Reader {
	r := &Reader{in: bufio.NewReaderSize(in, readBuffer), maxSkip: maxSkip}
	r.decoder.init(&r.types)
	return r
}

// Next reads the next value, of at most limit bytes, and the type definitions
// before it. After an error the stream cannot be read any further; it is io.EOF
// if the stream ended before the value and its definitions. What is wrong with
// the value alone is told by [Value.Err].
func (r *Reader) Next(limit int) (*Value, error) {
	for first := true; ; first = false {
		size, n, err := r.peek()
		if err != nil {
			if err == io.EOF && !first {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if _, err := r.in.Discard(n); err != nil {
			return nil, err
		}
		u, n, err := r.peek()
		switch {
		case err != nil:
			return nil, unexpected(err)
		case uint64(n) > size:
			return nil, errShort
		}
		id := signed(u)
		if id >= 0 {
			return r.value(id, n, size, limit)
		}
		if err := r.definition(id, n, size); err != nil {
			return nil, err
		}
	}
}

// peek returns the unsigned integer that comes next and the number of its
// bytes, and leaves it there. It waits for no byte more than the integer has.
func (r *Reader) peek() (x uint64, n int, err error) {
	head, err := r.in.Peek(1)
	if err != nil {
		return 0, 0, err
	}
	if n = uintLen(head[0]); n > 1 {
		if head, err = r.in.Peek(n); err != nil {
			return 0, 0, unexpected(err)
		}
	}
	return decodeUint(head)
}

// definition reads a message that defines the type -id; n is the length of the
// number that it begins with.
func (r *Reader) definition(id int64, n int, size uint64) error {
	if size > maxTypeBytes {
		return &SizeError{size, maxTypeBytes, "a type definition"}
	}
	if id < -math.MaxInt32 {
		return fmt.Errorf("gob: definition of type %d", -id)
	}
	buf, err := r.read(int(size))
	if err != nil {
		return err
	}
	defer buf.Free()
	if err := r.types.define(typeID(-id), buf.B[n:]); err != nil {
		return err
	}
	r.decoder.define(buf.B)
	return nil
}

// value reads a message that holds a value of type id.
func (r *Reader) value(id int64, n int, size uint64, limit int) (*Value, error) {
	if size > uint64(limit) {
		err := &SizeError{size, limit, "MaxReceive"}
		if size > uint64(r.maxSkip) {
			return nil, err
		}
		if _, err := r.in.Discard(int(size)); err != nil {
			return nil, unexpected(err)
		}
		return &Value{err: err}, nil
	}
	if id > math.MaxInt32 {
		return nil, fmt.Errorf("gob: value of type %d", id)
	}
	buf, err := r.read(int(size))
	if err != nil {
		return nil, err
	}
	v := &Value{reader: r, id: typeID(id), buf: buf, typeLen: n}
	// Only this goroutine changes the table, so it need not lock it.
	if v.err = checkValue(r.types.types, v.id, buf.B[n:]); v.err == errInterface {
		v.Free()
		return nil, errInterface
	}
	return v, nil
}

// read reads a message of n bytes.
func (r *Reader) read(n int) (*bufpool.Buf, error) {
	buf := bufpool.Get(min(n, step))
	for done := 0; ; {
		m, err := io.ReadFull(r.in, buf.B[done:])
		done += m
		if err != nil {
			buf.Free()
			return nil, unexpected(err)
		}
		if done == n {
			return buf, nil
		}
		more := min(n-done, max(step, done))
		buf.Grow(more)
		buf.B = buf.B[:done+more]
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Value is a value of a stream, not decoded. It is for one goroutine at a time.
type Value struct {
	reader  *Reader
	id      typeID
	buf     *bufpool.Buf // the message without its length; nil once freed
	typeLen int          // of the type's number at its head
	err     error
}

// Err says what is wrong with the value; the stream behind it is sound.
func (v *Value) Err() error { return v.err }

// Size returns the number of bytes that the value holds in memory.
func (v *Value) Size() int {
	if v.buf == nil {
		return 0
	}
	return len(v.buf.B)
}

// Free releases the value's bytes. It may be called more than once.
func (v *Value) Free() {
	if v.buf != nil {
		v.buf.Free()
		v.buf = nil
	}
}

// IsStruct reports whether the value is a struct.
func (v *Value) IsStruct() bool {
	if v.err != nil || v.buf == nil {
		return false
	}
	t := v.reader.types.find(v.id)
	return t != nil && t.kind == structKind
}

// Field is a field of a struct that is an unsigned integer or a string, which
// is all that headers are made of.
type Field struct {
	Name string
	Uint uint64
	Text []byte // valid until the value is freed
}

// Fields ranges over the fields of a struct that are unsigned integers or
// strings and not zero. It gives nothing if the value is no struct, has an
// error, or is freed. Only the goroutine that calls Next may use it.
func (v *Value) Fields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		if !v.IsStruct() {
			return
		}
		types := v.reader.types.types
		t := types[v.id]
		w := &walker{cursor: cursor{b: v.buf.B[v.typeLen:]}, types: types}
		stopped := false
		w.fields(len(t.fields), func(i int) {
			f := Field{Name: t.fields[i].name}
			switch t.fields[i].id {
			case uintID:
				f.Uint = w.uint()
			case stringID:
				f.Text = w.bytes()
			default:
				w.value(t.fields[i].id)
				return
			}
			stopped = stopped || !yield(f)
		})
	}
}
