// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/curlewrpc/curlew/schema"
)

// TestJSONAgainstProtojson lets protojson read what the codec writes and the
// codec what protojson writes.
func TestJSONAgainstProtojson(t *testing.T) {
	testJSONAgainstProtojson[Everything](t, 300)
	testJSONAgainstProtojson[Tree](t, 100)
	testJSONAgainstProtojson[Color](t, 10)
	testJSONAgainstProtojson[int](t, 20)
	testJSONAgainstProtojson[[]byte](t, 10)
	testJSONAgainstProtojson[[]Point](t, 20)
	testJSONAgainstProtojson[map[string]Tree](t, 20)
	testJSONAgainstProtojson[time.Time](t, 20)
	testJSONAgainstProtojson[time.Duration](t, 20)
	testJSONAgainstProtojson[Catalog](t, 20)
}

func testJSONAgainstProtojson[T any](t *testing.T, rounds uint64) {
	t.Run(fmt.Sprintf("%v", reflect.TypeFor[T]()), func(t *testing.T) {
		typ := compile[T](t)
		for seed := range rounds {
			want := new(T)
			newRandom(seed).fill(reflect.ValueOf(want).Elem(), 3)
			b, err := typ.Append(nil, want)
			if err != nil {
				t.Fatal(err)
			}
			dynamic := dynamicpb.NewMessage(typ.Descriptor())
			if err := proto.Unmarshal(b, dynamic); err != nil {
				t.Fatal(err)
			}
			text, err := typ.AppendJSON(nil, want)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			read := dynamicpb.NewMessage(typ.Descriptor())
			if err := protojson.Unmarshal(text, read); err != nil {
				t.Fatalf("seed %d: protojson: %v\n%s", seed, err, text)
			}
			if !proto.Equal(read, dynamic) {
				t.Fatalf("seed %d: %s\nread by protojson is %v\nwant %v", seed, text, read, dynamic)
			}
			if text, err = (protojson.MarshalOptions{Multiline: seed%2 == 0}).Marshal(dynamic); err != nil {
				t.Fatal(err)
			}
			got := new(T)
			if err := typ.DecodeJSON(text, got, schema.JSONOptions{RefuseUnknown: true}); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			if d := difference(reflect.ValueOf(got), reflect.ValueOf(want)); d != "" {
				t.Fatalf("seed %d: got and want differ at %s", seed, d)
			}
		}
	})
}

func TestJSONOutput(t *testing.T) {
	type numbers struct {
		A, B, C, D int64
		U          uint64
		F, G, H, I float64
		S          float32
	}
	type times struct {
		At   time.Time
		Span time.Duration
		Opt  *int
	}
	zero := 0
	for _, c := range []struct {
		value any
		want  string
	}{
		{new(int), `{}`},
		{pointerTo(15), `{"value":15}`},
		{pointerTo("a\"\\\n\x01\u2028<é"), `{"value":"a\"\\\n\u0001` + "\u2028" + `<é"}`},
		{&[]string{"", "x"}, `{"value":["","x"]}`},
		{&map[int]bool{10: true, 9: false, -1: true}, `{"value":{"-1":true,"9":false,"10":true}}`},
		{&map[bool]string{true: "t", false: "f"}, `{"value":{"false":"f","true":"t"}}`},
		{&numbers{A: 1 << 53, B: 1<<53 + 1, C: -1 << 53, D: -1<<53 - 1, U: math.MaxUint64, F: math.NaN(), G: math.Inf(-1), H: 1e21, I: 1e-7, S: 0.1},
			`{"A":9007199254740992,"B":"9007199254740993","C":-9007199254740992,"D":"-9007199254740993","U":"18446744073709551615",` +
				`"F":"NaN","G":"-Infinity","H":1e+21,"I":1e-7,"S":0.1}`},
		{&times{At: time.Date(2024, 2, 29, 1, 2, 3, 4e6, time.FixedZone("", 3600)), Span: 1500 * time.Millisecond, Opt: &zero},
			`{"At":"2024-02-29T00:02:03.004Z","Span":"1.500s","Opt":0}`},
		{&times{Span: math.MinInt64}, `{"Span":"-9223372036.854775808s"}`},
		{&Item{Name: "cup", Tags: map[string]Color{"b": 1, "a": 99}}, `{"Name":"cup","Tags":{"a":99,"b":"Red"}}`},
		{&Catalog{}, `{}`},
		{&Everything{Points: make([]Point, 2), PointPtrs: []*Point{nil}, Hash: [4]byte{1}, Renamed: 1},
			`{"Hash":"AQAAAA==","Points":[{},{}],"PointPtrs":[{}],"re-named":1}`},
		{structpb.NewNumberValue(1), `1`},
		{&structpb.Struct{Fields: map[string]*structpb.Value{"b": structpb.NewNullValue(), "a": structpb.NewBoolValue(true)}}, `{"a":true,"b":null}`},
	} {
		var compiler schema.Compiler
		typ, err := compiler.Compile(reflect.TypeOf(c.value))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got, err := typ.AppendJSON(nil, c.value); err != nil || string(got) != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		}
	}
}

