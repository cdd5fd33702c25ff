// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package deadline_test

import (
	"fmt"
	"time"

	"github.com/curlewrpc/curlew/internal/deadline"
)

// pending is a call that waits for its reply.
type pending struct {
	deadline.Entry
	done chan string
}

func (p *pending) Expire() { p.done <- "deadline exceeded" }

func Example() {
	var heap deadline.Heap // one per connection
	defer heap.Close()

	p := &pending{done: make(chan string, 1)}
	heap.Add(&p.Entry, time.Now().Add(time.Millisecond), p)
	fmt.Println(<-p.done)
	fmt.Println("removed in time:", heap.Remove(&p.Entry))
	// Output:
	// deadline exceeded
	// removed in time: false
}
