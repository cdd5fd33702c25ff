// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"math"
	"reflect"
	"time"
	"unsafe"
)

// This is the only file that uses unsafe. Its rules:
//
//   - A pointer always points into a live Go object of the type that the plan
//     was compiled for; callers check that type before they make one.
//   - Pointers are made by reflection or by adding a field's or an element's
//     offset, never from integers, so the garbage collector follows them.
//   - Memory is read and written as its own Go type or as one with the same
//     layout: named types as their underlying type, any slice's header as that
//     of a []byte, any pointer as an unsafe.Pointer.
//   - Memory is allocated by reflection, which knows the type.

// A pointer is the address of a Go value whose type the plan knows.
type pointer struct{ p unsafe.Pointer }

// pointerOf returns the address held by v, a reflect.Value of pointer kind.
func pointerOf(v reflect.Value) pointer { return pointer{v.UnsafePointer()} }

// newValue allocates a zero value of type t.
func newValue(t reflect.Type) pointer { return pointer{reflect.New(t).UnsafePointer()} }

// at returns the address offset bytes on, within the same object.
func (p pointer) at(offset uintptr) pointer { return pointer{unsafe.Add(p.p, offset)} }

func (p pointer) isNil() bool { return p.p == nil }

// deref returns the pointer stored at p.
func (p pointer) deref() pointer { return pointer{*(*unsafe.Pointer)(p.p)} }

// setPointer stores q at p.
func (p pointer) setPointer(q pointer) { *(*unsafe.Pointer)(p.p) = q.p }

// value returns the variable of type t at p.
func (p pointer) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, p.p).Elem() }

func (p pointer) text() *string            { return (*string)(p.p) }
func (p pointer) bytes() *[]byte           { return (*[]byte)(p.p) }
func (p pointer) time() *time.Time         { return (*time.Time)(p.p) }
func (p pointer) duration() *time.Duration { return (*time.Duration)(p.p) }

// array returns the n bytes at p, which alias it.
func (p pointer) array(n int) []byte { return unsafe.Slice((*byte)(p.p), n) }

// slice returns the address of the first element and the length of the slice
// at p, whatever its element type.
func (p pointer) slice() (first pointer, n int) {
	s := *(*[]byte)(p.p)
	return pointer{unsafe.Pointer(unsafe.SliceData(s))}, len(s)
}

// extend appends n zero elements to the slice of type t at p and returns the
// address of the first of them.
func (p pointer) extend(t reflect.Type, n int) pointer {
	v := p.value(t)
	old := v.Len()
	v.Grow(n)
	v.SetLen(old + n)
	first, _ := p.slice()
	return first.at(uintptr(old) * t.Elem().Size())
}

// memory says how a number lies in memory.
type memory uint8

const (
	memBool memory = iota
	memInt8
	memInt16
	memInt32
	memInt64
	memInt
	memUint8
	memUint16
	memUint32 // and float32, as its bits
	memUint64 // and float64, as its bits
	memUint
)

// load returns the number at p as protobuf carries it: signed integers
// extended to 64 bits, floats as their bits.
func (p pointer) load(m memory) uint64 {
	switch m {
	case memBool:
		if *(*bool)(p.p) {
			return 1
		}
		return 0
	case memInt8:
		return uint64(*(*int8)(p.p))
	case memInt16:
		return uint64(*(*int16)(p.p))
	case memInt32:
		return uint64(*(*int32)(p.p))
	case memInt64:
		return uint64(*(*int64)(p.p))
	case memInt:
		return uint64(*(*int)(p.p))
	case memUint8:
		return uint64(*(*uint8)(p.p))
	case memUint16:
		return uint64(*(*uint16)(p.p))
	case memUint32:
		return uint64(*(*uint32)(p.p))
	case memUint64:
		return *(*uint64)(p.p)
	default:
		return uint64(*(*uint)(p.p))
	}
}

// store is the inverse of load. Like every protobuf decoder it keeps the low
// 32 bits for 32-bit kinds; it returns false if the Go type is narrower than
// the protobuf kind and x does not fit.
func (p pointer) store(m memory, x uint64) bool {
	switch m {
	case memBool:
		*(*bool)(p.p) = x != 0
	case memInt8:
		if v := int32(x); v < math.MinInt8 || v > math.MaxInt8 {
			return false
		}
		*(*int8)(p.p) = int8(x)
	case memInt16:
		if v := int32(x); v < math.MinInt16 || v > math.MaxInt16 {
			return false
		}
		*(*int16)(p.p) = int16(x)
	case memInt32:
		*(*int32)(p.p) = int32(x)
	case memInt64:
		*(*int64)(p.p) = int64(x)
	case memInt:
		*(*int)(p.p) = int(x)
		return int64(int(x)) == int64(x)
	case memUint8:
		if uint32(x) > math.MaxUint8 {
			return false
		}
		*(*uint8)(p.p) = uint8(x)
	case memUint16:
		if uint32(x) > math.MaxUint16 {
			return false
		}
		*(*uint16)(p.p) = uint16(x)
	case memUint32:
		*(*uint32)(p.p) = uint32(x)
	case memUint64:
		*(*uint64)(p.p) = x
	default:
		*(*uint)(p.p) = uint(x)
		return uint64(uint(x)) == x
	}
	return true
}
