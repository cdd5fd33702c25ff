// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compress_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew/compress"
)

func Example() {
	gzip := compress.Gzip()
	small, err := gzip.Compress(nil, []byte(strings.Repeat("curlew ", 100)))
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := gzip.Decompress(nil, small, 1<<20)
	fmt.Println(len(again), len(small) < 100, err)
	// Output: 700 true <nil>
}

func TestGzipAppendsAndIsReused(t *testing.T) {
	gzip := compress.Gzip()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for size := range 200 {
				want := bytes.Repeat([]byte{byte(i)}, size)
				small, err := gzip.Compress([]byte("head"), want)
				if err != nil || !bytes.HasPrefix(small, []byte("head")) {
					t.Errorf("Compress: %q, %v", small, err)
				}
				got, err := gzip.Decompress([]byte("head"), small[4:], size)
				if err != nil || string(got) != "head"+string(want) {
					t.Errorf("Decompress: %q, %v", got, err)
				}
			}
		})
	}
	wait.Wait()
}

func TestGzipRefuses(t *testing.T) {
	gzip := compress.Gzip()
	bomb, err := gzip.Compress(nil, make([]byte, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	b, err := gzip.Decompress(nil, bomb, 1000)
	if !errors.Is(err, compress.ErrTooLarge) || cap(b) > 8<<10 {
		t.Errorf("contents of 64 MiB: %v, and %d bytes were made for a limit of 1000", err, cap(b))
	}
	for _, bad := range [][]byte{nil, []byte("no gzip at all"), bomb[:20], bomb[:len(bomb)-1]} {
		if _, err := gzip.Decompress(nil, bad, 1<<30); err == nil || errors.Is(err, compress.ErrTooLarge) {
			t.Errorf("%d bytes that are not gzip: %v", len(bad), err)
		}
	}
	if _, err := gzip.Decompress(nil, bomb, 64<<20); err != nil {
		t.Errorf("contents as large as the limit: %v", err)
	}
}

func FuzzGzip(f *testing.F) {
	gzip := compress.Gzip()
	good, _ := gzip.Compress(nil, []byte("something"))
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := gzip.Decompress(nil, b, 1<<16); err == nil && len(got) > 1<<16 {
			t.Errorf("%d bytes for a limit of %d", len(got), 1<<16)
		}
	})
}
