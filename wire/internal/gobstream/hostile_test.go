// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
)

// message puts a length before the parts.
func packet(parts ...[]byte) []byte {
	b := bytes.Join(parts, nil)
	return append(appendUint(nil, uint64(len(b))), b...)
}

func unsigned(x ...uint64) (b []byte) {
	for _, x := range x {
		b = appendUint(b, x)
	}
	return b
}

func integer(i int64) []byte {
	if i < 0 {
		return appendUint(nil, uint64(^i)<<1|1)
	}
	return appendUint(nil, uint64(i)<<1)
}

func text(s string) []byte { return append(appendUint(nil, uint64(len(s))), s...) }

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// define returns the message that defines type id; body is what follows the
// CommonType in the definition.
func define(id int64, k kind, body []byte) []byte {
	return packet(integer(-id), unsigned(uint64(k)+1, 1, 1), text("T"), unsigned(0), body, unsigned(0, 0))
}

func defineSlice(id, elem int64) []byte {
	return define(id, sliceKind, cat(unsigned(1), integer(elem)))
}

func defineMap(id, key, elem int64) []byte {
	return define(id, mapKind, cat(unsigned(1), integer(key), unsigned(1), integer(elem)))
}

func defineArray(id, elem, n int64) []byte {
	return define(id, arrayKind, cat(unsigned(1), integer(elem), unsigned(1), integer(n)))
}

type wireField struct {
	name string
	id   int64
}

func defineStruct(id int64, fields ...wireField) []byte {
	b := unsigned(1, uint64(len(fields)))
	for _, f := range fields {
		b = cat(b, unsigned(1), text(f.name), unsigned(1), integer(f.id), unsigned(0))
	}
	return define(id, structKind, b)
}

func value(id int64, parts ...[]byte) []byte { return packet(integer(id), cat(parts...)) }

// readAll reads the stream and decodes each value into a new message, and
// returns the first error.
func readAll(stream []byte, message func() any) error {
	r := NewReader(bytes.NewReader(stream), 1<<20)
	for {
		v, err := r.Next(1 << 20)
		if err != nil {
			return err
		}
		err = v.Decode(context.Background(), message())
		v.Free()
		if err != nil {
			return err
		}
	}
}

type local struct {
	A    map[string]int
	B    []map[string]int
	C    []inner
	D    []inner
	Next *local
	List tree
	Any  map[string]inner
}

