// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles_test

import (
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

const (
	optionsProto = "edition = \"2024\";\npackage shop.v1;\nimport \"google/protobuf/descriptor.proto\";\n" +
		"extend google.protobuf.MessageOptions { string owner = 50001; }\n"
	orderProto = "// A licence.\nedition = \"2024\";\npackage shop.v1;\nimport \"shop/v1/item.proto\";\nimport option \"shop/v1/options.proto\";\n" +
		"// Order is placed.\nexport message Order {\n  option (owner) = \"ada\";\n  repeated Item items = 1;\n  local enum State { STATE_UNSPECIFIED = 0; }\n  State state = 2;\n}\n" +
		"local message Secret {}\n"
	basketProto = "syntax = \"proto3\";\npackage shop.v1;\nimport \"shop/v1/order.proto\";\n// Basket is filled.\nmessage Basket { Order order = 1; }\n"
)

func TestEdition2024(t *testing.T) {
	folder(t, map[string]string{
		"shop/v1/options.proto": optionsProto, "shop/v1/order.proto": orderProto, "shop/v1/item.proto": itemProto, "shop/v1/basket.proto": basketProto,
	})
	before := runtime.NumGoroutine()
	r, err := protofiles.Compile(t.Context(), nil, "shop/v1/basket.proto", "shop/v1/item.proto")
	if err != nil {
		t.Fatal(err)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
	for name, comment := range map[string]string{"Basket": " Basket is filled.\n", "Order": " Order is placed.\n", "Item": " Item is sold.\n"} {
		d, err := r.Files.FindDescriptorByName(protoreflect.FullName("shop.v1." + name))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments; got != comment {
			t.Errorf("the comment of %s is %q", name, got)
		}
	}
	// One Item, whichever compiler was asked.
	basket := r.Named[0].Messages().Get(0)
	order := basket.Fields().Get(0).Message()
	if item := order.Fields().Get(0).Message(); item != r.Named[1].Messages().Get(0) {
		t.Error("there are two Items")
	}
	p := protodesc.ToFileDescriptorProto(order.ParentFile())
	if p.GetEdition() != descriptorpb.Edition_EDITION_2024 || len(p.OptionDependency) != 1 ||
		p.MessageType[1].GetVisibility() != descriptorpb.SymbolVisibility_VISIBILITY_LOCAL {
		t.Errorf("the descriptor has lost something: %v", p)
	}
	if options := order.Options().(*descriptorpb.MessageOptions); !strings.Contains(options.String(), `[shop.v1.owner]:"ada"`) {
		t.Errorf("the custom option is not known: %v", options)
	}
}

func TestEdition2024Errors(t *testing.T) {
	const begin = "edition = \"2024\";\npackage shop.v1;\n"
	for _, tt := range []struct{ name, source, want string }{
		{"syntax", begin + "message A {\n\tstring n is 1;\n}\n", "a.proto:4:11: unexpected identifier after definition\n    \tstring n is 1;\n    \t         ^"},
		{"a misspelt type", begin + "message Thing { Thnig t = 1; }\n", "a.proto:3:17: cannot find `Thnig` in this scope\n    message Thing { Thnig t = 1; }\n                    ^\n    did you mean \"Thing\"?"},
		{"a type not imported", begin + "message A { google.protobuf.Any a = 1; }\n", "    add: import \"google/protobuf/any.proto\";"},
		{"a local type", begin + "import \"shop/v1/order.proto\";\nmessage A { Secret s = 1; }\n", "a.proto:4:13: found unexported message type `shop.v1.Secret`"},
		{"a local type, and proto3", "syntax = \"proto3\";\npackage shop.v1;\nimport \"shop/v1/order.proto\";\nmessage A { Secret s = 1; }\n",
			"a.proto:4:13: found unexported message type `shop.v1.Secret`\n    message A { Secret s = 1; }\n                ^\n    other files do not see it; declare it with export in shop/v1/order.proto"},
		{"a type for options", begin + "import option \"shop/v1/item.proto\";\nmessage A { Item i = 1; }\n", "    import its file without the word option"},
		{"style", begin + "message lower {}\n", "a.proto:3:9: message type name should be PascalCase"},
		{"what was removed", begin + "message A { string s = 1 [ctype = CORD]; }\n", "a.proto:3:27: `ctype` is not supported in Edition 2024"},
		{"an import that is not there", begin + "import option \"shop/v1/itme.proto\";\n", "a.proto:3:15: import \"shop/v1/itme.proto\": there is no such file"},
		{"depth", begin + strings.Repeat("message A {", 101), "a.proto:3:1111: this is nested in more than 100 others"},
		{"signs", begin + "message A { int32 x = 1 [default = " + strings.Repeat("-", 3_000_000) + "1]; }", "this is nested in more than 100 others"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder(t, map[string]string{"a.proto": tt.source, "shop/v1/options.proto": optionsProto, "shop/v1/order.proto": orderProto, "shop/v1/item.proto": itemProto})
			_, err := protofiles.Compile(t.Context(), nil, "a.proto")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got\n%.2000v\nwant in it\n%s", err, tt.want)
			}
		})
	}
}
