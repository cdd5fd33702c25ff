// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/examples/internal/tcptest"
	"github.com/curlewrpc/curlew/examples/textstats"
)

func TestCount(t *testing.T) {
	address := tcptest.Serve(t, textstats.NewService())
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("the curlew and the crow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := count(t.Context(), address, []string{file}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" 24 bytes ", " 5 words in all, 4 different", " 2 the\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
