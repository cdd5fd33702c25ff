// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew/schema"
)

// small has fields whose numbers are easy to write in hex.
type small struct {
	Int   int               // 08
	Text  string            // 12
	List  []int32           // 18, packed 1a
	Sub   *small            // 22
	Array [2]uint8          // 2a
	Three [3]uint16         // 30, packed 32
	Map   map[string]*small // 3a
	I8    int8              // 40
	Time  time.Time         // 4a
	Span  time.Duration     // 52
	Value Point             // 5a
	Flags []bool            // 60, packed 62
	Fixed []float32         // 6d, packed 6a
	Kind  Size              // 70
	Times map[int8]time.Time
	Pair  [2]Left // 82 01
}

func TestDecode(t *testing.T) {
	typ := compile[small](t)
	at := func(seconds, nanos int64) time.Time { return time.Unix(seconds, nanos).UTC() }
	for _, c := range []struct {
		name, in string
		want     small
		err      string
	}{
		{name: "empty"},
		{name: "last wins", in: "0801 0802", want: small{Int: 2}},
		{name: "explicit zero", in: "0800"},
		{name: "int truncates to its 32 bits", in: "18 ffffffff1f 18 8180808010", want: small{List: []int32{-1, 1}}},
		{name: "unpacked", in: "1801 1802", want: small{List: []int32{1, 2}}},
		{name: "packed and unpacked", in: "1a020102 1803 1a00 1a0104", want: small{List: []int32{1, 2, 3, 4}}},
		{name: "packed bools", in: "62020102 6000", want: small{Flags: []bool{true, true, false}}},
		{name: "packed floats", in: "6a080000803f00000040 6d00004040", want: small{Fixed: []float32{1, 2, 3}}},
		{name: "messages are merged", in: "22020805 2205 1203616263", want: small{Sub: &small{Int: 5, Text: "abc"}}},
		{name: "empty message", in: "2200", want: small{Sub: &small{}}},
		{name: "lists of merged messages are joined", in: "22021801 22021802", want: small{Sub: &small{List: []int32{1, 2}}}},
		{name: "unknown fields", in: "0801 d20f03616263 d80f01 e10f0102030405060708 fd0f01020304 e30f 0801 e40f", want: small{Int: 1}},
		{name: "other wire type is unknown", in: "0a0161 0d01000000 1001 2001", want: small{}},
		{name: "map entry without key and value", in: "3a00", want: small{Map: map[string]*small{"": {}}}},
		{name: "map, last wins", in: "3a07 0a0161 12020801 3a07 12020802 0a0161", want: small{Map: map[string]*small{"a": {Int: 2}}}},
		{name: "map with unknown field", in: "3a05 0a0161 1805", want: small{Map: map[string]*small{"a": {}}}},
		{name: "map of times", in: "7a020805", want: small{Times: map[int8]time.Time{5: at(0, 0)}}},
		{name: "arrays", in: "2a020102 3203010203", want: small{Array: [2]uint8{1, 2}, Three: [3]uint16{1, 2, 3}}},
		{name: "array unpacked", in: "3001 3002 3003", want: small{Three: [3]uint16{1, 2, 3}}},
		{name: "array of messages", in: "8201020801 820100", want: small{Pair: [2]Left{{1}, {}}}},
		{name: "array in a merged message", in: "22083203010203 8201 00", err: "Sub.Pair: got 1 elements, the Go type has 2"},
		{name: "epoch", in: "4a00", want: small{Time: at(0, 0)}},
		{name: "time", in: "4a0408051007", want: small{Time: at(5, 7)}},
		{name: "time is merged", in: "4a020805 4a021007", want: small{Time: at(5, 7)}},
		{name: "duration", in: "520408051007", want: small{Span: 5*time.Second + 7}},
		{name: "duration with unknown field", in: "5204 1805 0801", want: small{Span: time.Second}},
		{name: "enum without a name", in: "7009", want: small{Kind: 9}},

		{name: "cut tag", in: "88", err: "ends in the middle of a field"},
		{name: "cut number", in: "08", err: "ends in the middle"},
		{name: "cut text", in: "120561", err: "Text: the input ends in the middle"},
		{name: "huge text", in: "12ffffffff07", err: "Text: the input ends in the middle"},
		{name: "length beyond 63 bits", in: "12ffffffffffffffffff01", err: "Text: the input ends"},
		{name: "huge list", in: "1affffffff0f01", err: "List: the input ends"},
		{name: "varint too long", in: "08ffffffffffffffffffff01", err: "Int: not a protobuf message"},
		{name: "cut packed number", in: "1a0180", err: "List: the input ends"},
		{name: "cut packed float", in: "6a03000000", err: "Fixed: the input ends"},
		{name: "packed varint too long", in: "1a0bffffffffffffffffffff01", err: "List: not a protobuf message"},
		{name: "field number 0", in: "0001", err: "not a protobuf message"},
		{name: "end without a group", in: "0c", err: "not a protobuf message"},
		{name: "cut unknown group", in: "e30f0801", err: "ends in the middle"},
		{name: "not UTF-8", in: "1201ff", err: "schema: schema_test.small.Text: the string is not valid UTF-8"},
		{name: "int8 too large", in: "408001", err: "I8: the number does not fit the Go type"},
		{name: "int8 too small", in: "40 fffeffffffffffffff01", err: "I8: the number does not fit"},
		{name: "uint16 too large", in: "3203 808004", err: "Three[0]: the number does not fit"},
		{name: "enum below its type", in: "70ffffffffffffffffff01", err: "Kind: the number does not fit"},
		{name: "byte array too short", in: "2a0101", err: "Array: got 1 bytes, the Go type has 2"},
		{name: "byte array too long", in: "2a03010203", err: "Array: got 3 bytes"},
		{name: "array too short", in: "32020102", err: "Three: got 2 elements, the Go type has 3"},
		{name: "array too long", in: "320401020304", err: "Three: got more elements than the Go type has, 3"},
		{name: "time before year 1", in: "4a0b 08ff91b8c398feffffff01", err: "Time: the timestamp lies outside"},
		{name: "nanoseconds", in: "4a06 10 80 94 eb dc 03", err: "Time: the timestamp"},
		{name: "negative nanoseconds", in: "4a0b 10ffffffffffffffffff01", err: "Time: the timestamp"},
		{name: "duration too long", in: "5206 08ffffffff7f", err: "Span: the duration exceeds"},
		{name: "duration with two signs", in: "520d 0801 10ffffffffffffffffff01", err: "Span: the duration exceeds"},
		{name: "nested path", in: "3a0c 0a0161 1207 2205 22031201ff", err: `schema_test.small.Map["a"].Sub.Sub.Text: the string`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := hex.DecodeString(strings.ReplaceAll(c.in, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			got := small{Int: 99, Text: "old", List: []int32{1}}
			err = typ.Decode(in, &got)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v\nwant %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := difference(reflect.ValueOf(got), reflect.ValueOf(c.want)); d != "" {
				t.Errorf("got and want differ at %s", d)
			}
			if err := proto.Unmarshal(in, dynamicpb.NewMessage(typ.Descriptor())); err != nil {
				t.Errorf("protobuf-go refuses it: %v", err)
			}
		})
	}
}

func TestDecodeKeepsNothing(t *testing.T) {
	typ := compile[Everything](t)
	want := new(Everything)
	newRandom(7).fill(reflect.ValueOf(want).Elem(), 3)
	b, err := typ.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	got := new(Everything)
	if err := typ.Decode(b, got); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] = 0xff
	}
	if d := difference(reflect.ValueOf(got), reflect.ValueOf(want)); d != "" {
		t.Errorf("the value changed with the buffer, at %s", d)
	}
}

