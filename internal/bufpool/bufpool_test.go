// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package bufpool

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

func TestClasses(t *testing.T) {
	want := []int{256, 384, 512, 768, 1024, 1536}
	for class, size := range want {
		if got := classSize(class); got != size {
			t.Errorf("classSize(%d) = %d, want %d", class, got, size)
		}
	}
	if got := classSize(classes - 1); got != MaxSize {
		t.Errorf("largest class holds %d bytes, want %d", got, MaxSize)
	}
	for class := range classes {
		size := classSize(class)
		if got := classOf(size); got != class {
			t.Errorf("classOf(%d) = %d, want %d", size, got, class)
		}
		if class+1 < classes {
			if got := classOf(size + 1); got != class+1 {
				t.Errorf("classOf(%d) = %d, want %d", size+1, got, class+1)
			}
		}
	}
	if got := classOf(MaxSize + 1); got != unpooled {
		t.Errorf("classOf(MaxSize+1) = %d, want unpooled", got)
	}
}

func TestGet(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 257, 384, 385, 4096, 5000, MaxSize - 1, MaxSize, MaxSize + 1} {
		b := Get(n)
		if len(b.B) != n {
			t.Errorf("Get(%d): length %d", n, len(b.B))
		}
		if n > 256 && n <= MaxSize && cap(b.B)*2 > n*3 {
			t.Errorf("Get(%d): capacity %d wastes more than a third", n, cap(b.B))
		}
		b.Free()
	}
}

func TestFreeTwicePanics(t *testing.T) {
	b := Get(10)
	b.Free()
	defer func() {
		if recover() == nil {
			t.Error("the second Free did not panic")
		}
	}()
	b.Free()
}

// An array that is not of b's class must not come back as one.
func TestFreeDropsForeignArray(t *testing.T) {
	for range 100 {
		b := Get(1024)
		b.B = make([]byte, 10)
		b.Free()
		c := Get(1024)
		if cap(c.B) != 1024 {
			t.Fatalf("Get(1024) has capacity %d", cap(c.B))
		}
		c.Free()
	}
}

// A buffer that is cut from its front comes back as a whole.
func TestCutFromTheFront(t *testing.T) {
	for range 100 {
		b := Get(1024)
		b.B = b.B[1000:]
		b.Grow(10)
		if len(b.B) != 24 {
			t.Fatalf("%d bytes are left of 24", len(b.B))
		}
		b.B = b.B[5:]
		b.Free()
		c := Get(1024)
		if len(c.B) != 1024 || cap(c.B) != 1024 {
			t.Fatalf("Get(1024) has %d bytes, capacity %d", len(c.B), cap(c.B))
		}
		c.Free()
	}
}

func TestWriteGrows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var want []byte
	b := Get(0)
	for len(want) < 2*MaxSize {
		chunk := make([]byte, random.IntN(40_000))
		for i := range chunk {
			chunk[i] = byte(random.Uint32())
		}
		if n, err := b.Write(chunk); n != len(chunk) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		want = append(want, chunk...)
		if b.class != classOf(cap(b.B)) {
			t.Fatalf("a buffer of %d bytes is in class %d", cap(b.B), b.class)
		}
	}
	if !bytes.Equal(b.B, want) {
		t.Error("content differs after growing")
	}
	b.Free()
}

// Buffers in use at the same time must never overlap.
func TestConcurrentUse(t *testing.T) {
	var group sync.WaitGroup
	for id := range 8 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(id), 0))
			for range 500 {
				b := Get(random.IntN(8 << 10))
				for i := range b.B {
					b.B[i] = byte(id)
				}
				for _, got := range b.B {
					if got != byte(id) {
						t.Errorf("buffer of %d holds a byte of %d", id, got)
						return
					}
				}
				b.Free()
			}
		})
	}
	group.Wait()
}

func BenchmarkGetFree(b *testing.B) {
	for _, n := range []int{100, 1000, 64 << 10, 1 << 20} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Get(n).Free()
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n = (n + 777) & (64<<10 - 1) {
				Get(n).Free()
			}
		})
	})
}

func BenchmarkClassOf(b *testing.B) {
	n := 0
	for b.Loop() {
		classOf(n)
		n = (n + 777) & (MaxSize - 1)
	}
}
