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
	sum, most := 0.0, 0.0
	for _, w := range weights {
		sum, most = sum+w, max(most, w)
	}
	limit := divideAbove * sum / float64(len(weights))
	if most > limit {
		members, weights, most = divide(members, weights, limit)
	}
	s := &schedule{entries: make([]entry, len(members))}
	for i, m := range members {
		s.entries[i] = entry{m, max(uint64(weights[i]/most*whole+0.5), 1)}
	}
	return s
}

// divide returns members and weights in which those above the limit stand
// several times, evenly spread, with parts of their weights, of which it returns
// the greatest too.
func divide(members []*member, weights []float64, limit float64) (_ []*member, _ []float64, most float64) {
	type placed struct {
		member *member
		weight float64
		at     float64
	}
	var all []placed
	for i, m := range members {
		pieces := int(weights[i]/limit) + 1
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
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	members, weights = make([]*member, len(all)), make([]float64, len(all))
	for i, e := range all {
		members[i], weights[i] = e.member, e.weight
	}
	return members, weights, most
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
