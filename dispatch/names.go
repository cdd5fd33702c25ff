// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"fmt"
	"strconv"
	"strings"
)

// Names in errors come from peers: they are quoted and bounded.
const (
	maxShown  = 64 // bytes of a name
	maxListed = 10 // names in a list
)

func quoted(name string) string {
	if len(name) > maxShown {
		return strconv.Quote(name[:maxShown]) + "…"
	}
	return strconv.Quote(name)
}

// listed joins the first names of a sorted list.
func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// nearest finds the name that somebody who wrote name probably meant: one that
// differs by case only, or by few letters.
func nearest(name string, names []string) (string, bool) {
	if len(name) > maxShown {
		return "", false
	}
	best, least := "", 1+max(1, len(name)/3) // one slip in three letters
	for _, candidate := range names {
		if strings.EqualFold(candidate, name) {
			return candidate, true
		}
		if d := distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best, best != ""
}

// distance counts the bytes to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