func TestHostileStreams(t *testing.T) {
	const a, b, c = 65, 66, 67
	mapInStruct := cat(defineStruct(a, wireField{"A", b}), defineMap(b, int64(stringID), int64(intID)))
	for name, test := range map[string]struct {
		stream []byte
		want   string
	}{
		"a map of 2^40 entries":          {cat(mapInStruct, value(a, unsigned(1, 1<<40, 0))), "1099511627776 items in the 1 bytes"},
		"a map of 2^63 entries":          {cat(mapInStruct, value(a, unsigned(1, 1<<63, 0))), "items in the"},
		"a slice of 2^40 maps":           {cat(defineStruct(a, wireField{"B", b}), defineSlice(b, c), defineMap(c, 6, 2), value(a, unsigned(1, 1<<40, 0))), "items in the"},
		"a map of structs with no end":   {cat(defineStruct(a, wireField{"X", b}), defineMap(b, c, c), defineStruct(c, wireField{"Y", 2}), value(a, unsigned(1, 1<<40))), "items in the"},
		"a struct with no end":           {cat(defineStruct(a, wireField{"Y", 2}), value(a, unsigned(1, 4))), "ends too soon"},
		"a list nested too deep":         {cat(defineStruct(a, wireField{"Next", a}), value(a, bytes.Repeat([]byte{1}, 100_000), bytes.Repeat([]byte{0}, 100_001))), "nested more than 1000"},
		"a tree nested too deep":         {cat(defineStruct(a, wireField{"List", b}), defineSlice(b, b), value(a, bytes.Repeat([]byte{1}, 100_000), unsigned(0, 0))), "nested more than 1000"},
		"an array longer than its type":  {cat(defineArray(a, 2, 3), value(a, unsigned(0, 4, 0, 0, 0, 0))), "array of 4 elements where 3"},
		"an array of length -1":          {defineArray(a, 2, -1), "array of length -1"},
		"an array of length 2^40":        {defineArray(a, 2, 1<<40), "array of length"},
		"a string longer than the rest":  {cat(defineStruct(a, wireField{"Y", 6}), value(a, unsigned(1, 1<<30), []byte("short"), unsigned(0))), "items in the"},
		"an interface value":             {cat(defineStruct(a, wireField{"I", 8}), value(a, unsigned(1), text("string"), integer(6), unsigned(2, 0, 0), unsigned(0))), "interface value"},
		"a value of an undefined type":   {value(a, unsigned(0)), "type 65 is not defined"},
		"a field of an undefined type":   {cat(defineStruct(a, wireField{"Y", b}), value(a, unsigned(1, 1, 0))), "type 66 is not defined"},
		"a value of a reserved type":     {value(20, unsigned(0)), "type 20 is not defined"},
		"a reference to a reserved type": {defineSlice(a, 20), "reference to type 20"},
		"a reference below zero":         {defineSlice(a, -3), "reference to type -3"},
		"a builtin type defined":         {defineSlice(6, 2), "definition of type 6"},
		"a type defined twice":           {cat(defineSlice(a, 2), defineSlice(a, 3)), "second definition"},
		"a type number above 31 bits":    {defineSlice(1<<40, 2), "definition of type"},
		"the least type number":          {packet(integer(math.MinInt64), unsigned(0)), "definition of type"},
		"a value's type above 31 bits":   {value(1<<40, unsigned(0)), "value of type"},
		"a type of no kind":              {packet(integer(-a), unsigned(0)), "no kind"},
		"a type of two kinds":            {packet(integer(-a), unsigned(6, 1, 0, 0, 1, 1, 0, 0, 0)), "two kinds"},
		"a type of an unknown kind":      {packet(integer(-a), unsigned(8, 1, 0, 0, 0)), "field 7 of a struct of 7"},
		"a slice of nothing":             {define(a, sliceKind, nil), "without the type of its elements"},
		"a map without a key":            {define(a, mapKind, cat(unsigned(2), integer(2))), "without the type"},
		"a field without a name":         {define(a, structKind, unsigned(1, 1, 2, 4, 0)), "field without a name"},
		"more fields than bytes":         {define(a, structKind, unsigned(1, 1<<50)), "items in the"},
		"bytes after a definition":       {packet(integer(-a), unsigned(2, 1, 0, 1, 4, 0, 0, 9)), "bytes after a type definition"},
		"bytes after a value":            {value(2, unsigned(0, 8, 9)), "bytes after a value"},
		"a scalar without its zero":      {value(2, unsigned(3, 8)), "does not begin with a zero"},
		"a field number far beyond":      {cat(defineStruct(a, wireField{"Y", 2}), value(a, unsigned(1<<62, 1, 0))), "field 4611686018427387903"},
		"an empty message":               {[]byte{0, 2}, "ends too soon"},
		"a length of nine bytes":         {[]byte{0xf7, 1, 2, 3}, "more than 8 bytes"},
		"a message of an exabyte":        {cat(unsigned(1<<60), integer(2)), "more than the"},
		"a definition of a gigabyte":     {cat(unsigned(1<<30), integer(-a)), "message of 1073741824 bytes, more than the 262144 that a type definition allows"},
		"a type that is cut off":         {cat(packet([]byte{0xfe, 1}), unsigned(2)), "ends too soon"},
		"a wrong type":                   {value(6, unsigned(0), text("x")), "want struct type gobstream.local; got non-struct"},
	} {
		t.Run(name, func(t *testing.T) {
			err := readAll(test.stream, func() any { return new(local) })
			assert.True(t, err != nil && err != io.EOF, "no error:", err)
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

// TestConfusedLayouts: gob would read the second of two fields of one Go type by
// the layout of the first, and what was checked is not what is decoded.
func TestConfusedLayouts(t *testing.T) {
	const a, c, cElem, d, dElem = 65, 66, 67, 68, 69
	stream := cat(
		defineStruct(a, wireField{"C", c}, wireField{"D", d}),
		defineSlice(c, cElem), defineStruct(cElem, wireField{"Tags", 70}, wireField{"Name", 6}),
		defineSlice(70, 6),
		defineSlice(d, dElem), defineStruct(dElem, wireField{"Name", 6}),
		value(a, unsigned(1, 0, 1, 1, 1), text("\x00\x00\x00"), unsigned(0, 0)),
	)
	err := readAll(stream, func() any { return new(local) })
	assert.Contains(t, fmt.Sprint(err), "two different layouts for values of type []gobstream.inner")
	// The same types in separate structs are fine.
	type one struct{ C []inner }
	type other struct{ D []inner }
	type both struct {
		X one
		Y other
	}
	stream = cat(
		defineStruct(a, wireField{"X", 71}, wireField{"Y", 72}),
		defineStruct(71, wireField{"C", c}), defineStruct(72, wireField{"D", d}),
		defineSlice(c, cElem), defineStruct(cElem, wireField{"Tags", 70}, wireField{"Name", 6}), defineSlice(70, 6),
		defineSlice(d, dElem), defineStruct(dElem, wireField{"Name", 6}),
		value(a, unsigned(1, 1, 1, 2), text("c"), unsigned(0, 0), unsigned(1, 1, 1, 1), text("d"), unsigned(0, 0, 0)),
	)
	var got both
	err = readAll(stream, func() any { return &got })
	assert.Equal(t, err, io.EOF)
	assert.Equal(t, got.X.C[0].Name+got.Y.D[0].Name, "cd")
}

func TestTooManyTypes(t *testing.T) {
	var many []byte
	for id := range int64(maxTypes + 1) {
		many = append(many, defineSlice(100+id, 2)...)
	}
	assert.Contains(t, fmt.Sprint(readAll(many, nil)), "more than 4096 types")
	var large []byte
	for id := range int64(30) {
		fields := make([]wireField, 1000)
		for i := range fields {
			fields[i] = wireField{fmt.Sprint("Field", i), 2}
		}
		large = append(large, defineStruct(100+id, fields...)...)
	}
	assert.Contains(t, fmt.Sprint(readAll(large, nil)), "bytes of type definitions")
}

// TestWorkLimit: few bytes of types would make gob compile without end, because
// it compiles what each field to be skipped is made of once for each field.
func TestWorkLimit(t *testing.T) {
	const chain, fields = 2000, 5000
	var stream []byte
	wide := make([]wireField, fields)
	for i := range wide {
		wide[i] = wireField{fmt.Sprint("F", i), 1000}
	}
	stream = append(stream, defineStruct(100, wide...)...)
	for i := range int64(chain) {
		stream = append(stream, defineSlice(1000+i, 1001+i)...)
	}
	stream = append(stream, defineSlice(1000+chain, 2)...)
	stream = append(stream, value(100, unsigned(0))...)
	grown := allocated(func() {
		assert.Contains(t, fmt.Sprint(readAll(stream, func() any { return new(local) })), "decoding steps")
	})
	assert.True(t, grown < 64<<20, "allocated", grown)
}

// TestRepeatedWork: a decoder is paid for once, however many values use it.
func TestRepeatedWork(t *testing.T) {
	r := NewReader(bytes.NewReader(encoded(t, &outer{}, &outer{})), 0)
	left := 0
	for i := range 2 {
		v, err := r.Next(1000)
		assert.NoError(t, err)
		assert.NoError(t, v.Decode(t.Context(), new(outer)))
		if i == 1 {
			assert.Equal(t, r.decoder.matcher.left, left)
		}
		left = r.decoder.matcher.left
	}
	assert.True(t, maxWork-left < 100, "an ordinary type costs", maxWork-left)
}

func TestLengthAloneAllocatesNothing(t *testing.T) {
	stream := cat(unsigned(1<<30), integer(5), unsigned(0))
	grown := allocated(func() {
		r := NewReader(bytes.NewReader(stream), 0)
		_, err := r.Next(1 << 30)
		assert.Equal(t, err, io.ErrUnexpectedEOF)
	})
	assert.True(t, grown < 1<<20, "allocated", grown)
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzReader(f *testing.F) {
	f.Add(encoded(f, samples()...))
	f.Add(encoded(f, &bag{Mood: &moody{"panic on arrival"}}, &local{}, &[]outer{{}}))
	f.Add(cat(defineStruct(65, wireField{"A", 66}, wireField{"Next", 65}), defineMap(66, 6, 2),
		value(65, unsigned(1, 1), text("k"), integer(3), unsigned(1, 0, 0))))
	f.Add([]byte(strings.Repeat("\x03\x04\x00\x06", 10)))
	f.Fuzz(func(t *testing.T, stream []byte) {
		targets := []any{new(local), new(outer), new(bag), new(int), new(map[string]names), new(tree), new(embeds)}
		r := NewReader(bytes.NewReader(stream), 1<<16)
		for i := 0; ; i++ {
			v, err := r.Next(1 << 12)
			if err != nil {
				return
			}
			for range v.Fields() {
			}
			_ = v.Decode(t.Context(), fresh(targets[i%len(targets)]))
			v.Free()
		}
	})
}

// embeds has a promoted field that gob cannot reach without making what holds
// it.
type embeds struct {
	*inner
	Other int
}