// nested returns a chain of messages, each in a field of the one around it.
func nested(tag byte, depth int) []byte {
	var b []byte
	for range depth {
		b = append(protowire.AppendVarint([]byte{tag}, uint64(len(b))), b...)
	}
	return b
}

func TestDepth(t *testing.T) {
	typ := compile[Tree](t)
	chain := func(depth int) *Tree {
		tree := new(Tree)
		for range depth {
			tree = &Tree{Left: tree}
		}
		return tree
	}
	const most = 99 // within the outermost message
	b, err := typ.Append(nil, chain(most))
	if err != nil {
		t.Fatal(err)
	}
	if err := typ.Decode(b, new(Tree)); err != nil {
		t.Error(err)
	}
	deep := "nested deeper than 100 levels"
	if _, err := typ.Append(nil, chain(most+1)); err == nil || !strings.Contains(err.Error(), deep) {
		t.Errorf("Append: %v", err)
	}
	if _, err := typ.Size(chain(most + 1)); err == nil || !strings.Contains(err.Error(), deep) {
		t.Errorf("Size: %v", err)
	}
	if _, err := typ.AppendJSON(nil, chain(most+1)); err == nil || !strings.Contains(err.Error(), deep) {
		t.Errorf("AppendJSON: %v", err)
	}
	circle := &Tree{Value: 1}
	circle.Right, circle.Left = circle, circle
	if _, err := typ.Append(nil, circle); err == nil || !strings.Contains(err.Error(), deep) {
		t.Errorf("a circle: %v", err)
	}
	for _, tag := range []byte{0x12, 0x1a, 0x22} { // Left, Right, Children
		if err := typ.Decode(nested(tag, 3000), new(Tree)); err == nil || !strings.Contains(err.Error(), deep) {
			t.Errorf("tag %x: %v", tag, err)
		}
	}
}

