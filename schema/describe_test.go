// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/curlewrpc/curlew/schema"
	"github.com/curlewrpc/curlew/schema/testdata/api"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type Page[T any] struct {
	Items []T
	Next  string
}

type Item struct {
	Name  string
	Price *int64 `json:"price_cents"`
	Tags  map[string]Color
	Meta  struct{ Made time.Time }
	Twin  *struct{ Size Size }
}

// Order and another type of that name, which is local to a function.
type Order struct {
	Items    []Item
	Odd      string `json:"odd name"`
	UserID   int
	UserId   int
	ItemsMap map[int]*Item
}

// Odd has names that need care in a .proto file.
type Odd struct {
	Items map[string]ItemsEntry
	Quote string `json:"a/b é,omitempty"`
	Lower string `json:"lower_case"`
	Empty struct{}
	Enum  Color
}

type ItemsEntry struct{ OK bool }

func localOrder() reflect.Type {
	type Order struct{ Other Page[int] }
	return reflect.TypeFor[Order]()
}

func services(t *testing.T) []schema.Service {
	t.Helper()
	var c schema.Compiler
	typ := func(t reflect.Type) *schema.Type {
		compiled, err := c.Compile(t)
		if err != nil {
			panic(err)
		}
		return compiled
	}
	return []schema.Service{
		{Name: "shop.Cart", Methods: []schema.Method{
			{Name: "Add", Request: typ(reflect.TypeFor[*Order]()), Reply: typ(reflect.TypeFor[Page[Item]]())},
			{Name: "Watch", Request: typ(reflect.TypeFor[emptypb.Empty]()), Reply: typ(reflect.TypeFor[[]Item]()), ManyReplies: true},
			{Name: "Count", Request: typ(localOrder()), Reply: typ(reflect.TypeFor[int]()), Idempotency: descriptorpb.MethodOptions_NO_SIDE_EFFECTS},
		}},
		{Name: "a.schema_test.Odd", Methods: []schema.Method{
			{Name: "Do", Request: typ(reflect.TypeFor[Odd]()), Reply: typ(reflect.TypeFor[Odd]())},
		}},
		{Name: "Paint", Methods: []schema.Method{
			{Name: "Mix", Request: typ(reflect.TypeFor[Color]()), Reply: typ(reflect.TypeFor[map[string]Color]()), ManyRequests: true, ManyReplies: true},
			{Name: "Sleep", Request: typ(reflect.TypeFor[time.Duration]()), Reply: typ(reflect.TypeFor[time.Time]())},
			{Name: "Raw", Request: typ(reflect.TypeFor[[]byte]()), Reply: typ(reflect.TypeFor[struct{ A int }]())},
		}},
	}
}

func TestFilesAndFormat(t *testing.T) {
	files, err := schema.Files(services(t)...)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	seen := make(map[string]bool)
	for _, file := range files {
		for i := range file.Imports().Len() {
			if path := file.Imports().Get(i).Path(); !seen[path] && !strings.HasPrefix(path, "google/protobuf/") {
				t.Errorf("%s comes before %s, which it imports", file.Path(), path)
			}
		}
		seen[file.Path()] = true
		text.WriteString("==> " + file.Path() + "\n" + schema.Format(file))
	}
	golden(t, "testdata/services.txt", text.String())
}

func TestFilesRefused(t *testing.T) {
	typ := compile[Item](t)
	method := []schema.Method{{Name: "Get", Request: typ, Reply: typ}}
	for _, c := range []struct {
		services []schema.Service
		want     string
	}{
		{[]schema.Service{{Name: "S", Methods: []schema.Method{{Name: "M", Request: typ}}}}, "S/M: the type of the request or of the reply is not known"},
		{[]schema.Service{{Name: "S", Methods: method}, {Name: "S", Methods: method}}, `two services are called "S"`},
		{[]schema.Service{{Name: "no name", Methods: method}}, "no name"},
		{[]schema.Service{{Name: "schema_test", Methods: method}}, "schema_test"},
	} {
		if _, err := schema.Files(c.services...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if files, err := schema.Files(); len(files) > 0 || err != nil {
		t.Errorf("without services: %v, %v", files, err)
	}
}

// TestTakenNames checks that a derived message keeps clear of a service's name.
func TestTakenNames(t *testing.T) {
	typ := compile[Item](t)
	files, err := schema.Files(schema.Service{Name: "schema_test.Item", Methods: []schema.Method{{Name: "Get", Request: typ, Reply: typ}}})
	if err != nil {
		t.Fatal(err)
	}
	if files[0].Messages().ByName("Item2") == nil {
		t.Error("no message Item2")
	}
}

// TestFilesBeside derives the same services a second time, beside themselves.
func TestFilesBeside(t *testing.T) {
	item := compile[Item](t)
	named := func(name string) schema.Service {
		return schema.Service{Name: name, Methods: []schema.Method{{Name: "Get", Request: item, Reply: item}}}
	}
	first, err := schema.Files(named("a.First"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := schema.FilesBeside(first, named("a.Second"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"schema_test2.proto", "a/Second_service.proto"} {
		if i >= len(second) || second[i].Path() != want {
			t.Fatalf("got %v, want %s", second, want)
		}
	}
	if second[0].Messages().ByName("Item2") == nil {
		t.Error("no message Item2")
	}
	if _, err := schema.FilesBeside(first, named("a.First")); err == nil {
		t.Error("a service that is there already was described again")
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (rewrite it with -update):\n%s", path, got)
	}
}

func TestDescriptorNames(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want protoreflect.FullName
	}{
		{reflect.TypeFor[Order](), "schema_test.Order"},
		{reflect.TypeFor[Page[Item]](), "schema_test.Page_Item"},
		{reflect.TypeFor[Page[Page[Item]]](), "schema_test.Page_Page_Item"},
		{reflect.TypeFor[int](), "curlew.IntValue"},
		{reflect.TypeFor[Color](), "schema_test.ColorValue"},
		{reflect.TypeFor[[]byte](), "curlew.BytesValue"},
		{reflect.TypeFor[time.Time](), "curlew.TimeValue"},
		{reflect.TypeFor[[]*Item](), "schema_test.ItemList"},
		{reflect.TypeFor[map[string]Item](), "schema_test.StringItemMap"},
		{reflect.TypeFor[struct{ A int }](), "curlew.Struct"},
		{reflect.TypeFor[emptypb.Empty](), "google.protobuf.Empty"},
	} {
		var compiler schema.Compiler
		typ, err := compiler.Compile(c.typ)
		if err != nil {
			t.Error(err)
		} else if got := typ.Descriptor().FullName(); got != c.want {
			t.Errorf("%s is %s, want %s", c.typ, got, c.want)
		}
	}
}

// Catalog and api.Page[Item] refer to one another's packages.
type Catalog struct {
	Page  api.Page[Item]
	Other api.Item
}

func TestPackagesInACircle(t *testing.T) {
	d := compile[Catalog](t).Descriptor()
	if got := d.ParentFile().Path(); got != "schema_test.proto" {
		t.Errorf("the file is %s", got)
	}
	for number, want := range map[protoreflect.FieldNumber]protoreflect.FullName{1: "schema_test.api_Page_Item", 2: "schema_test.api_Item"} {
		if got := d.Fields().ByNumber(number).Message().FullName(); got != want {
			t.Errorf("field %d is a %s, want %s", number, got, want)
		}
	}
	testAgainstDynamic[Catalog](t, 20)
}
