// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// profile covers 3 of 4 statements of one package, in the second of two test
// binaries, and 1 of 6 of another, whose generated file does not count.
const profile = `mode: set
example.com/a/a.go:1.1,2.2 3 0
example.com/a/a.go:3.1,4.2 1 0
example.com/a/a.go:1.1,2.2 3 1
example.com/a/a.go:3.1,4.2 1 0
example.com/b/b.go:1.1,2.2 1 1
example.com/b/b.go:3.1,4.2 5 0
example.com/b/b.pb.go:1.1,2.2 100 0
`

func TestCoverage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "profile")
	if err := os.WriteFile(file, []byte(profile), 0o644); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(&out, file, 40); err != nil {
		t.Error(err)
	}
	const want = `  75.0 %  of     4  example.com/a
  16.7 %  of     6  example.com/b
  40.0 %  of    10  all together
`
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", &out, want)
	}
	if err := run(&out, file, 40.1); err == nil {
		t.Error("40 % pass for 40.1 %")
	}
}

func TestNoCoverage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "profile")
	if err := os.WriteFile(file, []byte("mode: set\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(new(strings.Builder), file, 0); err == nil {
		t.Error("an empty profile passes")
	}
	if err := run(new(strings.Builder), file+"x", 0); err == nil {
		t.Error("a missing profile passes")
	}
}
