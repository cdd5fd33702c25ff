// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzWriteBlobs reads what git is said to have printed.
func FuzzWriteBlobs(f *testing.F) {
	blobs := []blob{{"a1", "x.proto"}, {"b2", "shop/v1/y.proto"}}
	f.Add([]byte("a1 blob 3\nabc\nb2 blob 0\n\n"))
	f.Add([]byte("a1 blob 3\nab"))
	f.Add([]byte("a1 missing\n"))
	f.Add([]byte("a1 blob 99999999999\n"))
	f.Add([]byte("a1 blob -1\n"))
	f.Fuzz(func(t *testing.T, printed []byte) {
		dir := t.TempDir()
		if err := writeBlobs(bufio.NewReader(bytes.NewReader(printed)), blobs, dir); err != nil {
			return
		}
		total := 0
		for _, b := range blobs {
			content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(b.path)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(printed, content) {
				t.Errorf("%s has %q, which git did not print: %q", b.path, content, printed)
			}
			total += len(content)
		}
		if total >= len(printed) {
			t.Errorf("%d bytes were written of %d", total, len(printed))
		}
	})
}
