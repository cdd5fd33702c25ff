// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"math/bits"
	"strings"

	"github.com/curlewrpc/curlew"
)

// Codes is a set of codes. The zero value is empty, which as a field of a
// policy means that field's default.
type Codes uint32

// CodesOf returns the set of the given codes. OK and values that are not codes
// are left out.
func CodesOf(codes ...curlew.Code) Codes {
	var set Codes
	for _, c := range codes {
		if c.Valid() && c != curlew.OK {
			set |= 1 << c
		}
	}
	return set
}

// Has reports whether c is in the set.
func (s Codes) Has(c curlew.Code) bool { return c.Valid() && s&(1<<c) != 0 }

// String returns the names of the codes, with commas between.
func (s Codes) String() string {
	var names []string
	for ; s != 0; s &= s - 1 {
		names = append(names, curlew.Code(bits.TrailingZeros32(uint32(s))).String())
	}
	return strings.Join(names, ",")
}

// or returns s, or if it is empty otherwise.
func (s Codes) or(otherwise Codes) Codes {
	if s == 0 {
		return otherwise
	}
	return s
}