func pointerTo[T any](v T) *T { return &v }

func TestJSONInput(t *testing.T) {
	type all struct {
		I   int
		I8  int8
		U   uint32
		F   float32
		B   []byte
		A   [2]int
		H   [2]byte
		P   *all
		Opt *string
		L   []all
		M   map[int8]*all
		C   Color
		T   time.Time
		D   time.Duration
		V   *structpb.Value
		K   bool
		S   string `json:"the string"`
	}
	typ := compile[all](t)
	for _, c := range []struct {
		in   string
		want all
		err  string // contained in the error
	}{
		{in: ` { } `},
		{in: `{"I":null,"P":null,"L":null,"M":null,"A":null,"T":null,"C":null}`},
		{in: `{"I":"-12","U":1e2,"I8":1.270e2,"F":"1.5"}`, want: all{I: -12, U: 100, I8: 127, F: 1.5}},
		{in: `{"B":"-_8","C":"Green","K":true}`, want: all{B: []byte{0xfb, 0xff}, C: 2, K: true}},
		{in: `{"C":77,"D":"-0.000000001s"}`, want: all{C: 77, D: -1}},
		{in: `{"T":"2024-02-29T01:02:03+01:00"}`, want: all{T: time.Date(2024, 2, 29, 0, 2, 3, 0, time.UTC)}},
		{in: `{"A":[1,2],"H":"AQI=","P":{},"L":[{},{"I":1}],"M":{"-5":{}}}`, want: all{A: [2]int{1, 2}, H: [2]byte{1, 2}, P: &all{}, L: []all{{}, {I: 1}}, M: map[int8]*all{-5: {}}}},
		{in: `{"V":null}`, want: all{V: structpb.NewNullValue()}},
		{in: `{"the string":"a\u00e9\ud83d\ude00\n\/"}`, want: all{S: "aé😀\n/"}},
		{in: `{"the_string":"x"}`, want: all{S: "x"}},
		{in: `{"unknown":[{"a":[true,false,null,-1.5e3,"\u0000"]}],"I":1}`, want: all{I: 1}},
		{in: `{"Opt":""}`, want: all{Opt: pointerTo("")}},

		{in: ``, err: "schema: schema_test.all: byte 0: got the end of the input, need an object"},
		{in: `[]`, err: "byte 0: got an array, need an object"},
		{in: `{"I":1}x`, err: "byte 7: something follows"},
		{in: `{"I":1,}`, err: "byte 7: got '}', need a key"},
		{in: `{"I" 1}`, err: "byte 5: got a number, need ':'"},
		{in: `{"I":1 "U":2}`, err: "byte 7: got a string, need ',' or '}'"},
		{in: `{"I":1`, err: "byte 6: got the end of the input"},
		{in: `{"I":"x"}`, err: `schema: schema_test.all.I: byte 5: "x" is not a number`},
		{in: `{"I":1.5}`, err: `schema_test.all.I: byte 5: "1.5" is not an integer`},
		{in: `{"I":1e400000000}`, err: "too large an exponent"},
		{in: `{"I":01}`, err: "malformed number"},
		{in: `{"x":3e}`, err: "malformed number"},
		{in: `{"I":-}`, err: "malformed number"},
		{in: `{"I":1x}`, err: "a malformed number"},
		{in: `{"I":true}`, err: "byte 5: got a boolean, need a number"},
		{in: `{"I8":128}`, err: "does not fit"},
		{in: `{"U":-1}`, err: "does not fit"},
		{in: `{"F":1e39}`, err: "does not fit"},
		{in: `{"I":1,"I":2}`, err: `byte 7: the key "I" stands twice`},
		{in: `{"M":{"1":{},"1":{}}}`, err: `schema_test.all.M: byte 13: the key "1" stands twice`},
		{in: `{"M":{"x":{}}}`, err: `the key "x"`},
		{in: `{"L":[{"L":[{},{"P":{"K":1}}]}]}`, err: "schema_test.all.L[0].L[1].P.K: byte 25: got a number, need true or false"},
		{in: `{"L":[null]}`, err: "schema_test.all.L[0]: byte 6: got null, need an element"},
		{in: `{"A":[1]}`, err: "got 1 elements, the Go type has 2"},
		{in: `{"A":[1,2,3]}`, err: "more elements than the Go type has, 2"},
		{in: `{"H":"AQ=="}`, err: "got 1 bytes, the Go type has 2"},
		{in: `{"B":"A"}`, err: "not base64"},
		{in: `{"B":5}`, err: "need bytes as base64"},
		{in: `{"C":"Mauve"}`, err: `schema_test.Color has no value "Mauve"`},
		{in: `{"T":"yesterday"}`, err: "RFC 3339"},
		{in: `{"D":"1.5"}`, err: "not a duration"},
		{in: `{"D":"--1s"}`, err: "not a duration"},
		{in: `{"D":"99999999999s"}`, err: "the duration exceeds"},
		{in: `{"the string":"\ud800"}`, err: "surrogates come in pairs"},
		{in: "{\"the string\":\"\xff\"}", err: "not valid UTF-8"},
		{in: "{\"the string\":\"\n\"}", err: "control character"},
		{in: `{"the string":"\x"}`, err: "unknown escape"},
		{in: `{"the string":"abc`, err: "does not end"},
		{in: `{"unknown":nope}`, err: "need a value"},
		{in: `{"V":{"a":nope}}`, err: "need a value"},
	} {
		got := all{I: 99, Opt: pointerTo("old")}
		err := typ.DecodeJSON([]byte(c.in), &got, schema.JSONOptions{})
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s\ngave %v\nwant %s", c.in, err, c.err)
		case c.err == "" && err != nil:
			t.Errorf("%s gave %v", c.in, err)
		case c.err == "":
			if d := difference(reflect.ValueOf(got), reflect.ValueOf(c.want)); d != "" {
				t.Errorf("%s: got and want differ at %s", c.in, d)
			}
		}
	}
	err := typ.DecodeJSON([]byte(`{"P":{"Nope":1}}`), new(all), schema.JSONOptions{RefuseUnknown: true})
	if err == nil || !strings.Contains(err.Error(), `schema_test.all.P: byte 6: schema_test.all has no field "Nope"`) {
		t.Errorf("unknown key: %v", err)
	}
}

