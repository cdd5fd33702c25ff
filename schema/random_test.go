// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// random fills values with random contents that survive a round trip: empty
// slices and maps are nil, times are UTC.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, seed))} }

func (r random) fill(v reflect.Value, depth int) {
	if r.IntN(4) == 0 {
		return // zero
	}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9)-2e9, r.Int64N(1e9)).UTC()))
		return
	case Color, *Color:
		if v.Kind() == reflect.Int {
			v.SetInt(r.Int64N(5) - 2)
			return
		}
	case *Audit: // embedded: one without contents is not sent
		v.Set(reflect.ValueOf(&Audit{By: "me", Note: r.text()}))
		return
	case *fieldmaskpb.FieldMask:
		v.Set(reflect.ValueOf(&fieldmaskpb.FieldMask{Paths: []string{"a.b", "c_d"}}))
		return
	case *structpb.Value:
		v.Set(reflect.ValueOf(structpb.NewStringValue(r.text())))
		return
	case *structpb.ListValue:
		v.Set(reflect.ValueOf(&structpb.ListValue{Values: []*structpb.Value{structpb.NewNumberValue(r.NormFloat64())}}))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64)) // SetInt truncates
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(r.NormFloat64() * float64(r.IntN(1e6)))
	case reflect.String:
		v.SetString(r.text())
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct && depth <= 0 {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		r.fillElement(v.Elem(), depth-1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				r.fill(v.Field(i), depth)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			r.fillElement(v.Index(i), depth)
		}
	case reflect.Slice:
		n := 1 + r.IntN(4)
		if v.Type().Elem().Kind() == reflect.Uint8 && r.IntN(4) == 0 {
			n += 200
		}
		if depth <= 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			r.fillElement(v.Index(i), depth-1)
		}
	case reflect.Map:
		if depth <= 0 {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + r.IntN(4) {
			key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			r.fill(key, depth)
			r.fillElement(element, depth-1)
			v.SetMapIndex(key, element)
		}
	}
}

// fillElement fills an element; nil and an empty element are the same on the
// wire, and decoding yields what is not nil.
func (r random) fillElement(v reflect.Value, depth int) {
	r.fill(v, depth)
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			if value, ok := v.Interface().(*structpb.Value); ok {
				proto.Merge(value, structpb.NewBoolValue(true))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	}
}

func (r random) text() string {
	words := []string{"", "a", "curlew", "\x00", "é", "日本", "\"\\\n", strings.Repeat("long ", 40), "\u2028<&>"}
	return words[r.IntN(len(words))]
}
