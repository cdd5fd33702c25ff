// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/curlewrpc/curlew/schema"
)

type Deep struct{ List []Deeper }
type Deeper struct{ Map map[string]Deepest }
type Deepest struct{ Meta any }

type NoZero int

func (NoZero) EnumValues() map[int32]string { return map[int32]string{1: "One"} }

type Twice int

func (Twice) EnumValues() map[int32]string { return map[int32]string{0: "Same", 1: "Same"} }

type BadName int

func (BadName) EnumValues() map[int32]string { return map[int32]string{0: "not a name"} }

type Below uint8

func (Below) EnumValues() map[int32]string { return map[int32]string{0: "Zero", -1: "Below"} }

type hidden struct{ X int }

type Left struct{ ID int }
type Right struct{ ID int }

// TestRefused checks that what cannot be expressed is refused by name.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want []string // all contained in the error
	}{
		{nil, []string{"nil interface"}},
		{reflect.TypeFor[any](), []string{"interface type interface {}"}},
		{reflect.TypeFor[Deep](), []string{"schema_test.Deep.List[].Map[].Meta: interface type", "use a concrete type or map[string]string"}},
		{reflect.TypeFor[chan int](), []string{"chan type chan int"}},
		{reflect.TypeFor[struct{ F func() }](), []string{".F: func type"}},
		{reflect.TypeFor[complex128](), []string{"complex128", "two floats"}},
		{reflect.TypeFor[uintptr](), []string{"uintptr"}},
		{reflect.TypeFor[unsafe.Pointer](), []string{"unsafe.Pointer"}},
		{reflect.TypeFor[error](), []string{"interface type error"}},
		{reflect.TypeFor[[][]int](), []string{"[][]int[]: []int inside a slice", "wrap it in a struct"}},
		{reflect.TypeFor[[]map[string]int](), []string{"map[string]int inside"}},
		{reflect.TypeFor[map[string][]int](), []string{"[]int inside"}},
		{reflect.TypeFor[[]any](), []string{"interface type"}},
		{reflect.TypeFor[map[string]any](), []string{"interface type"}},
		{reflect.TypeFor[map[float64]int](), []string{"keys of type float64"}},
		{reflect.TypeFor[map[Left]int](), []string{"keys of type schema_test.Left"}},
		{reflect.TypeFor[map[any]int](), []string{"keys of type interface {}"}},
		{reflect.TypeFor[**Left](), []string{"*schema_test.Left"}},
		{reflect.TypeFor[struct{ P **int }](), []string{".P: a pointer to a pointer"}},
		{reflect.TypeFor[struct{ P *[]int }](), []string{".P: a pointer to a slice", "use []int"}},
		{reflect.TypeFor[struct{ P *map[int]int }](), []string{".P: a pointer to a map"}},
		{reflect.TypeFor[[]*int](), []string{"*int inside", "use int"}},
		{reflect.TypeFor[[]*time.Time](), []string{"*time.Time"}},
		{reflect.TypeFor[sync.Mutex](), []string{"no exported fields"}},
		{reflect.TypeFor[struct{ N big.Int }](), []string{".N: big.Int has no exported fields"}},
		{reflect.TypeFor[struct{ A netip.Addr }](), []string{"netip.Addr has no exported fields"}},
		{reflect.TypeFor[struct{ E emptypb.Empty }](), []string{"as a value", "use *emptypb.Empty"}},
		{reflect.TypeFor[struct{ D *dynamicpb.Message }](), []string{".D: the message has no descriptor"}},
		{reflect.TypeFor[dynamicpb.Message](), []string{"no descriptor"}},
		{reflect.TypeFor[struct {
			E descriptorpb.FieldDescriptorProto_Type
		}](), []string{"closed"}},
		{reflect.TypeFor[NoZero](), []string{"no name for 0"}},
		{reflect.TypeFor[Twice](), []string{"two numbers"}},
		{reflect.TypeFor[BadName](), []string{"not a name"}},
		{reflect.TypeFor[Below](), []string{"-1, which the type cannot hold"}},
		{reflect.TypeFor[struct {
			A int `curlew:"2"`
			B int `curlew:"2"`
		}](), []string{"fields A and B both have the number 2"}},
		{reflect.TypeFor[struct {
			A int `curlew:"2"`
			B int `curlew:"1"`
			C int
		}](), []string{"fields A and C both have the number 2"}},
		{reflect.TypeFor[struct {
			A int `curlew:"0"`
		}](), []string{"the number 0", "from 1 to 536870911"}},
		{reflect.TypeFor[struct {
			A int `curlew:"19500"`
		}](), []string{"the number 19500"}},
		{reflect.TypeFor[struct {
			A int `curlew:"536870912"`
		}](), []string{"the number 536870912"}},
		{reflect.TypeFor[struct {
			A int `curlew:"first"`
		}](), []string{"the tag `curlew:\"first\"`"}},
		{reflect.TypeFor[struct {
			A int
			b int `curlew:"2"`
		}](), []string{"field b has a curlew tag but is not exported"}},
		{reflect.TypeFor[struct {
			A int `curlew:"1" json:"-"`
		}](), []string{"hidden by `json:\"-\"`"}},
		{reflect.StructOf([]reflect.StructField{
			{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
			{Name: "B", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
		}), []string{"fields A and B share the name \"x\""}},
		{reflect.TypeFor[struct {
			Left
			Right
		}](), []string{"fields Left.ID and Right.ID share the name \"ID\""}},
		{reflect.TypeFor[struct{ *hidden }](), []string{"embedded pointer hidden"}},
		{reflect.TypeFor[struct {
			hidden `json:"named"`
		}](), []string{"embedded field hidden"}},
		{reflect.TypeFor[struct{ error }](), []string{"no exported fields"}},
	} {
		var compiler schema.Compiler
		_, err := compiler.Compile(c.typ)
		if err == nil {
			t.Errorf("%v was accepted", c.typ)
			continue
		}
		for _, want := range append(c.want, "schema: ") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: got %v\nwant %s", c.typ, err, want)
			}
		}
	}
}

