// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"slices"
	"strings"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// maxNearest bounds how many names Nearest returns.
const maxNearest = 3

// Nearest returns those names, at most three and the nearest first, that
// somebody who wrote name may have meant.
func Nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if d, ok := near(name, n); ok {
			found = append(found, candidate{n, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var nearest []string
	for _, c := range found[:min(len(found), maxNearest)] {
		if c.distance > 2*found[0].distance+1 {
			break // not what is meant, beside a name that is much nearer
		}
		nearest = append(nearest, c.name)
	}
	return nearest
}

// near reports whether candidate may be meant by name, and how far it is: by
// typing errors, case apart, or by what is left out before or after it.
func near(name, candidate string) (int, bool) {
	a, b := strings.ToLower(name), strings.ToLower(candidate)
	if a == b {
		return 0, true
	}
	if a == "" || len(a)+len(b) > 1000 {
		return 0, false
	}
	d := protofiles.EditDistance(a, b)
	if d <= max(2, len(a)/4) {
		return d, true
	}
	// "Add" or "Cart/Add" for "shop.v1.Cart/Add".
	if strings.HasSuffix(b, "."+a) || strings.HasSuffix(b, "/"+a) || strings.HasPrefix(b, a) {
		return d, true
	}
	// A typing error in the last part alone.
	if last := b[strings.LastIndexAny(b, "./")+1:]; last != b {
		own := a[strings.LastIndexAny(a, "./")+1:]
		if e := protofiles.EditDistance(own, last); own == a && e <= max(1, len(own)/4) {
			return d, true
		}
	}
	return 0, false
}
