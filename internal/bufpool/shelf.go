// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package bufpool

import (
	"runtime"
	"sync"
	"time"
)

const (
	// shelved is the first class whose buffers wait on the shelf: 64 KiB. A
	// sync.Pool, which the collector empties, is for the smaller ones. What costs
	// with large ones is not the allocation but the page faults of fresh memory.
	shelved = 2 * (16 - minShift)
	// shelfSize is how many bytes the shelf holds at most; sync.Pools take the rest.
	shelfSize = 16 << 20
	// unneeded is for how long a buffer is kept though nobody has needed it.
	unneeded = time.Second
)

// shelf holds free buffers for as long as as many have been needed of late.
type shelf struct {
	mu      sync.Mutex
	free    [classes][]*Buf
	fewest  [classes]int // of free, since they were last thinned out
	bytes   int
	watched bool      // thinOut comes with the next collection
	thinned time.Time // when that was
}

func (s *shelf) get(class int) *Buf {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free[class]) - 1
	if n < 0 {
		return nil
	}
	b := s.free[class][n]
	s.free[class][n] = nil
	s.free[class] = s.free[class][:n]
	s.fewest[class] = min(s.fewest[class], n)
	s.bytes -= classSize(class)
	return b
}

// put reports false if there is no room.
func (s *shelf) put(b *Buf) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := classSize(b.class)
	if s.bytes+size > shelfSize {
		return false
	}
	s.free[b.class] = append(s.free[b.class], b)
	s.bytes += size
	if !s.watched {
		s.watch()
	}
	return true
}

// watch has thinOut called at the next collection, on the runtime's goroutine for
// that: a timer could not be shared by synctest bubbles. mu is held.
func (s *shelf) watch() {
	s.watched = true
	runtime.SetFinalizer(new([16]byte), func(*[16]byte) { s.thinOut(time.Now()) })
}

// thinOut gives up the buffers that nobody has needed for a while.
func (s *shelf) thinOut(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.thinned) >= unneeded {
		for class := shelved; class < classes; class++ {
			n := s.fewest[class]
			left := copy(s.free[class], s.free[class][n:])
			clear(s.free[class][left:])
			s.free[class] = s.free[class][:left]
			s.fewest[class] = left
			s.bytes -= n * classSize(class)
		}
		s.thinned = now
	}
	s.watched = false
	if s.bytes > 0 {
		s.watch()
	}
}