// TestNumbersAndNames checks which fields a struct has, with which numbers.
func TestNumbersAndNames(t *testing.T) {
	type Inner struct {
		Shadowed string
		Promoted string
		Same     string `json:"same"`
	}
	type Second struct {
		Untagged string `json:"-"`
		Same     string
		Own      int `curlew:"20"`
	}
	type recursive struct {
		*Left
		Inner
		Second
		Shadowed int
		Named    Right `json:"right"`
		Number   Left  `curlew:"40"`
		After    bool
		Skipped  any       `curlew:"-"`
		Stamp    time.Time `json:",omitempty"`
		hidden
	}
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[recursive](), "ID=1 Promoted=2 same=3 Same2=4 Own=20 Shadowed=21 right=22 Number=40 After=41 Stamp=42 X=43"},
		{reflect.TypeFor[struct {
			B int `curlew:"2"`
			A int `curlew:"1"`
			C int `curlew:"3"`
		}](), "A=1 B=2 C=3"},
		{reflect.TypeFor[struct {
			Größe int
			X_    int    `json:"1st"`
			E     string `json:"é"`
		}](), "Gr__e=1 _1st=2 _=3"},
		{reflect.TypeFor[struct {
			MyMap      map[int]int
			MyMapEntry int
		}](), "MyMap=1 MyMapEntry2=2"},
		{reflect.TypeFor[loop](), "Value=1"},
		{reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int](), Tag: "json:\"no'name\""}}), "A=1"},
		{reflect.TypeFor[struct {
			A int
			_ [0]func()
		}](), "A=1"},
		{reflect.TypeFor[struct {
			A any `curlew:"-"`
		}](), ""},
		{reflect.TypeFor[struct {
			*emptypb.Empty
			time.Time
		}](), "Empty=1 Time=2"},
	} {
		var compiler schema.Compiler
		typ, err := compiler.Compile(c.typ)
		if err != nil {
			t.Error(err)
			continue
		}
		var got []string
		for i := range typ.Descriptor().Fields().Len() {
			f := typ.Descriptor().Fields().Get(i)
			got = append(got, fmt.Sprintf("%s=%d", f.Name(), f.Number()))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.typ, strings.Join(got, " "), c.want)
		}
	}
}

// loop embeds itself, which adds nothing.
type loop struct {
	*Loop
	Value int
}

type Loop struct{ *Loop }

func TestCompileConcurrently(t *testing.T) {
	var compiler schema.Compiler
	types := make([]*schema.Type, 16)
	var group sync.WaitGroup
	for i := range types {
		group.Go(func() {
			typ, err := compiler.Compile(reflect.TypeFor[*Everything]())
			if err != nil {
				t.Error(err)
			}
			if _, err := compiler.Compile(reflect.TypeFor[Tree]()); err != nil {
				t.Error(err)
			}
			types[i] = typ
		})
	}
	group.Wait()
	for _, typ := range types {
		if typ != types[0] {
			t.Error("one Compiler made two Types of one Go type")
		}
	}
}

func TestWrongValues(t *testing.T) {
	typ := compile[Left](t)
	for _, v := range []any{nil, 5, new(int), (*Left)(nil), &Right{}, "x"} {
		if _, err := typ.Append(nil, v); err == nil {
			t.Errorf("Append(%T) succeeded", v)
		}
		if _, err := typ.Size(v); err == nil {
			t.Errorf("Size(%T) succeeded", v)
		}
		if err := typ.Decode(nil, v); err == nil {
			t.Errorf("Decode(%T) succeeded", v)
		}
	}
	if err := typ.Decode(nil, Left{}); err == nil || !strings.Contains(err.Error(), "got a schema_test.Left, need a *schema_test.Left") {
		t.Errorf("Decode into a value: %v", err)
	}
	b, err := typ.Append(nil, Left{5})
	if err != nil || string(b) != "\x08\x05" {
		t.Errorf("Append of a value: %x, %v", b, err)
	}
}
