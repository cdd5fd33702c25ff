// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/typepb"

	"github.com/curlewrpc/curlew/schema"
)

func describe(t testing.TB, typ reflect.Type) protoreflect.MessageDescriptor {
	t.Helper()
	var c schema.Compiler
	compiled, err := c.Compile(typ)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Descriptor()
}

func TestHash(t *testing.T) {
	type original struct {
		UserID int64  `curlew:"2"`
		Name   string `curlew:"1"`
	}
	base := schema.Hash(describe(t, reflect.TypeFor[original]()))
	if base != schema.Hash(describe(t, reflect.TypeFor[struct {
		Name   string
		UserID int `json:"user_id"`
	}]())) {
		t.Error("order, type names, case and underscores must not matter")
	}
	if base == 0 || base >= 1<<53 {
		t.Errorf("%d is not a positive number of 53 bits", base)
	}
	for _, other := range []reflect.Type{
		reflect.TypeFor[struct{ Name string }](),
		reflect.TypeFor[struct {
			Name   string
			UserID int32
		}](),
		reflect.TypeFor[struct {
			Name   string
			UserID []int64
		}](),
		reflect.TypeFor[struct {
			Name string
			User int64
		}](),
		reflect.TypeFor[struct {
			Name   string
			UserID int64 `curlew:"3"`
		}](),
	} {
		if schema.Hash(describe(t, other)) == base {
			t.Errorf("%v has the same hash", other)
		}
	}
	if schema.Hash(describe(t, reflect.TypeFor[Tree]())) == schema.Hash(describe(t, reflect.TypeFor[Everything]())) {
		t.Error("two types have one hash")
	}
	type stamp struct {
		Seconds int64
		Nanos   int32
	}
	if schema.Hash(describe(t, reflect.TypeFor[stamp]())) != schema.Hash((&timestamppb.Timestamp{}).ProtoReflect().Descriptor()) {
		t.Error("a struct and a generated message of the same content have different hashes")
	}
}

// TestHashStaysTheSame pins the hash: other versions and languages compute it.
func TestHashStaysTheSame(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want uint64
	}{
		{reflect.TypeFor[struct{}](), 3877433990182511},
		{reflect.TypeFor[int](), 5623185232424506},
		{reflect.TypeFor[Tree](), 1854305770352719},
		{reflect.TypeFor[struct{ C Color }](), 6881792212054535},
	} {
		if got := schema.Hash(describe(t, c.typ)); got != c.want {
			t.Errorf("%v: hash %d, want %d", c.typ, got, c.want)
		}
	}
}

func TestCompatible(t *testing.T) {
	type mine struct {
		ID    int64
		Items []Item
		Color Color
		Sub   *struct{ Deep []Tree }
	}
	for _, c := range []struct {
		name   string
		theirs reflect.Type
		want   string // "" if compatible
	}{
		{"same", reflect.TypeFor[mine](), ""},
		{"fewer and more", reflect.TypeFor[struct {
			ID  int64
			New string `curlew:"9"`
		}](), ""},
		{"spelling", reflect.TypeFor[struct {
			ID int64 `json:"i_d"`
		}](), ""},
		{"enum as int32", reflect.TypeFor[struct {
			ID    int64
			Color int32 `curlew:"3"`
		}](), ""},
		{"other name", reflect.TypeFor[struct{ Number int64 }](), `number 1 is "int64 ID" on this side and "int64 Number" on the other`},
		{"other kind", reflect.TypeFor[struct{ ID string }](), `number 1 is "int64 ID" on this side and "string ID" on the other`},
		{"repeated", reflect.TypeFor[struct{ ID []int64 }](), `"repeated int64 ID" on the other`},
		{"nested", reflect.TypeFor[struct {
			Items []struct{ Label string } `curlew:"2"`
		}](), `in schema_test.mine.Items number 1 is "string Name" on this side and "string Label" on the other`},
		{"deep", reflect.TypeFor[struct {
			Sub struct {
				Deep []struct {
					Value int
					Left  struct {
						Value int
						Left  string
					}
				}
			} `curlew:"4"`
		}](), `in schema_test.mine.Sub.Deep.Left number 2 is "schema_test.Tree Left" on this side and "string Left" on the other`},
		{"enum value", reflect.TypeFor[struct {
			Color Size2 `curlew:"3"`
		}](), `in schema_test.mine.Color number 1 is "Red" on this side and "Small" on the other`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := schema.MarshalDescriptor(describe(t, c.theirs))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := schema.UnmarshalDescriptor(b)
			if err != nil {
				t.Fatal(err)
			}
			err = schema.Compatible(describe(t, reflect.TypeFor[mine]()), theirs)
			var conflict *schema.Conflict
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v", err)
			case c.want != "" && (!errors.As(err, &conflict) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

type Size2 int

func (Size2) EnumValues() map[int32]string { return map[int32]string{0: "Unknown", 1: "Small"} }

func TestMarshalDescriptor(t *testing.T) {
	for _, want := range []protoreflect.MessageDescriptor{
		describe(t, reflect.TypeFor[Everything]()),
		describe(t, reflect.TypeFor[time.Time]()),
		(&structpb.Struct{}).ProtoReflect().Descriptor(),
		(&typepb.Type{}).ProtoReflect().Descriptor(),
	} {
		b, err := schema.MarshalDescriptor(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := schema.UnmarshalDescriptor(b)
		if err != nil {
			t.Fatal(err)
		}
		if schema.Hash(got) != schema.Hash(want) || got.FullName() != want.FullName() {
			t.Errorf("%s became %s, or its hash changed", want.FullName(), got.FullName())
		}
		if err := schema.Compatible(want, got); err != nil {
			t.Error(err)
		}
	}
}

func FuzzUnmarshalDescriptor(f *testing.F) {
	mine := describe(f, reflect.TypeFor[Tree]())
	for _, md := range []protoreflect.MessageDescriptor{mine, describe(f, reflect.TypeFor[Item]()), (&structpb.Value{}).ProtoReflect().Descriptor()} {
		b, err := schema.MarshalDescriptor(md)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		md, err := schema.UnmarshalDescriptor(b)
		if err != nil {
			return
		}
		schema.Hash(md)
		_ = schema.Compatible(mine, md)
		_ = schema.Compatible(md, mine)
	})
}
