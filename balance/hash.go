// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"errors"
	"fmt"
	"math"

	"github.com/curlewrpc/curlew"
)

// HeaderKey returns a key for [RingHash] and [Maglev]: the first value of a
// field of the request's header.
func HeaderKey(name string) func(*curlew.Call) string {
	return func(call *curlew.Call) string { return call.Header().Get(name) }
}

// hash is the same in all processes: FNV-1a, whose bits are then spread.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// identity tells nodes apart, in all processes alike.
func identity(n Node) uint64 {
	e := n.Endpoint()
	if e.Network == "" || e.Network == "tcp" {
		return hash(e.Address)
	}
	return mix(hash(e.Network) + hash(e.Address))
}

// place returns where a call's key is among all hashes; a random place without
// a key.
func (c *chooser) place(key func(*curlew.Call) string, call *curlew.Call, seed uint64) uint64 {
	if call != nil {
		if k := key(call); k != "" {
			return hash(k)
		}
	}
	return c.source.next(seed)
}

// checkHashing returns what is wrong with the fields of a picker by key.
func checkHashing(name string, key func(*curlew.Call) string, factor float64) error {
	var err error
	if key == nil {
		err = fmt.Errorf("balance: %s has no Key; HeaderKey is one", name)
	}
	if factor != 0 && !(factor > 1 && !math.IsInf(factor, 1)) {
		err = errors.Join(err, fmt.Errorf("balance: %s.LoadFactor is %v; it must be above 1, or 0 for no bound", name, factor))
	}
	return err
}

// bound is how many attempts a node of mean weight may have in flight; 0 means
// any number. It is that of Mirrokni, Thorup and Zadimoghaddam, "Consistent
// Hashing with Bounded Loads", 2016: the mean, with the attempt that comes, times
// the factor, rounded up.
func (c *chooser) bound(factor float64, members int) float64 {
	if factor == 0 {
		return 0
	}
	return factor * float64(c.total.Load()+1) / float64(members)
}

// full reports whether m has no room below the bound.
func (m *member) full(bound float64) bool {
	return bound > 0 && float64(m.pending.Load()) >= math.Ceil(bound*m.weight.load())
}

// placed is a pick of m, nil for none, that counts if there is a bound.
func (c *chooser) placed(m *member, bound float64) (Pick, error) {
	if m == nil || bound == 0 {
		return uncounted(m)
	}
	m.pending.Add(1)
	c.total.Add(1)
	return Pick{Node: m.node, Feedback: (*bounded)(m)}, nil
}

// bounded is the feedback of pickers by key that have a bound.
type bounded member

func (f *bounded) perNode() {}

func (f *bounded) Done(Result) {
	f.pending.Add(-1)
	f.chooser.total.Add(-1)
}
