// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package zstd_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	klauspost "github.com/klauspost/compress/zstd"

	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/contrib/compress/zstd"
)

func Example() {
	z := zstd.New()
	small, err := z.Compress(nil, []byte(strings.Repeat("curlew ", 100)))
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := z.Decompress(nil, small, 1<<20)
	fmt.Println(z.Name(), len(again), len(small) < 50, err)
	// Output: zstd 700 true <nil>
}

func TestAppendsAndIsReused(t *testing.T) {
	z := zstd.New()
	before := runtime.NumGoroutine()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for size := range 200 {
				want := bytes.Repeat([]byte{byte(i), byte(size)}, size)
				small, err := z.Compress([]byte("head"), want)
				if err != nil || !bytes.HasPrefix(small, []byte("head")) {
					t.Errorf("Compress: %q, %v", small, err)
					return
				}
				for _, room := range []int{0, size, 1000} {
					head := append(make([]byte, 0, 4+room), "head"...)
					got, err := z.Decompress(head, small[4:], 2*size)
					if err != nil || string(got) != "head"+string(want) {
						t.Errorf("Decompress of %d bytes: %q, %v", size, got, err)
					}
				}
			}
		})
	}
	wait.Wait()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines were left behind", n-before)
	}
}

func TestLimit(t *testing.T) {
	z := zstd.New()
	for _, size := range []int{0, 1, 10, 1000, 1 << 20, 4 << 20} {
		contents := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		small, err := z.Compress(nil, contents)
		if err != nil {
			t.Fatal(err)
		}
		got, err := z.Decompress(nil, small, size)
		if err != nil || !bytes.Equal(got, contents) {
			t.Errorf("%d bytes, exactly the limit: %v", size, err)
		}
		if size == 0 {
			continue
		}
		if _, err := z.Decompress(nil, small, size-1); !errors.Is(err, compress.ErrTooLarge) {
			t.Errorf("%d bytes, one above the limit: %v", size, err)
		}
	}
}

// streamed returns the pieces as a frame that was written piece by piece: it
// does not tell its size, and has a window of 8 MiB.
func streamed(t *testing.T, pieces ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := klauspost.NewWriter(&b, klauspost.WithEncoderLevel(klauspost.SpeedDefault), klauspost.WithEncoderConcurrency(1))
	for _, piece := range pieces {
		if err == nil {
			_, err = w.Write(piece)
		}
		if err == nil {
			err = w.Flush()
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestStreamed is of frames as others may send them.
func TestStreamed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var pieces [][]byte
	for range 300 {
		pieces = append(pieces, fmt.Appendf(nil, "%x", random.Uint64()))
	}
	contents, frame := bytes.Join(pieces, nil), streamed(t, pieces...)
	z := zstd.New()
	got, err := z.Decompress(nil, frame, len(contents))
	if err != nil || !bytes.Equal(got, contents) {
		t.Errorf("a streamed frame: %v", err)
	}
	if _, err := z.Decompress(nil, frame, len(contents)-1); !errors.Is(err, compress.ErrTooLarge) {
		t.Errorf("a streamed frame above the limit: %v", err)
	}
	twice := slices.Concat(frame, frame)
	if got, err := z.Decompress(nil, twice, 2*len(contents)); err != nil || len(got) != 2*len(contents) {
		t.Errorf("two frames: %v", err)
	}
	if _, err := z.Decompress(nil, twice, 2*len(contents)-1); !errors.Is(err, compress.ErrTooLarge) {
		t.Errorf("two frames above the limit: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	z := zstd.New()
	bomb, err := z.Compress(nil, make([]byte, 16<<20))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = z.Decompress(nil, bomb, 1<<20)
	runtime.ReadMemStats(&after)
	if made := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, compress.ErrTooLarge) || made > 8<<20 {
		t.Errorf("contents of 16 MiB: %v, and %d bytes were allocated for a limit of 1 MiB", err, made)
	}
	silent := streamed(t, make([]byte, 16<<20))
	runtime.ReadMemStats(&before)
	_, err = z.Decompress(nil, silent, 1<<20)
	runtime.ReadMemStats(&after)
	if made := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, compress.ErrTooLarge) || made > 16<<20 {
		t.Errorf("contents of 16 MiB, untold: %v, and %d bytes were allocated for a limit of 1 MiB", err, made)
	}
	lie, _ := hex.DecodeString("28b52ffda000ffffff7f010000") // a frame of 2 GiB, it says
	for name, bad := range map[string][]byte{
		"nothing": nil, "text": []byte("no zstd at all"), "a part": bomb[:len(bomb)/2], "all but a byte": bomb[:len(bomb)-1],
	} {
		if _, err := z.Decompress(nil, bad, 1<<30); err == nil || errors.Is(err, compress.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := z.Decompress(nil, lie, 1<<20); err == nil {
		t.Error("a frame that says that it is larger than it is was taken")
	}
	if _, err := z.Decompress(nil, bomb, 16<<20); err != nil {
		t.Errorf("good contents after bad ones: %v", err)
	}
}

func FuzzDecompress(f *testing.F) {
	z := zstd.New()
	good, _ := z.Compress(nil, []byte("something something"))
	f.Add(good)
	f.Add(append(good, good...))
	f.Add([]byte{})
	f.Add([]byte("\x28\xb5\x2f\xfd\xa0\x00\xff\xff\xff\x7f\x01\x00\x00"))
	f.Add([]byte("\x50\x2a\x4d\x18\x01\x00\x00\x00x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := z.Decompress([]byte("head"), b, 1<<16)
		if err != nil {
			return
		}
		if len(got) > 1<<16+4 || !bytes.HasPrefix(got, []byte("head")) {
			t.Fatalf("%d bytes for a limit of %d", len(got), 1<<16)
		}
		again, err := z.Compress(nil, got[4:])
		if err != nil {
			t.Fatal(err)
		}
		if back, err := z.Decompress(nil, again, len(got)); err != nil || !bytes.Equal(back, got[4:]) {
			t.Fatalf("what was taken does not come back: %v", err)
		}
	})
}
