// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// FuzzCompile compiles a file, which must give a descriptor or say what is wrong.
func FuzzCompile(f *testing.F) {
	f.Add(itemProto)
	f.Add(cartProto)
	f.Add("syntax = \"proto3\";\nimport \"\";\nimport \"../a.proto\";\nimport \"a.proto\";\n")
	f.Add("edition = \"2023\";\noption features.field_presence = IMPLICIT;\nmessage A { A a = 1; extensions 5 to max; }\n")
	f.Add("syntax = \"proto2\";\nmessage A { optional group G = 1 { required int32 x = 2 [default = 0x7f]; } }\nextend A { }\n")
	f.Add("edition = \"2024\";\npackage a;\nimport option \"google/protobuf/go_features.proto\";\noption features.(pb.go).api_level = API_OPEN;\n" +
		"// A.\nexport message A { local enum E { E_UNSPECIFIED = 0; } E e = 1 [default = E_UNSPECIFIED, deprecated = true]; reserved 4 to max; }\n" +
		"service S { rpc Do(stream A) returns (A) { option idempotency_level = IDEMPOTENT; } }\n")
	f.Add("edition = \"2024\";\nimport \"google/protobuf/descriptor.proto\";\nmessage O { map<string, O> m = 1; repeated float f = 2; extensions 5 to 9; }\n" +
		"extend google.protobuf.MessageOptions { O o = 50000; }\nextend O { bytes b = 5; }\n" +
		"message M { option (o) = { m { key: \"a\" value { f: [1, inf, -nan] [b]: '\\xff' } } }; oneof x { string s = 1; } }\n")
	f.Add("\xef\xbb\xbfmessage \t\x00 {")
	f.Fuzz(func(t *testing.T, source string) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.proto")
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := protofiles.Compile(t.Context(), []string{dir}, path)
		switch {
		case err != nil && strings.Contains(err.Error(), "the compiler for edition 2024 failed"):
			t.Error(err)
		case err != nil && err.Error() == "":
			t.Error("an error that says nothing")
		case err == nil && len(r.Named) != 1:
			t.Errorf("%d files", len(r.Named))
		}
	})
}
