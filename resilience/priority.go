// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"strconv"

	"github.com/curlewrpc/curlew"
)

// PriorityKey is the header that carries a call's [Priority], as a number.
const PriorityKey = "curlew-priority"

// Priority says which calls an overloaded server gives up last. The four are the
// criticalities of Google's SRE book, chapter 21. A server that strangers may
// call should take the header away at its edge: everybody's calls are important
// to themselves.
type Priority uint8

// The priorities, from that which is given up first.
const (
	Background Priority = iota // may fail for hours: batches, prefetching
	Low                        // may fail now and then, and is tried again later
	Normal                     // what a call without the header has
	High                       // is noticed by users at once if it fails
)

const priorities = 4

// String returns "background", "low", "normal" or "high".
func (p Priority) String() string {
	switch p {
	case Background:
		return "background"
	case Low:
		return "low"
	case High:
		return "high"
	default:
		return "normal"
	}
}

// WithPriority sends p with a call.
func WithPriority(p Priority) curlew.CallOption {
	p = min(p, High)
	return func(o *curlew.CallOptions) { o.Header.Set(PriorityKey, strconv.Itoa(int(p))) }
}

// PriorityOf returns the priority that a call's header tells: a single digit,
// where those above [High] mean High. Without one, or with anything else, it
// is [Normal].
func PriorityOf(h *curlew.Header) Priority {
	text, ok := h.Lookup(PriorityKey)
	if !ok || len(text) != 1 || text[0] < '0' || text[0] > '9' {
		return Normal
	}
	return min(Priority(text[0]-'0'), High)
}
