// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"slices"
)

// schedule says whose turn it is: a turn goes round the entries, and an entry
// takes it in as many of the rounds as its weight says, evenly spread over
// them. It is the static stride scheduler of gRFC A58, an earliest-deadline-first
// schedule without a queue: between any two rounds, an entry is never more than
// one turn ahead of its share or behind it. Nobody changes a schedule.
//
// Entries whose weight is far above the mean are divided, so that a turn finds
// its entry after a few steps however the weights differ.
type schedule struct{ entries []entry }

type entry struct {
	member *member
	weight uint64 // from 1 to whole, which takes its turn in every round
}

const (
	whole = 1 << 16
	// divideAbove is the weight of an entry, beside the mean, that is divided.
	divideAbove = 4
)

// newSchedule returns a schedule of the members by weights, which are positive.
func newSchedule(members []*member, weights []float64) *schedule {
	mean := 0.0
	for _, w := range weights {
		mean += w / float64(len(weights))
	}
	type placed struct {
		member *member
		weight float64
		at     float64
	}
	var all []placed
	most, divided := 0.0, false
	for i, m := range members {
		pieces := 1
		if w := weights[i]; w > divideAbove*mean {
			pieces, divided = int(w/(divideAbove*mean))+1, true
		}
		w := weights[i] / float64(pieces)
		most = max(most, w)
		offset := (float64(i) + 0.5) / float64(len(members))
		for k := range pieces {
			at := offset + float64(k)/float64(pieces)
			if at >= 1 {
				at--
			}
			all = append(all, placed{m, w, at})
		}
	}
	if divided {
		slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	}
	s := &schedule{entries: make([]entry, len(all))}
	for i, e := range all {
		s.entries[i] = entry{e.member, max(uint64(e.weight/most*whole+0.5), 1)}
	}
	return s
}

// at returns who takes a turn, nil if the turn is passed over.
func (s *schedule) at(turn uint64) *member {
	n := uint64(len(s.entries))
	i, round := turn%n, turn/n
	e := &s.entries[i]
	if (e.weight*round+i*stagger)%whole < whole-e.weight {
		return nil
	}
	return e.member
}

// stagger has entries of equal weight take their turns in different rounds: it
// is whole over the golden ratio.
const stagger = 40503
