// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// span is some numbers, the last included.
type span struct{ first, last int64 }

// spans are in order and do not touch, once they are joined.
type spans []span

// fieldSpans returns the spans of a message's ranges, whose ends are not included.
func fieldSpans(ranges protoreflect.FieldRanges) spans {
	all := make(spans, 0, ranges.Len())
	for i := range ranges.Len() {
		r := ranges.Get(i)
		all = append(all, span{int64(r[0]), int64(r[1]) - 1})
	}
	return all.joined()
}

// enumSpans returns the spans of an enum's ranges, whose ends are included.
func enumSpans(ranges protoreflect.EnumRanges) spans {
	all := make(spans, 0, ranges.Len())
	for i := range ranges.Len() {
		r := ranges.Get(i)
		all = append(all, span{int64(r[0]), int64(r[1])})
	}
	return all.joined()
}

// joined puts s in order and makes one span of those that touch. It uses the
// memory of s.
func (s spans) joined() spans {
	slices.SortFunc(s, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	joined := s[:0]
	for _, r := range s {
		if n := len(joined); n > 0 && r.first <= joined[n-1].last+1 {
			joined[n-1].last = max(joined[n-1].last, r.last)
		} else {
			joined = append(joined, r)
		}
	}
	return joined
}

// without returns what is in s and not in other.
func (s spans) without(other spans) spans {
	var rest spans
	for _, r := range s {
		for _, o := range other {
			if o.last < r.first || r.last < o.first {
				continue
			}
			if r.first < o.first {
				rest = append(rest, span{r.first, o.first - 1})
			}
			r.first = o.last + 1
		}
		if r.first <= r.last {
			rest = append(rest, r)
		}
	}
	return rest
}

func (s span) has(n int64) bool { return s.first <= n && n <= s.last }

const maxFieldNumber = 1<<29 - 1

// String returns the span as it stands in a reserved statement.
func (s span) String() string {
	switch {
	case s.first == s.last:
		return fmt.Sprint(s.first)
	case s.last == maxFieldNumber || s.last == math.MaxInt32:
		return fmt.Sprintf("%d to max", s.first)
	}
	return fmt.Sprintf("%d to %d", s.first, s.last)
}

// are returns how a sentence about the numbers of an element begins.
func (s span) are(of protoreflect.FullName) string {
	if s.first == s.last {
		return fmt.Sprintf("number %s of %s is", s, of)
	}
	return fmt.Sprintf("numbers %s of %s are", s, of)
}
