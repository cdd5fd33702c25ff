// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package arith

import "context"

// [calculator]

// Numbers are what Calculator works on.
type Numbers struct{ A, B int }

// Sum is the answer of Add.
type Sum struct{ Value int }

// Calculator is a service: any type with methods of a shape that fits.
type Calculator struct{}

// Add returns the sum of two numbers.
func (Calculator) Add(_ context.Context, in *Numbers) (*Sum, error) {
	return &Sum{Value: in.A + in.B}, nil
}

// [/calculator]