func TestRefusedValues(t *testing.T) {
	type stamped struct{ List []time.Time }
	for _, c := range []struct {
		value any
		want  string
	}{
		{&Item{Name: "\xff"}, "schema: schema_test.Item.Name: the string is not valid UTF-8"},
		{&map[string]int{"\xff": 1}, "not valid UTF-8"},
		{&stamped{[]time.Time{{}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}, "schema_test.stamped.List[1]: the time lies outside"},
		{pointerTo(Color(math.MaxInt32 + 1)), "does not fit into an enum"},
		{&[]Color{1, -1 << 40}, "value[1]: the value does not fit into an enum"},
		{&map[string]Color{"a": 1 << 40}, `value["a"]: the value does not fit`},
	} {
		var compiler schema.Compiler
		typ, err := compiler.Compile(reflect.TypeOf(c.value))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := typ.Append(nil, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Append: got %v\nwant %s", err, c.want)
		}
		if _, err := typ.AppendJSON(nil, c.value); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(c.want, "schema: ")) {
			t.Errorf("AppendJSON: got %v\nwant %s", err, c.want)
		}
	}
}

// FuzzDecode compares with a dynamic message of the same descriptor: what one
// of the two accepts the other accepts, and they understand the same.
func FuzzDecode(f *testing.F) {
	typ := compile[exact](f)
	everything := compile[Everything](f)
	for seed := range uint64(20) {
		v := new(exact)
		newRandom(seed).fill(reflect.ValueOf(v).Elem(), 3)
		b, err := typ.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		e := new(Everything)
		newRandom(seed).fill(reflect.ValueOf(e).Elem(), 2)
		if b, err = everything.Append(nil, e); err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e := new(Everything)
		if everything.Decode(in, e) == nil {
			b, err := everything.Append(nil, e)
			if err != nil && !strings.Contains(err.Error(), "FieldMask") {
				t.Fatalf("what was decoded cannot be encoded: %v", err)
			}
			if n, _ := everything.Size(e); err == nil && n != len(b) {
				t.Fatalf("Size is %d, Append wrote %d bytes", n, len(b))
			}
		}
		got := new(exact)
		err := typ.Decode(in, got)
		dynamic := dynamicpb.NewMessage(typ.Descriptor())
		theirs, panicked := unmarshalDynamic(in, dynamic)
		if panicked || err != nil && strings.Contains(err.Error(), "the timestamp") {
			return // protobuf-go does not look into timestamps
		}
		if (err == nil) != (theirs == nil) {
			t.Fatalf("got %v, protobuf-go %v", err, theirs)
		}
		if err != nil {
			return
		}
		b, err := proto.Marshal(dynamic)
		if err != nil {
			t.Fatal(err)
		}
		other := new(exact)
		if err := typ.Decode(b, other); err != nil {
			t.Fatal(err)
		}
		want, err := typ.AppendJSON(nil, other)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := typ.AppendJSON(nil, got); err != nil || string(text) != string(want) {
			t.Fatalf("got %s, %v\nwant %s", text, err, want)
		}
	})
}

// unmarshalDynamic reports a panic: protobuf-go's dynamic messages do on a map
// key of another wire type.
func unmarshalDynamic(b []byte, m *dynamicpb.Message) (err error, panicked bool) {
	defer func() { panicked = recover() != nil }()
	return proto.UnmarshalOptions{RecursionLimit: 100}.Unmarshal(b, m), false
}