func TestJSONNesting(t *testing.T) {
	typ := compile[Tree](t)
	const deep = 1 << 20
	for name, in := range map[string]string{
		"messages": strings.Repeat(`{"Left":`, deep),
		"lists":    strings.Repeat(`{"Children":[`, deep),
		"unknown":  `{"x":` + strings.Repeat(`[`, deep),
		"objects":  `{"x":` + strings.Repeat(`{"":`, deep),
	} {
		if err := typ.DecodeJSON([]byte(in), new(Tree), schema.JSONOptions{}); err == nil || !strings.Contains(err.Error(), "deeper than 100 levels") {
			t.Errorf("%s: %v", name, err)
		}
	}
	value := compile[struct{ V *structpb.Value }](t)
	in := `{"V":` + strings.Repeat(`[`, deep)
	if err := value.DecodeJSON([]byte(in), &struct{ V *structpb.Value }{}, schema.JSONOptions{}); err == nil {
		t.Error("a deep google.protobuf.Value was accepted")
	}
}

// exact has no Go types that are narrower than their protobuf kinds, so
// protojson accepts the same.
type exact struct {
	I32 int32
	I64 int64
	U32 uint32
	U64 uint64
	F   float32
	D   float64
	K   bool
	S   string
	B   []byte
	E   Color
	P   *exact
	O   *int32
	L   []exact
	N   []int64
	M   map[string]*exact
	MI  map[int32]string
	MB  map[bool]float64
	T   *time.Time
}

func FuzzJSON(f *testing.F) {
	typ := compile[exact](f)
	for seed := range uint64(20) {
		v := new(exact)
		newRandom(seed).fill(reflect.ValueOf(v).Elem(), 3)
		text, err := typ.AppendJSON(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, s := range []string{`{"P":{"P":null},"N":[1,"2",3e2]}`, `{"x":[{}],"B":"_-=="}`, `{"T":"2024-02-29T01:02:03.5+01:00"}`, `{"S":"\ud83d\ude00"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got := new(exact)
		err := typ.DecodeJSON(in, got, schema.JSONOptions{})
		if !json.Valid(in) { // protojson takes some of it
			if err == nil {
				t.Fatal("accepted what is no JSON")
			}
			return
		}
		dynamic := dynamicpb.NewMessage(typ.Descriptor())
		theirs := protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 100}.Unmarshal(in, dynamic)
		if err != nil && strings.Contains(err.Error(), "has no value") {
			return // protojson skips enum names that it does not know
		}
		if (err == nil) != (theirs == nil) {
			t.Fatalf("got %v, protojson %v", err, theirs)
		}
		if err != nil {
			return
		}
		want, err := proto.Marshal(dynamic)
		if err != nil {
			t.Fatal(err)
		}
		other := new(exact)
		if err := typ.Decode(want, other); err != nil {
			t.Fatal(err)
		}
		a, err := typ.AppendJSON(nil, got)
		if err != nil {
			t.Fatal(err)
		}
		b, err := typ.AppendJSON(nil, other)
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Fatalf("got %s\nwant %s", a, b)
		}
	})
}
