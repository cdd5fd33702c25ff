// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/apipb"
	"google.golang.org/protobuf/types/known/sourcecontextpb"

	"github.com/curlewrpc/curlew/schema"
)

// Mixin, Method and API mirror google.protobuf's messages of these names, so
// that generated code can be measured with the same contents.
type Mixin struct{ Name, Root string }

type Method struct {
	Name              string
	RequestTypeURL    string
	RequestStreaming  bool
	ResponseTypeURL   string
	ResponseStreaming bool
}

type API struct {
	Name    string    `curlew:"1"`
	Methods []*Method `curlew:"2"`
	Version string    `curlew:"4"`
	Source  *struct{ FileName string }
	Mixins  []Mixin
}

func bothAPIs() (*API, *apipb.Api) {
	plain := &API{Name: "shop.Cart", Version: "v1.2.3", Source: &struct{ FileName string }{"shop/cart.proto"}}
	generated := &apipb.Api{Name: "shop.Cart", Version: "v1.2.3", SourceContext: &sourcecontextpb.SourceContext{FileName: "shop/cart.proto"}}
	for range 5 {
		plain.Methods = append(plain.Methods, &Method{Name: "AddItem", RequestTypeURL: "type.googleapis.com/shop.Item", ResponseTypeURL: "type.googleapis.com/shop.Cart", ResponseStreaming: true})
		generated.Methods = append(generated.Methods, &apipb.Method{Name: "AddItem", RequestTypeUrl: "type.googleapis.com/shop.Item", ResponseTypeUrl: "type.googleapis.com/shop.Cart", ResponseStreaming: true})
		plain.Mixins = append(plain.Mixins, Mixin{"google.longrunning.Operations", "v1"})
		generated.Mixins = append(generated.Mixins, &apipb.Mixin{Name: "google.longrunning.Operations", Root: "v1"})
	}
	return plain, generated
}

func TestMirrorIsFaithful(t *testing.T) {
	plain, generated := bothAPIs()
	b, err := compile[API](t).Append(nil, plain)
	if err != nil {
		t.Fatal(err)
	}
	got := new(apipb.Api)
	if err := proto.Unmarshal(b, got); err != nil || !proto.Equal(got, generated) {
		t.Errorf("%v, %v", got, err)
	}
}

type args struct{ A, B int }

func BenchmarkAppend(b *testing.B) {
	plain, generated := bothAPIs()
	buf := make([]byte, 0, 4096)
	b.Run("args", func(b *testing.B) { benchmarkAppend(b, compile[args](b), &args{7, 8}) })
	b.Run("api", func(b *testing.B) { benchmarkAppend(b, compile[API](b), plain) })
	b.Run("api/protobuf-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := (proto.MarshalOptions{}).MarshalAppend(buf[:0], generated); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("map", func(b *testing.B) { benchmarkAppend(b, compile[map[string]string](b), &someMap) })
	b.Run("ints", func(b *testing.B) { benchmarkAppend(b, compile[[]int32](b), pointerTo(make([]int32, 1000))) })
}

var someMap = map[string]string{"region": "eu-west", "zone": "b", "tier": "frontend", "owner": "shop"}

func benchmarkAppend(b *testing.B, typ *schema.Type, v any) {
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := typ.Append(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	plain, generated := bothAPIs()
	b.Run("args", func(b *testing.B) { benchmarkDecode(b, compile[args](b), &args{7, 8}, new(args)) })
	b.Run("api", func(b *testing.B) { benchmarkDecode(b, compile[API](b), plain, new(API)) })
	b.Run("api/protobuf-go", func(b *testing.B) {
		in, err := proto.Marshal(generated)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := proto.Unmarshal(in, generated); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		benchmarkDecode(b, compile[map[string]string](b), &someMap, new(map[string]string))
	})
	b.Run("ints", func(b *testing.B) {
		benchmarkDecode(b, compile[[]int32](b), pointerTo(make([]int32, 1000)), new([]int32))
	})
}

func benchmarkDecode(b *testing.B, typ *schema.Type, from, to any) {
	in, err := typ.Append(nil, from)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := typ.Decode(in, to); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	plain, _ := bothAPIs()
	typ := compile[API](b)
	text, err := typ.AppendJSON(nil, plain)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append", func(b *testing.B) {
		buf := make([]byte, 0, 4096)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := typ.AppendJSON(buf, plain); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		got := new(API)
		b.ReportAllocs()
		for b.Loop() {
			if err := typ.DecodeJSON(text, got, schema.JSONOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
