// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/curlewrpc/curlew/internal/assert"
)

type hidden struct{ _ int }

type withInterface struct {
	Fine  int
	Inner []map[string]struct{ Wrong fmt.Stringer }
}

type withIgnored struct {
	A    int
	_    fmt.Stringer
	Done chan int
	F    func()
}

type loop *loop

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		of   reflect.Type
		want string // of the error
	}{
		{reflect.TypeFor[int](), ""},
		{reflect.TypeFor[*outer](), ""},
		{reflect.TypeFor[tree](), ""},
		{reflect.TypeFor[names](), ""},
		{reflect.TypeFor[struct{}](), ""},
		{reflect.TypeFor[[3]*[]map[string]outer](), ""},
		{reflect.TypeFor[time.Time](), ""},
		{reflect.TypeFor[big.Int](), ""},
		{reflect.TypeFor[map[netip.Addr]*big.Rat](), ""},
		{reflect.TypeFor[durationpb.Duration](), ""},
		{reflect.TypeFor[withIgnored](), ""},
		{reflect.TypeFor[any](), "interface {} is an interface"},
		{reflect.TypeFor[map[string]any](), "map[string]interface {}[] is an interface (interface {}): gob needs a concrete type"},
		{reflect.TypeFor[map[any]string](), "key is an interface"},
		{reflect.TypeFor[withInterface](), "gobstream.withInterface.Inner[][].Wrong is an interface (fmt.Stringer)"},
		{reflect.TypeFor[structpb.Value](), "structpb.Value.Kind is an interface"},
		{reflect.TypeFor[chan int](), "is a chan, which gob cannot encode"},
		{reflect.TypeFor[[]func()](), "is a func, which gob cannot encode"},
		{reflect.TypeFor[hidden](), "gobstream.hidden has no exported fields"},
		{reflect.TypeFor[struct{ X emptypb.Empty }](), "X has no exported fields"},
	} {
		err := Check(test.of)
		if test.want == "" {
			assert.NoError(t, err, test.of)
			continue
		}
		assert.Contains(t, fmt.Sprint(err), test.want)
	}
	assert.NoError(t, Check(reflect.TypeFor[loop]()), "gob itself says what is wrong with it")
	for of, want := range map[reflect.Type]bool{
		reflect.TypeFor[*emptypb.Empty](): true, reflect.TypeFor[emptypb.Empty](): true, reflect.TypeFor[*durationpb.Duration](): false,
		reflect.TypeFor[int](): false, reflect.TypeFor[struct{}](): false,
	} {
		assert.Equal(t, Empty(of), want, of)
	}
}

// TestCheckKnowsGob: what Check allows gob encodes, and what it refuses gob
// does not, but for interfaces.
func TestCheckKnowsGob(t *testing.T) {
	for _, v := range []any{
		1, outer{}, tree{}, names{}, struct{}{}, time.Time{}, *big.NewInt(7), withIgnored{A: 1}, hidden{}, make(chan int), []func(){nil},
		struct{ X hidden }{}, map[string]chan int{"x": nil}, struct{ X *hidden }{new(hidden)}, [2]hidden{},
	} {
		p := reflect.New(reflect.TypeOf(v))
		p.Elem().Set(reflect.ValueOf(v))
		err := gob.NewEncoder(new(bytes.Buffer)).Encode(p.Interface())
		refused := Check(reflect.TypeOf(v))
		assert.Equal(t, refused != nil, err != nil, fmt.Sprintf("%T", v), refused, err)
	}
}

func TestMessagesOfManyParts(t *testing.T) {
	// Fields that are pointers to pointers, and the same type twice.
	type inside struct{ Text string }
	type deep struct {
		A ***inside
		B []*inside
		C map[string]*inside
		D [2]inside
	}
	p := &inside{strings.Repeat("x", 10)}
	pp := &p
	in := &deep{A: &pp, B: []*inside{p}, C: map[string]*inside{"k": p}, D: [2]inside{{"d"}, {}}}
	r := NewReader(bytes.NewReader(encoded(t, in)), 0)
	v, err := r.Next(1000)
	assert.NoError(t, err)
	got := new(deep)
	assert.NoError(t, v.Decode(t.Context(), got))
	assert.Equal(t, got, in)
	v.Free()
	assert.Equal(t, v.Size(), 0)
	assert.True(t, !v.IsStruct(), "a freed value is nothing")
}
