// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package deadline

// minCapacity is the capacity below which the heap does not shrink.
const minCapacity = 64

func (h *Heap) push(it item) {
	h.items = append(h.items, it)
	h.up(len(h.items)-1, it)
}

// delete takes out the item at index i.
func (h *Heap) delete(i int) {
	h.items[i].entry.position = 0
	last := len(h.items) - 1
	moved := h.items[last]
	h.items[last] = item{} // let its memory go
	h.items = h.items[:last]
	if i < last {
		if i > 0 && moved.at < h.items[(i-1)/2].at {
			h.up(i, moved)
		} else {
			h.down(i, moved)
		}
	}
	h.shrink()
}

// shrink gives memory back that only a burst needed. It halves the capacity
// when a quarter is used, so it costs a constant time per operation.
func (h *Heap) shrink() {
	if c := cap(h.items); c > minCapacity && len(h.items) <= c/4 {
		h.items = append(make([]item, 0, c/2), h.items...)
	}
}

// up places it at index i or, where that is free, nearer to the front.
func (h *Heap) up(i int, it item) {
	for i > 0 {
		parent := (i - 1) / 2
		if h.items[parent].at <= it.at {
			break
		}
		h.set(i, h.items[parent])
		i = parent
	}
	h.set(i, it)
}

// down places it at index i or further from the front.
func (h *Heap) down(i int, it item) {
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if right := child + 1; right < len(h.items) && h.items[right].at < h.items[child].at {
			child = right
		}
		if it.at <= h.items[child].at {
			break
		}
		h.set(i, h.items[child])
		i = child
	}
	h.set(i, it)
}

func (h *Heap) set(i int, it item) {
	h.items[i] = it
	it.entry.position = i + 1
}
