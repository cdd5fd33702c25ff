// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package bufpool

import (
	"testing"
	"time"
)

func onShelf(class int) *Buf {
	return &Buf{whole: make([]byte, classSize(class)), class: class}
}

func TestShelf(t *testing.T) {
	var s shelf
	if s.get(shelved) != nil {
		t.Fatal("a buffer from an empty shelf")
	}
	for range 3 {
		if !s.put(onShelf(shelved)) {
			t.Fatal("no room on an empty shelf")
		}
	}
	if s.get(shelved+1) != nil {
		t.Error("a buffer of another class")
	}
	now := time.Now()
	s.thinOut(now) // begins to count
	s.put(s.get(shelved))
	now = now.Add(unneeded)
	s.thinOut(now)
	if n := len(s.free[shelved]); n != 1 {
		t.Errorf("%d buffers are kept where one was needed, want 1", n)
	}
	s.thinOut(now.Add(unneeded / 2)) // too early
	if n := len(s.free[shelved]); n != 1 {
		t.Errorf("%d buffers are left after half the time, want 1", n)
	}
	s.thinOut(now.Add(unneeded))
	if n := len(s.free[shelved]); n != 0 || s.bytes != 0 {
		t.Errorf("%d buffers of %d bytes are kept where none was needed", n, s.bytes)
	}
}

func TestShelfIsBounded(t *testing.T) {
	var s shelf
	kept := 0
	for s.put(onShelf(classes - 1)) {
		kept += classSize(classes - 1)
	}
	if kept != shelfSize || s.bytes != shelfSize {
		t.Errorf("%d bytes are kept, counted as %d, want %d", kept, s.bytes, shelfSize)
	}
}
