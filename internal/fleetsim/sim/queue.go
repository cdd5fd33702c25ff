// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import "time"

// kind is what happens in an event.
type kind uint8

const (
	arrives kind = iota // a client makes a call
	ends                // a server has done a call's work
	replies             // a client learns how its call went
	happens             // a step of the script
)

// event is something that happens at a time. Events of the same time happen in
// the order in which they were added.
type event struct {
	at   time.Duration
	seq  uint64
	kind kind
	call *call
	step func()
}

func (e *event) before(f *event) bool {
	return e.at < f.at || e.at == f.at && e.seq < f.seq
}

// queue is a heap of events, of four branches at each place.
type queue struct {
	heap []event
	seq  uint64
}

func (q *queue) add(e event) {
	q.seq++
	e.seq = q.seq
	q.heap = append(q.heap, e)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !q.heap[i].before(&q.heap[up]) {
			break
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

// next returns the time of the next event.
func (q *queue) next() (at time.Duration, ok bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].at, true
}

func (q *queue) take() event {
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap[last] = event{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for down := 4*i + 1; down <= 4*i+4 && down < last; down++ {
			if q.heap[down].before(&q.heap[least]) {
				least = down
			}
		}
		if least == i {
			return first
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
