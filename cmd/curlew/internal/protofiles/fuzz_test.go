// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles_test

import (
	"os"
	"path/filepath"
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
	f.Add("\xef\xbb\xbfmessage \t\x00 {")
	f.Fuzz(func(t *testing.T, source string) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.proto")
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := protofiles.Compile(t.Context(), []string{dir}, path)
		switch {
		case err != nil && err.Error() == "":
			t.Error("an error that says nothing")
		case err == nil && len(r.Named) != 1:
			t.Errorf("%d files", len(r.Named))
		}
	})
}
